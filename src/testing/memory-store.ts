/**
 * An in-memory store that can crash at one of its writes: that write and all later ones are lost, as they are
 * for a killed process. Everything written before is available to the resumed run.
 */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { StoreLayer } from "../../types/store.ts";
import { StoreError } from "../errors.ts";
import type { Entry } from "../journal/records.ts";
import { isOutcome, Kind, newest } from "../journal/records.ts";
import type {
  Answer,
  Cached,
  CacheKey,
  Claim,
  Claimable,
  ClaimableRun,
  Journal,
  Message,
  NewMessage,
  NewRun,
  PruneOptions,
  RunDetails,
  RunFilter,
  RunStatus,
  RunSummary,
  StoredEvent,
  StoreProblem,
  StoreService,
  Wait,
} from "../journal/store.ts";
import { isUnderWay, mostCrashes, Store } from "../journal/store.ts";

interface State {
  readonly status: RunStatus;
  readonly ended: number | undefined;
  readonly error: string | undefined;
  readonly crashes: number;
  readonly active: number;
}

interface Kept {
  run: NewRun;
  state: State;
  epoch: number;
  owner: MemoryJournal | undefined;
  /** Its last owner is gone without having released it. */
  hasDied: boolean;
  readonly entries: Array<Entry>;
  readonly events: Array<StoredEvent>;
  messages: ReadonlyArray<Message>;
}

const unlimited = Number.MAX_SAFE_INTEGER;

const soon = Effect.callback<void>((resume) => {
  const timer = setTimeout(() => resume(Effect.void), 1);
  return Effect.sync(() => clearTimeout(timer));
});

/** A run that this process owns. */
class MemoryJournal implements Journal {
  readonly epoch: number;
  readonly kept: Kept;
  readonly before: State | undefined;
  readonly #store: MemoryStore;
  releases = false;
  onCommit: () => void = () => {};
  onTrouble: Journal["onTrouble"] = () => {};
  onLost: Journal["onLost"] = () => {};
  #onMessage: Journal["onMessage"] = undefined;

  constructor(store: MemoryStore, kept: Kept, before: State | undefined) {
    this.#store = store;
    this.kept = kept;
    this.epoch = kept.epoch;
    this.before = before;
  }

  get onMessage(): Journal["onMessage"] {
    return this.#onMessage;
  }

  set onMessage(hear: Journal["onMessage"]) {
    this.#onMessage = hear;
  }

  async receive(): Promise<void> {
    await Promise.all(this.kept.messages.map((message) => this.hear(message)));
  }

  async hear(message: Message): Promise<Answer> {
    const answer = await (this.#onMessage?.(message) ?? Promise.resolve<Answer>({ type: "kept" }));
    if (this.#onMessage !== undefined) this.#take(message.id);
    return answer;
  }

  #take(id: number): void {
    this.kept.messages = this.kept.messages.filter((message) => message.id !== id);
  }

  get #isOwner(): boolean {
    return this.kept.epoch === this.epoch && this.kept.owner !== undefined;
  }

