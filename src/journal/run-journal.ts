/**
 * The journal of one run, between the engine and a store: which parts of the run are recorded, as which text, and what a recorded
 * text means to the run that resumes. The engine asks at four places: before a step's function is called (`replay`),
 * before its value is handed on (`keep`), before an expansion starts (`expand`), and at the end (`end`).
 */
import * as Cause from "effect/Cause";
import type { Effect } from "effect/Effect";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import { ExpansionChanged, OutputNotEncodable } from "../errors.ts";
import type { PipelineEvent } from "../events.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { GraphInput } from "../graph/node.ts";
import { child, isAtOrUnderAny, item } from "../path.ts";
import { decodeBy, encodeBy } from "../values/codec.ts";
import { describeWithCauses } from "../values/causes.ts";
import { decode, encode, Unwritable } from "../values/encode.ts";
import { decodesOnly } from "../values/schema.ts";
import { secretIn } from "../values/secrets.ts";
import type { CachedStep, CacheTold } from "./cache.ts";
import { cached } from "./cache.ts";
import type { DecodedOnce } from "./decoded-inputs.ts";
import { asDecodedBefore, decodedTexts } from "./decoded-inputs.ts";
import type { Beside } from "./expansion-text.ts";
import { failureIn, shapeIn, writeExpansion } from "./expansion-text.ts";
import { describedError, readError, writeError } from "./failure-text.ts";
import type { Ending, Entry, WaitText } from "./records.ts";
import { Kind } from "./records.ts";
import { NotCached } from "./not-cached.ts";
import type { Replay } from "./replay.ts";
import type { Replayed } from "./replayed.ts";
import { replayed } from "./replayed.ts";
import { isOfUse, isRecordedInside, isRecordedItself } from "./own-record.ts";
import { difference, mapShape, readShape, shapeOf } from "./shape.ts";
import { attemptBegan, detailOf, keptEvents, poolStarted } from "./kept-events.ts";
import type { Call, Frame } from "./node.ts";
import { asData, byteLength, picked } from "./texts.ts";
import type { Answer, Journal, Message, StoredEvent, StoreService } from "./store.ts";

export class RunJournal {
  readonly runId: string;
  readonly store: StoreService;
  readonly epoch: number;
  readonly #journal: Journal;
  readonly #caps: Pick<StoreService, "keepsSecrets" | "maxValueBytes">; // A server's store is slow to read.
  readonly #replay: Replay;
  readonly #refreshed = new Set<string>();
  /** Races won by a contender that had become a graph. */
  readonly #grownWinners = new Set<string>();
  readonly notCached: NotCached;
  /** The run option `refresh`: no cached value is used. */
  refresh = false;
  /** Nothing more can be recorded: nothing more should start. */
  isLost = false;
  readonly #clock: { readonly currentTimeMillisUnsafe: () => number };
  /** What happened in earlier parts of the run. */
  readonly #past: ReadonlyArray<StoredEvent>;

  constructor(
    runId: string,
    store: StoreService,
    journal: Journal,
    replay: Replay,
    clock: { readonly currentTimeMillisUnsafe: () => number },
    past: ReadonlyArray<StoredEvent>,
  ) {
    this.runId = runId;
    this.store = store;
    this.epoch = journal.epoch;
    this.#journal = journal;
    this.#caps = { keepsSecrets: store.keepsSecrets, maxValueBytes: store.maxValueBytes };
    this.#replay = replay;
    this.#clock = clock;
    this.#past = past;
    this.notCached = new NotCached(past, replay.failures);
  }

  get now(): number {
    return this.#clock.currentTimeMillisUnsafe();
  }

  /** Nothing new should start: the store cannot keep up, or cannot be written. */
  get isBlocked(): boolean {
    return this.#journal.isBlocked();
  }

  onCommit(goOn: () => void): void {
    this.#journal.onCommit = goOn;
  }

  onTrouble(tell: (problem: StoreError | StoreCorrupt | undefined) => void): void {
    this.#journal.onTrouble = tell;
  }

