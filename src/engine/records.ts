/**
 * What the engine does differently in a run with a store: recorded outputs replace running a step, an output is
 * passed on once it is recorded, and an expansion begins once it is recorded.
 */
import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import type { ExpansionChanged, InvalidOutput, OutputNotEncodable } from "../errors.ts";
import { StepFailed } from "../errors.ts";
import type { Core, RecordRoom } from "./core.ts";
import type { CachedStep, Given } from "../journal/cache.ts";
import type { Undecoded } from "../journal/replayed.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import { item } from "../path.ts";
import { decode, decodesOnly } from "../values/schema.ts";
import type { Frame } from "./frame.ts";
import { Job } from "./frame.ts";
import { missingOutput } from "./outputs.ts";
import type { Attempt, Journaled } from "./policy.ts";

export class Records implements RecordRoom {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Returns true if an earlier part of the run recorded the node, and the record replaces running it. */
  replays(journal: RunJournal, frame: Frame, index: number): boolean {
    const recorded = journal.replay(frame, index);
    if (recorded === undefined) return false;
    const core = this.#core;
    if (core.emitter.watcher !== undefined) {
      core.emitter.emit({ type: "step.recalled", path: frame.pathOf(index), attempt: 0 });
    }
    if (recorded.type === "value") core.handOn(frame, index, recorded.value, 0);
    else if (recorded.type === "undecoded") this.#decodeAgain(frame, index, recorded);
    else if (recorded.type === "failure") core.failures.collect(frame, index, recorded.error);
    else core.failures.abort(frame, recorded.problem, frame.pathOf(index));
    return true;
  }

  /** Decodes again a value of a schema that cannot encode: immediately, unless the schema is asynchronous. */
  #decodeAgain(frame: Frame, index: number, { schema, value, changed }: Undecoded): void {
    const core = this.#core;
    const decoded = decode(schema, value);
    if (frame.map?.type === "turns") frame.map.undecoded = core.journal?.undecodedText(value);
    const end = (exit: Exit.Exit<unknown, unknown>): void => {
      if (Exit.isSuccess(exit)) core.handOn(frame, index, exit.value, 0);
      else core.failures.abort(frame, changed, changed.path);
    };
    if (Exit.isExit(decoded)) {
      end(decoded);
      return;
    }
    const job = new Job(frame, index, undefined);
    core.jobs.add(job);
    const fiber = core.fork(decoded);
    job.fiber = fiber;
    fiber.addObserver((exit) => {
      if (job.cancelled || frame.ending !== undefined) {
        core.jobs.isOver(job, Exit.interrupt());
        return;
      }
      core.jobs.remove(job);
      end(exit);
      core.frames.checkOver(frame);
      core.drain();
    });
  }

  /** Records the output of a node, and then passes it on. */
  provide(journal: RunJournal, frame: Frame, index: number, value: unknown, attempt: number): void {
    const core = this.#core;
    const changed = journal.directChange(frame, index, attempt);
    if (changed !== undefined) {
      core.failures.abort(frame, changed, changed.path);
      return;
    }
    if (frame.map?.type === "turns") frame.map.undecoded = frame.undecoded?.get(index);
    let kept: boolean | OutputNotEncodable | InvalidOutput | StepFailed | undefined;
    // The work is done: only a commit remains, which needs no slot.
    if (frame.hasPools) core.pools.giveBack(frame, index);
    try {
      const { outputs } = frame.definitionOf(index);
      if (frame.map === undefined && outputs !== "all" && outputs.length > 1) {
        kept = missingOutput(frame, index, value);
      }
      const { watcher } = core.emitter;
      const isWanted = watcher !== undefined || frame.graph?.finals !== undefined || frame.read !== undefined;
      if (isWanted) (frame.uncommitted ??= new Map()).set(index, { value, attempt });
      kept ??= journal.keep(frame, index, value, attempt, () => {
        frame.uncommitted?.delete(index);
        if (frame.ended) return;
        if (frame.map?.type === "items") {
          core.maps.provideItem(frame, frame.map, index, value, attempt, true);
        } else {
          core.handOn(frame, index, value, attempt);
        }
      });
    } catch (thrown) {
      kept = new StepFailed({ path: frame.pathOf(index), cause: thrown }); // A getter threw.
    }
    if (kept !== true) frame.uncommitted?.delete(index);
    if (kept === false) core.handOn(frame, index, value, attempt);
    else if (kept !== true) core.failures.failed(frame, index, Cause.fail(kept), attempt);
    else if (frame.map?.type === "items" && frame.ending === undefined) core.maps.nextItem(frame, frame.map);
  }

  /** The steps of an expansion start once it is recorded, so that a resumed run knows of every step that ran. */
  beginOnceRecorded(
    child: Frame,
    path: string,
    record: (done: () => void) => ExpansionChanged | undefined,
    begin: () => void,
  ): void {
    const changed = record(() => {
      if (child.ending === undefined) begin();
    });
    if (changed !== undefined) this.#core.failures.abort(child, changed, path);
  }

  /** What a run with a store adds to the attempts of a step. */
  journaled(frame: Frame, index: number, inputs: Readonly<Record<string, unknown>>): Journaled | undefined {
    const { journal } = this.#core;
    if (journal === undefined) return undefined;
    const { options } = frame.definitionOf(index);
    return {
      around: options.cache === undefined ? undefined : this.#cachedAttempts(journal, frame, index, inputs),
      beforeDecoding: decodesOnly(options.output)
        ? (value) => {
            const text = journal.undecodedText(value);
            return () => {
              if (text !== undefined) this.#noteUndecoded(frame, index, text);
            };
          }
        : undefined,
      first: this.#firstAttempt(journal, frame, index),
    };
  }

  /** The attempt that a step continues with: the one in which it, or its contenders, had expanded. */
  #firstAttempt(journal: RunJournal, frame: Frame, index: number): number {
    const { kind, cases } = frame.definitionOf(index);
    const path = frame.pathOf(index);
    if (kind !== "race") return journal.firstAttempt(path);
    return Math.max(...Object.keys(cases!).map((name) => journal.firstAttempt(item(path, name))));
  }

  /** Notes the text that a node's schema decoded to its output. */
  #noteUndecoded(frame: Frame, index: number, text: string): void {
    (frame.undecoded ??= new Map()).set(index, text);
  }

  /** The output that an earlier run computed replaces an attempt. */
  #cachedAttempts(
    journal: RunJournal,
    frame: Frame,
    index: number,
    inputs: Readonly<Record<string, unknown>>,
  ): (attempt: Attempt) => Attempt {
    const { emitter } = this.#core;
    const definition = frame.definitionOf(index);
    const given = frame.givenTo(index);
    const item = given.length === 0 ? undefined : { value: given[0] };
    const { timeoutMillis } = frame.policyOf(index)!;
    const around: Array<Given> = [];
    let root = frame;
    for (let inner: Frame | undefined = frame; inner !== undefined; inner = inner.parent) {
      if (inner.given !== undefined) around.push(inner.given);
      root = inner;
    }
    const pipeline = root.graph!.name;
    const path = frame.pathOf(index);
    const undecoded = {
      get: () => frame.undecoded?.get(index),
      set: (text: string) => this.#noteUndecoded(frame, index, text),
    };
    const step: CachedStep = {
      definition,
      path,
      inputs,
      item,
      pipeline,
      around,
      timeoutMillis,
      undecoded,
    };
    return (attempt) => (count) =>
      journal.cached(step, attempt(count), (told) => emitter.emit({ ...told, attempt: 0 }));
  }
}