  append(entry: Entry, done: (() => void) | undefined): void {
    if (this.#store.isDead) return;
    if (!this.#isOwner) {
      this.#lose();
      return;
    }
    this.kept.entries.push(entry);
    if (entry.message !== undefined) this.#take(entry.message);
    this.kept.state = { ...this.kept.state, crashes: 0, active: entry.ended };
    const isLast = this.#store.wrote();
    queueMicrotask(() => {
      if (isLast) {
        this.#store.crash();
        return;
      }
      done?.();
      this.onCommit();
    });
  }

  #lose(): void {
    const reason = `run "${this.kept.run.id}" has another owner.`;
    this.onLost(new StoreError({ store: this.#store.name, kind: "fenced", reason }));
  }

  tell(event: StoredEvent): void {
    if (!this.#store.isDead && this.#isOwner) this.kept.events.push(event);
  }

  end(
    status: RunStatus,
    error: string | undefined,
    time: number,
    done: (problem: StoreProblem | undefined) => void,
  ): void {
    const { kept } = this;
    if (!this.#store.isDead && this.#isOwner) {
      if (status === "interrupted" && this.releases) kept.state = { ...kept.state, active: time };
      else kept.state = { status, ended: time, error, crashes: 0, active: time };
      kept.owner = undefined;
      if (status === "succeeded") kept.messages = [];
    }
    queueMicrotask(() => done(undefined));
  }

  giveBack(): Effect.Effect<void> {
    return Effect.sync(() => {
      if (!this.#isOwner) return;
      if (this.before !== undefined) this.kept.state = this.before;
      this.kept.owner = undefined;
    });
  }

  isBlocked(): boolean {
    return false;
  }
}

export class MemoryStore {
  readonly #runs = new Map<string, Kept>();
  readonly #cache = new Map<string, Cached>();
  readonly name: string;
  /** The number of writes that still succeed. */
  #left = unlimited;
  #crash: () => void = () => {};
  #messages = 0;
  readonly #listeners = new Set<() => void>();
  #announced: string | undefined = undefined;
  writes = 0;
  /** The same service for all users, since it identifies live runs. */
  readonly service: StoreService;

  constructor(name: string) {
    this.name = name;
    this.service = this.#newService();
  }

  /** After `writes` more writes, nothing is written, and `crash` is called once. */
  crashAfter(writes: number, crash: () => void): void {
    this.#left = writes;
    this.#crash = crash;
  }

  /** Restarts the process: no run has an owner. */
  restart(): void {
    this.#left = unlimited;
    this.#crash = () => {};
    for (const kept of this.#runs.values()) {
      kept.hasDied = kept.owner !== undefined;
      kept.owner = undefined;
    }
  }

  /** Does the claim with this epoch own the run? */
  isOwned(runId: string, epoch: number): boolean {
    const kept = this.#runs.get(runId);
    return kept?.owner !== undefined && kept.epoch === epoch;
  }

  /** Ends the lease of the process with that claim through no fault of the run. False: it does not own the run. */
  expire(runId: string, epoch: number): boolean {
    if (!this.isOwned(runId, epoch)) return false;
    this.#runs.get(runId)!.owner = undefined;
    return true;
  }

  /** The recorded status: "running" also for a run whose owner is gone. */
  statusOf(runId: string): RunStatus | undefined {
    return this.#runs.get(runId)?.state.status;
  }

  /** The number of records of a path. */
  countOf(runId: string, path: string): number {
    return this.#runs.get(runId)?.entries.filter((entry) => entry.path === path).length ?? 0;
  }

  /** Deletes all runs, but keeps their cached outputs. */
  forgetRuns(): void {
    this.#runs.clear();
  }

  /** The paths whose outcomes are recorded. */
  recorded(runId: string): ReadonlySet<string> {
    return new Set(this.#entries(runId).flatMap((entry) => (isOutcome(entry) ? [entry.path] : [])));
  }

  /** The timeout of each waiting step that has one, by path. */
  limitsOfWaits(runId: string): ReadonlyMap<string, number> {
    return new Map(
      this.#entries(runId).flatMap(
        ({ began, kind, path, text }): Array<[string, number]> =>
          kind === Kind.deadline ? [[path, Number(text) - began]] : [],
      ),
    );
  }

  #entries(runId: string): ReadonlyArray<Entry> {
    return newest(this.#runs.get(runId)?.entries ?? []);
  }

  get layer(): StoreLayer {
    return Layer.succeed(Store, this.service);
  }

  get isDead(): boolean {
    return this.#left === 0;
  }

  /** Counts one more write. True: it was the last. */
  wrote(): boolean {
    this.writes++;
    return --this.#left === 0;
  }

  crash(): void {
    this.#crash();
  }

  #summary({ run, state, owner, epoch }: Kept): RunSummary {
    const isUnowned = state.status === "running" && owner === undefined;
    return {
      id: run.id,
      pipeline: run.pipeline,
      status: isUnowned ? (epoch === 0 ? "submitted" : "crashed") : state.status,
      began: run.time,
      ended: state.ended,
      error: state.error,
      origin: run.origin,
      isUnchecked: run.shape === "",
    };
  }

  #details(kept: Kept): RunDetails {
    const { run, entries, events } = kept;
    const { shape, inputs } = run;
    return { ...this.#summary(kept), shape, inputs, entries: newest(entries), events: [...events] };
  }

  #begun(run: NewRun, epoch: number): Kept {
    const state: State = {
      status: "running",
      ended: undefined,
      error: undefined,
      crashes: 0,
      active: run.time,
    };
    const begun: Kept = {
      run,
      state,
      epoch,
      owner: undefined,
      hasDied: false,
      entries: [],
      events: [],
      messages: [],
    };
    this.#runs.set(run.id, begun);
    return begun;
  }

  #submit(run: NewRun): boolean {
    const kept = this.#runs.get(run.id);
    if (kept === undefined) {
      this.#begun(run, 0);
    } else if (this.#summary(kept).status === "submitted" && kept.run.shape === "" && run.shape !== "") {
      kept.run = run;
    } else return false;
    for (const tell of this.#listeners) tell();
    return true;
  }

  #claimable(pipelines: ReadonlyArray<string>, limit: number): ReadonlyArray<ClaimableRun> {
    const all = [...this.#runs.values()].flatMap((kept) => {
      const summary = this.#summary(kept);
      return summary.status === "submitted" || summary.status === "crashed"
        ? [{ ...summary, shape: kept.run.shape, isReleased: !kept.hasDied }]
        : [];
    });
    const isMine = ({ pipeline }: ClaimableRun): boolean => pipelines.includes(pipeline);
    return [...all.filter(isMine), ...all.filter((run) => !isMine(run))].slice(0, limit);
  }

  #claim(runId: string, run: NewRun | undefined, which: Claimable = "all"): Claim {
    const kept = this.#runs.get(runId);
    const running: State = { status: "running", ended: undefined, error: undefined, crashes: 0, active: 0 };
    if (kept === undefined) {
      if (run === undefined) return { type: "absent" };
      const begun = this.#begun(run, 1);
      begun.owner = new MemoryJournal(this, begun, undefined);
      return { type: "new", journal: begun.owner };
    }
    if (which === "under way" && kept.state.status !== "running") return { type: "ended" };
    if (which === "not succeeded" && kept.state.status === "succeeded")
      return { type: "succeeded", run: this.#details(kept) };
    if (kept.owner !== undefined) return { type: "held", owner: "this process" };
    const before = kept.state;
    const crashes = kept.hasDied ? before.crashes + 1 : before.crashes;
    kept.hasDied = false;
    kept.epoch++;
    if (crashes >= mostCrashes) {
      const error = `It killed its process ${crashes} times in a row without recording anything.`;
      kept.state = { ...before, status: "failed", error, crashes: 0 };
      return { type: "exhausted", crashes };
    }
    const details = this.#details(kept);
    kept.state = { ...running, crashes, active: before.active };
    kept.owner = new MemoryJournal(this, kept, before);
    return { type: "existing", run: details, journal: kept.owner };
  }

  #send(message: NewMessage): Effect.Effect<Answer> {
    return Effect.suspend((): Effect.Effect<Answer> => {
      const kept = this.#runs.get(message.runId);
      if (kept === undefined) return Effect.succeed({ type: "absent" });
      const { status } = this.#summary(kept);
      const isOver = message.type === "cancel" ? !isUnderWay(status) : status === "succeeded";
      if (isOver) return Effect.succeed({ type: "refused", reason: "It has ended already." });
      const { owner } = kept;
      if (message.type === "cancel" && owner === undefined) {
        kept.state = { ...kept.state, status: "interrupted", ended: message.time };
        kept.epoch++;
        return Effect.succeed({ type: "delivered" });
      }
      const isSent = kept.messages.some(({ path }) => path === message.path);
      if (message.type === "signal" && owner === undefined && isSent)
        return Effect.succeed({ type: "refused", reason: "A value was sent to this path already." });
      const sent: Message = { ...message, id: ++this.#messages };
      if (message.type === "signal") kept.messages = [...kept.messages, sent];
      if (owner === undefined || owner.onMessage === undefined) return Effect.succeed({ type: "kept" });
      return Effect.promise(() => owner.hear(sent));
    });
  }

  #waiting(): ReadonlyArray<Wait> {
    return [...this.#runs.values()]
      .filter(({ state }) => state.status === "running")
      .flatMap(({ run, entries }) => {
        const all = newest(entries);
        const over = new Set(all.filter(isOutcome).map(({ path }) => path));
        return all
          .filter(({ kind, path }) => kind === Kind.waiting && !over.has(path))
          .map(({ path, text, ended }): Wait => ({ runId: run.id, path, text, since: ended }));
      });
  }

  #prune({ before, resumable }: PruneOptions): number {
    let count = 0;
    for (const [id, kept] of this.#runs) {
      const { status } = this.#summary(kept);
      const isOld = Math.max(kept.state.active, kept.state.ended ?? 0, kept.run.time) < before;
      if (!isOld || status === "running" || (status !== "succeeded" && !resumable)) continue;
      this.#runs.delete(id);
      count++;
    }
    for (const [key, { time }] of this.#cache) if (time < before) this.#cache.delete(key);
    return count;
  }

  #found({
    pipeline,
    status,
    idPrefix = "",
    search = "",
    after,
    limit = Infinity,
  }: RunFilter): ReadonlyArray<RunSummary> {
    const all = [...this.#runs.values()].map((kept) => this.#summary(kept)).reverse();
    const place = all.findIndex(({ id }) => id === after?.id);
    const isAfter = ({ began }: RunSummary, at: number): boolean =>
      after === undefined || began < after.began || (began === after.began && place !== -1 && at > place);
    const wanted = search.toLowerCase();
    return all
      .filter(
        (run, at) =>
          (pipeline === undefined || run.pipeline === pipeline) &&
          (status === undefined || run.status === status) &&
          run.id.startsWith(idPrefix) &&
          `${run.id}\n${run.pipeline}`.toLowerCase().includes(wanted) &&
          isAfter(run, at),
      )
      .slice(0, limit);
  }

  #newService(): StoreService {
    const keyOf = ({ step, version, inputs }: CacheKey): string => JSON.stringify([step, version, inputs]);
    return {
      name: this.name,
      maxValueBytes: unlimited,
      keepsSecrets: true,
      acquit: (runId) =>
        Effect.sync(() => {
          const kept = this.#runs.get(runId);
          if (kept?.owner !== undefined) kept.state = { ...kept.state, crashes: 0 };
        }),
      claim: (...asked) => Effect.sync(() => this.#claim(...asked)),
      submit: (run) => Effect.sync(() => this.#submit(run)),
      claimable: (pipelines, limit) => Effect.sync(() => this.#claimable(pipelines, limit)),
      onClaimable: (tell) => {
        this.#listeners.add(tell);
        return () => this.#listeners.delete(tell);
      },
      announce: (text) =>
        Effect.sync(() => {
          this.#announced = text;
        }),
      runners: () => Effect.sync(() => (this.#announced === undefined ? [] : [this.#announced])),
      summary: (id) =>
        Effect.sync(() => {
          const kept = this.#runs.get(id);
          return kept === undefined ? undefined : this.#summary(kept);
        }),
      summaries: (ids) =>
        Effect.sync(() =>
          ids.flatMap((id) => {
            const kept = this.#runs.get(id);
            return kept === undefined ? [] : [this.#summary(kept)];
          }),
        ),
      find: (id) =>
        Effect.sync(() => {
          const kept = this.#runs.get(id);
          return kept === undefined ? undefined : this.#details(kept);
        }),
      runs: (filter = {}) => Effect.sync(() => this.#found(filter)),
      value: (id, path) =>
        Effect.sync(
          () =>
            newest(this.#runs.get(id)?.entries ?? []).findLast(
              (entry) => entry.path === path && isOutcome(entry),
            )?.text,
        ),
      waiting: () => Effect.sync(() => this.#waiting()),
      // A dead process sends no answers.
      send: (message) =>
        Effect.andThen(
          soon,
          Effect.suspend(() => (this.isDead ? Effect.never : this.#send(message))),
        ),
      prune: (options) => Effect.sync(() => this.#prune(options)),
      cached: (key) => Effect.sync(() => this.#cache.get(keyOf(key))),
      missReason: () => Effect.succeed("it was never computed"),
      putCached: (key, cached) => {
        if (this.isDead) return;
        this.#cache.set(keyOf(key), cached);
        if (this.wrote()) queueMicrotask(() => this.#crash());
      },
      startComputing: () => Effect.succeed(true),
      stopComputing: () => {},
    };
  }
}