  /** Nothing more can be recorded: the run must stop. */
  onLost(stop: (problem: StoreError | StoreCorrupt) => void): void {
    this.#journal.onLost = (problem) => {
      this.isLost = true;
      stop(problem);
    };
  }

  onMessage(hear: (message: Message) => Promise<Answer>): void {
    this.#journal.onMessage = hear;
  }

  // -- Steps ---------------------------------------------------------------------------------------------------------

  /** Will `replay` return something for the node that is about to start? */
  isRecorded(frame: Frame, index: number): boolean {
    if (this.#replay.isOver) return false;
    const entry = this.#replay.outcome(frame.pathOf(index));
    return entry !== undefined && isOfUse(entry, frame.definitionOf(index));
  }

  /** The recorded outcome of the node that is about to start; undefined if there is none, so it runs. */
  replay(frame: Frame, index: number): Replayed | undefined {
    const path = this.#replay.isOver ? "" : frame.pathOf(index);
    const entry = this.#replay.isOver ? undefined : this.#replay.takeOutcome(path);
    if (entry === undefined || !isOfUse(entry, frame.definitionOf(index))) {
      began(frame)[index] = this.now;
      return undefined;
    }
    return replayed(entry, frame.definitionOf(index).options.output, this.store.name);
  }

  /** Records a node's value, and calls `done` once it cannot be lost. False: its expansion's steps are recorded instead. */
  keep(
    frame: Frame,
    index: number,
    value: unknown,
    attempt: number,
    done: () => void,
  ): boolean | OutputNotEncodable {
    const definition = frame.definitionOf(index);
    const { kind, options, outputs } = definition;
    // It runs at every end of the run, so it will run again.
    if (kind === "finally") return false;
    if (kind === "map" && frame.map === undefined) return this.#keepChosen(frame, index, done);
    // An outcome that does not follow from the expansion alone has its own record.
    if (frame.grown?.[index] === 1 && !isRecordedItself(frame, options)) return false;
    const undecoded = this.#undecoded(frame, index, value);
    const given = () => (outputs !== "all" && outputs.length > 1 ? picked(outputs, value) : value);
    let text = undecoded ?? encodeBy(options.output, given(), this.#caps.keepsSecrets);
    let isAsIs = undecoded === undefined && decodesOnly(options.output);
    if (typeof text !== "string" && "fallback" in options && secretIn(value) === undefined) {
      // The `output` schema need not be able to encode the value of a fallback.
      const plain = encode(given());
      if (typeof plain === "string") [text, isAsIs] = [plain, true];
    }
    if (typeof text !== "string") {
      const isInside = isRecordedInside(frame, index, this.#grownWinners);
      return isInside ? false : this.#notEncodable(frame, index, text);
    }
    if (!this.#fits(text)) {
      const reason = `its text has more bytes than maxValueBytes of the store allows, ${this.#caps.maxValueBytes}: return a reference to it, or give the store a larger maxValueBytes.`;
      return this.#notEncodable(frame, index, new Unwritable([], reason));
    }
    this.#append(isAsIs ? Kind.asIs : Kind.outcome, frame, index, text, attempt, done);
    return true;
  }

  /** Records which items a map has chosen; false if it takes all of them, or its choice is recorded already. */
  #keepChosen(frame: Frame, index: number, done: () => void): boolean {
    const keys = frame.chosen?.get(index);
    if (keys === undefined) return false;
    frame.chosen!.delete(index);
    const text = JSON.stringify(keys);
    if (this.#replay.chosen(frame.pathOf(index)) === text) return false;
    this.#append(Kind.chosen, frame, index, text, 1, done);
    return true;
  }

  /** Records the winner of a race: a resumed run starts no other contender. */
  keepWinner(frame: Frame, index: number, contender: string): void {
    if (frame.grown?.[index] === 1) this.#grownWinners.add(frame.path);
    this.note(Kind.chosen, frame.path, JSON.stringify([contender]), this.now);
  }

  /** Records the state that a loop begins with, and calls `done` once that cannot be lost. */
  keepFirstState(
    frame: Frame,
    index: number,
    state: unknown,
    done: () => void,
  ): OutputNotEncodable | undefined {
    const { output } = frame.definitionOf(index).options;
    const encoded = decodesOnly(output) ? undefined : encodeBy(output, state, this.#caps.keepsSecrets);
    // It may be a state that no turn can make, such as null before the first.
    const text = typeof encoded === "string" ? encoded : encodeBy(undefined, state, this.#caps.keepsSecrets);
    if (typeof text !== "string") return this.#notEncodable(frame, index, text);
    this.#append(Kind.firstState, frame, index, text, 1, done);
    return undefined;
  }

  /** The state that a loop began with in an earlier part of the run. */
  firstState(frame: Frame, index: number): { readonly value: unknown } | undefined {
    const text = this.#replay.firstState(frame.pathOf(index));
    if (text === undefined) return undefined;
    const { output } = frame.definitionOf(index).options;
    try {
      return { value: decodeBy(decodesOnly(output) ? undefined : output, text) };
    } catch {
      return { value: decode(text) }; // As above.
    }
  }

  /** How many consecutive turns of a loop are recorded, from the first. Only the state of the last one is still needed. */
  recordedTurns(path: string): number {
    let count = 0;
    while (this.#replay.hasOutcome(item(path, count))) count++;
    for (let turn = 0; turn < count - 1; turn++) this.#replay.takeOutcome(item(path, turn));
    return count;
  }

  /** The keys of the items that a map with `enough` chose in an earlier part of the run, or of the contender that won a race. */
  chosen(path: string): ReadonlyArray<string> | undefined {
    const text = this.#replay.chosen(path);
    return text === undefined ? undefined : (JSON.parse(text) as ReadonlyArray<string>);
  }

  /** The text of a value for a schema that cannot encode; undefined if it cannot be recorded. */
  undecodedText(value: unknown): string | undefined {
    const text = encode(value);
    return typeof text === "string" && this.#fits(text) ? text : undefined;
  }

  /** Is a text short enough for the store? */
  #fits(text: string): boolean {
    // UTF-8 takes at most three bytes for a character, so counting is rarely needed.
    return text.length * 3 <= this.#caps.maxValueBytes || byteLength(text) <= this.#caps.maxValueBytes;
  }

  /** The text that was decoded to this value. None for a secret, which the text would hold in clear. */
  #undecoded(frame: Frame, index: number, value: unknown): string | undefined {
    const text = frame.undecoded?.get(index);
    if (text === undefined) return undefined;
    frame.undecoded!.delete(index);
    return this.#caps.keepsSecrets || secretIn(value) === undefined ? text : undefined;
  }

  /** Records that an item failed in a map that continues without it. `done` receives the error as every resumed run reads it. */
  keepFailure(
    frame: Frame,
    index: number,
    error: unknown,
    attempt: number,
    done: (recorded: unknown) => void,
  ): void {
    this.notCached.add(frame.pathOf(index));
    const whole = writeError(error);
    const text = this.#fits(whole) ? whole : describedError(error);
    this.#append(Kind.failure, frame, index, text, attempt, () => done(readError(text)));
  }

  #append(kind: Kind, frame: Frame, index: number, text: string, attempt: number, done: () => void): void {
    const ended = this.now;
    const start = frame.began?.[index] ?? ended;
    this.#record({ kind, path: frame.pathOf(index), text, began: start, ended, attempt }, done);
  }

  #notEncodable(frame: Frame, index: number, { issuePath, reason }: Unwritable): OutputNotEncodable {
    return new OutputNotEncodable({ path: frame.pathOf(index), issuePath, reason });
  }

  // -- Expansions ----------------------------------------------------------------------------------------------------

  /**
   * Records what a call expanded to, and calls `done` once that cannot be lost: immediately if it is recorded already.
   * Returns an error if something else is recorded.
   */
  expand(
    call: Call,
    graph: { readonly builder: GraphBuilder },
    decoded: Beside["decoded"],
    done: () => void,
  ): ExpansionChanged | undefined {
    const { frame, index, path, count } = call;
    (frame.grown ??= new Uint8Array(frame.states.length))[index] = 1;
    // The records of an earlier attempt do not apply to this one, which may expand to something else.
    if (count > 1 && this.#replay.expansion(path)?.attempt !== count) this.drop([path]);
    return this.#expand(path, shapeOf(graph), count, done, { failure: call.failure, decoded });
  }

  /** The decoded inputs of a call's expansion, as they were the first time; and their texts, if not yet recorded. */
  decodedOnce(
    { path, count, inputs }: Call,
    declared: ReadonlyArray<GraphInput>,
    values: ReadonlyArray<unknown>,
  ): DecodedOnce {
    const recorded = this.#replay.expansion(path);
    if (recorded?.attempt === count) return asDecodedBefore(path, recorded.text, declared, values);
    const fits = (text: string): boolean => this.#fits(text);
    return { values, texts: decodedTexts(declared, inputs, values, this.#caps.keepsSecrets, fits) };
  }

  /** The change, if a node that provides a value without an expansion had expanded in the same attempt. */
  directChange(frame: Frame, index: number, attempt: number): ExpansionChanged | undefined {
    if (!this.#replay.hasExpansions || frame.grown?.[index] === 1) return undefined;
    const { kind, options } = frame.definitionOf(index);
    if (options.cache !== undefined || (kind === "map" && frame.map === undefined)) return undefined;
    const path = frame.pathOf(index);
    const recorded = this.#replay.expansion(path);
    if (recorded === undefined || recorded.attempt !== attempt) return undefined;
    const { steps } = readShape(recorded.text);
    const missing = steps.map(([step]) => child(path, step));
    return new ExpansionChanged({ path, missing, added: [], changed: [path] });
  }

  /** The attempt in which a step that had expanded was stopped, or else the first. */
  firstAttempt(path: string): number {
    return this.#replay.expansion(path)?.attempt ?? 1;
  }

  /** The error received by a fallback whose expansion is recorded. */
  failureBefore(path: string): { readonly error: unknown; readonly attempt: number } | undefined {
    const entry = this.#replay.hasExpansions ? this.#replay.expansion(path) : undefined;
    const failure = entry && failureIn(entry.text);
    return failure === undefined ? undefined : { error: failure.error, attempt: entry!.attempt - 1 };
  }

  /** The same for the items of a map. */
  expandMap(
    path: string,
    count: number,
    keys: ReadonlyArray<string> | undefined,
    done: () => void,
  ): ExpansionChanged | undefined {
    return this.#expand(path, mapShape(count, keys), 1, done);
  }

  /** A fallback's expansion is recorded with the error that it received, since no attempt is made again for it. */
  #expand(
    path: string,
    shape: string,
    attempt: number,
    done: () => void,
    beside: Beside = {},
  ): ExpansionChanged | undefined {
    const recorded = shapeIn(this.#replay.expansion(path)?.text);
    if (recorded === shape) {
      done();
      return undefined;
    }
    if (recorded !== undefined) return new ExpansionChanged({ path, ...difference(path, recorded, shape) });
    const time = this.now;
    const text = writeExpansion(shape, beside);
    this.#record({ kind: Kind.expansion, path, text, began: time, ended: time, attempt }, done);
    return undefined;
  }

  /** Records that the outcome of a path no longer counts, while the records beneath it do. */
  reopen(path: string): void {
    this.#replay.forgetOutcome(path);
    this.#refreshed.add(path);
    this.note(Kind.reopened, path, "", this.now);
  }

  /** Records that the records at these paths and beneath no longer count, except for values that no step has received. */
  drop(paths: ReadonlyArray<string>): void {
    const unused = this.#replay.drop(new Set(paths));
    for (const path of paths) this.note(Kind.dropped, path, "", this.now);
    for (const [at, text] of unused) this.signal(at, text, () => {});
  }

  /** The value of a step whose output may be reused. */
  cached(
    step: CachedStep,
    compute: Effect<unknown, unknown>,
    tell: (told: CacheTold) => void,
  ): Effect<unknown, unknown> {
    return cached(this, step, compute, tell);
  }

  /** Whether a cached step must be computed again: because of `refresh`, or because the resumed run starts from there. */
  refreshes(path: string): boolean {
    return this.refresh || isAtOrUnderAny(path, this.#refreshed);
  }

  /** Stops the use of the cache for a path and everything beneath it. */
  refreshFrom(path: string): void {
    this.#refreshed.add(path);
  }

  // -- Waiting for the outside ---------------------------------------------------------------------------------------

  /**
   * How many of `millis` a step still has to wait, counted from its first wait, in any process. Calls `done` once that is
   * recorded. Never more than `millis` and never less than 0, even if the clock was changed in between.
   */
  deadline(path: string, millis: number, done: () => void): number {
    const recorded = this.#replay.deadline(path);
    const time = this.now;
    if (recorded !== undefined) {
      done();
      return Math.min(Math.max(recorded - time, 0), millis);
    }
    this.#replay.setDeadline(path, time + millis);
    this.note(Kind.deadline, path, String(time + millis), time, done);
    return millis;
  }

  /** A value that was sent to a path and that its step has not received. */
  signalOf(path: string): string | undefined {
    return this.#replay.signal(path);
  }

  /** The paths of values that were sent and that their steps have not received. */
  get sentTo(): Iterable<string> {
    return this.#replay.sentTo;
  }

  /** The step has received its value, or refused it. */
  forgetSignal(path: string): void {
    this.#replay.forgetSignal(path);
  }

  /** Records a value that was accepted for a path; calls `done` once it cannot be lost. */
  signal(path: string, text: string, done: () => void, message?: number): void {
    const time = this.now;
    this.#replay.setSignal(path, text);
    const entry = { kind: Kind.signal, path, text, began: time, ended: time, attempt: 1 };
    this.#record(message === undefined ? entry : { ...entry, message }, done);
  }

  /** Records that a step waits for a value, and until when, once. */
  waiting(path: string, ask: unknown): void {
    const deadline = this.#replay.deadline(path);
    const wait: WaitText = {
      ...(ask === undefined ? {} : { ask: asData(ask) }),
      ...(deadline === undefined ? {} : { deadline }),
    };
    const text = JSON.stringify(wait);
    if (!this.#replay.addWait(path, text)) return;
    this.note(Kind.waiting, path, text, this.now);
  }

  /** Notes that a step of a pool with a rate starts, for a run that resumes. Nothing waits for that record. */
  noteStart(pool: string, path: string): void {
    this.#journal.tell({ time: this.now, type: poolStarted, path, detail: pool });
  }

  /** The recorded starts of a pool's steps before the run was resumed. */
  pastStarts(pool: string): ReadonlyArray<number> {
    return this.#past
      .filter(({ type, detail }) => type === poolStarted && detail === pool)
      .map(({ time }) => time);
  }

  /** Notes the start of an attempt: of one that fails, and of each that follows. */
  readonly noteAttempt = (path: string, attempt: number, time: number = this.now): void =>
    this.#journal.tell({ time, type: attemptBegan, path, detail: `${attempt}` });

  // -- The run -------------------------------------------------------------------------------------------------------

  /** An earlier part of the run recorded something. */
  isResumed = false;
  /** How the run ends, if an earlier part of it was undoing its steps. */
  compensating: Ending | undefined = undefined;

  /** Records something that is not the work of a step. */
  note(kind: Kind, path: string, text: string, began: number, done?: () => void): void {
    this.#record({ kind, path, text, began, ended: this.now, attempt: 1 }, done);
  }

  /** The expansion of a path in an earlier part of the run. */
  expansionAt(path: string): { readonly text: string; readonly attempt: number } | undefined {
    return this.#replay.expansion(path);
  }

  /** Whether anything has been recorded since the run was opened. */
  hasRecorded = false;

  #record(entry: Entry, done: (() => void) | undefined): void {
    this.hasRecorded = true;
    this.#journal.append(entry, done);
  }

  tell(event: PipelineEvent): void {
    if (!keptEvents.has(event.type)) return;
    this.hasRecorded = true;
    const path = "path" in event ? event.path : "";
    if (event.type === "step.fallback") this.notCached.add(path);
    this.#journal.tell({ time: event.time, type: event.type, path, detail: detailOf(event) });
  }

  end(
    status: "succeeded" | "failed" | "interrupted",
    cause: Cause.Cause<unknown> | undefined,
    done: (problem: StoreError | StoreCorrupt | undefined) => void,
  ): void {
    this.#journal.end(status, cause && describeWithCauses(Cause.squash(cause)), this.now, done);
  }

  /** The run has only been read: it stays as it was before it was opened. */
  leaveAsItWas(): Effect<void> {
    return this.#journal.giveBack();
  }
}

const began = (frame: Frame): Float64Array => (frame.began ??= new Float64Array(frame.states.length));
