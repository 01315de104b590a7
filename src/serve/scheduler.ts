/**
 * Fires schedules. Each has a fiber that waits for its next tick, and one that starts the runs of its ticks, in order.
 *
 * Any number of processes may do this over one store: a run's id contains its tick, and the store lets one process
 * begin it. Notes in the store record until when ticks came due while a process served the schedule, which of those are
 * not decided yet (their run begun, or skipped), and whether the schedule is paused. A tick that was in a queue when
 * its process ended is not missed: the next process that serves the schedule runs it.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Queue from "effect/Queue";
import { StoreError } from "../errors.ts";
import type { StoreProblem, StoreService } from "../journal/store.ts";
import { Runs } from "../run/runs.ts";
import type { AnySchedule } from "../schedule.ts";
import { describe } from "../values/describe.ts";
import { readNote, writeNote } from "./notes.ts";
import { inStore, isUnderWay, storedInfo } from "./stored-runs.ts";
import { dueTicks, runIdPrefix, tickOf, tickRunId } from "./ticks.ts";

/** The part of the process that runs pipelines, as a scheduler needs it. */
export interface Starter {
  readonly store: StoreService;
  /**
   * Begins a run with a given id. "taken": another process has begun it, or it existed already. Fails if the run cannot
   * begin at all, or with the error of the store.
   */
  readonly startNew: (
    schedule: AnySchedule,
    runId: string,
    inputs: Readonly<Record<string, unknown>>,
  ) => Effect.Effect<"started" | "taken", StoreError | { readonly message: string }>;
  readonly cancel: (runId: string) => Effect.Effect<void>;
  /** Is this crashed run left unchanged, so that nothing needs to wait for it? */
  readonly isGivenUp: (runId: string) => boolean;
  /** Must nothing new start? */
  readonly isDraining: () => boolean;
  readonly say: (line: string) => void;
}

/** Clocks are set, and machines sleep, so the time is checked at least this often. */
const longestSleep = 30_000;
/** How often a queued tick checks whether the run before it has ended. */
const lookMillis = 250;
/** If a process had more ticks in its queue when it ended, the oldest are left out. */
const mostQueued = 1_000;
/** How long after an error of the store a tick is tried again. */
const againMillis = 2_000;

const topics = { seen: "schedule seen", due: "schedule due", paused: "schedule paused" } as const;

export const isPaused = (store: StoreService, schedule: string): Effect.Effect<boolean, StoreProblem> =>
  Effect.map(readNote(store, topics.paused, schedule), (paused) => paused === true);

export const setPaused = (store: StoreService, schedule: string, paused: boolean): void =>
  writeNote(store, topics.paused, schedule, paused);

/** The runs of ticks before this one that have not ended, oldest first. */
const runsBefore = (
  { store, isGivenUp }: Starter,
  schedule: string,
  tick: Date,
): Effect.Effect<ReadonlyArray<string>, StoreProblem> =>
  Effect.map(inStore(store, Runs.list({ idPrefix: runIdPrefix(schedule) })), (runs) =>
    runs
      .filter(({ id, status }) => {
        const time = tickOf(schedule, id);
        if (time === undefined || time >= tick.getTime()) return false;
        return isUnderWay(status) && !(status === "crashed" && isGivenUp(id));
      })
      .map(({ id }) => id)
      .reverse(),
  );

/** Waits until the runs before a tick have ended. */
const whenAlone = (starter: Starter, schedule: string, tick: Date): Effect.Effect<void, StoreProblem> =>
  Effect.gen(function* () {
    while ((yield* runsBefore(starter, schedule, tick)).length > 0) yield* Effect.sleep(lookMillis);
  });

/** Applies the schedule's `overlap` to earlier runs that are under way. False: the tick is skipped. */
const makeRoom = (
  starter: Starter,
  { name, overlap }: AnySchedule,
  tick: Date,
): Effect.Effect<boolean, StoreProblem> =>
  Effect.gen(function* () {
    switch (overlap) {
      case "allow":
        return true;
      case "skip":
        return (yield* runsBefore(starter, name, tick)).length === 0;
      case "queue":
        yield* whenAlone(starter, name, tick);
        return true;
      case "replace":
        for (const runId of yield* runsBefore(starter, name, tick)) yield* starter.cancel(runId);
        yield* whenAlone(starter, name, tick);
        return true;
    }
  });

const inputsOf = (
  schedule: AnySchedule,
  tick: Date,
): Effect.Effect<Readonly<Record<string, unknown>>, { readonly message: string }> =>
  Effect.try({
    try: () => schedule.inputs(new Date(tick)),
    catch: (error) => ({ message: `its inputs function threw: ${describe(error)}` }),
  });

/**
 * Starts the run of a tick. Another process may do the same at this moment: one of them begins it. False: the server is
 * about to stop, and the tick is left for the next one.
 */
const fireTick = (
  starter: Starter,
  schedule: AnySchedule,
  tick: Date,
): Effect.Effect<boolean, StoreProblem> =>
  Effect.gen(function* () {
    const { name } = schedule;
    const { store, say } = starter;
    const runId = tickRunId(name, tick);
    if (starter.isDraining()) return false;
    if (yield* isPaused(store, name)) return true;
    if ((yield* storedInfo(store, runId)) !== undefined) return true;
    if (!(yield* makeRoom(starter, schedule, tick))) {
      say(`Schedule "${name}": the tick of ${tick.toISOString()} is skipped, an earlier run is under way.`);
      return true;
    }
    if (starter.isDraining()) return false;
    const begun = yield* Effect.flatMap(inputsOf(schedule, tick), (inputs) =>
      starter.startNew(schedule, runId, inputs),
    ).pipe(
      Effect.catch((error) => {
        if (error instanceof StoreError) return Effect.fail(error);
        say(`Schedule "${name}": the run of ${tick.toISOString()} cannot start: ${error.message}`);
        return Effect.succeed("failed" as const);
      }),
    );
    if (begun === "started") say(`Schedule "${name}": run ${runId} has started.`);
    return begun === "started" || !starter.isDraining();
  });

/** A store that cannot be read at the moment does not end a schedule. */
const untilDone = <Value>(
  starter: Starter,
  name: string,
  effect: Effect.Effect<Value, StoreProblem>,
): Effect.Effect<Value> =>
  effect.pipe(
    Effect.catch((error) => {
      starter.say(`Schedule "${name}" waits: ${error.message}`);
      return Effect.flatMap(Effect.sleep(againMillis), () => untilDone(starter, name, effect));
    }),
  );

/** The ticks of a schedule that are due and not decided yet. They are also in a note in the store, for the next process. */
class DueTicks {
  readonly #write: (times: ReadonlyArray<number>) => void;
  readonly #times: Set<number>;

  constructor(times: ReadonlyArray<number>, write: (times: ReadonlyArray<number>) => void) {
    this.#times = new Set(times);
    this.#write = write;
  }

  add(ticks: ReadonlyArray<Date>): void {
    for (const tick of ticks) this.#times.add(tick.getTime());
    if (ticks.length > 0) this.#write([...this.#times].slice(-mostQueued));
  }

  delete(tick: Date): void {
    this.#times.delete(tick.getTime());
    this.#write([...this.#times].slice(-mostQueued));
  }
}

const isTimes = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.every((time) => typeof time === "number");

/**
 * Fires one schedule forever. `continues`: this process has fired it until this moment, from an earlier version of its
 * file, so a tick that has just come due was not missed.
 */
export const runSchedule = (
  starter: Starter,
  schedule: AnySchedule,
  continues = false,
): Effect.Effect<never> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { name } = schedule;
      const { store } = starter;
      const left = yield* untilDone(starter, name, readNote(store, topics.due, name));
      const seen = yield* untilDone(starter, name, readNote(store, topics.seen, name));
      const leftTimes = isTimes(left) ? left : [];
      const due = new DueTicks(leftTimes, (times) => writeNote(store, topics.due, name, times));
      const queue = yield* Queue.unbounded<Date>();
      yield* Queue.offerAll(
        queue,
        leftTimes.map((time) => new Date(time)),
      );
      const fireNext = Effect.gen(function* () {
        const tick = yield* Queue.take(queue);
        const isDecided = yield* untilDone(starter, name, fireTick(starter, schedule, tick));
        // Not earlier: if the process ends meanwhile, the tick is left to the next one.
        if (isDecided) due.delete(tick);
      });
      yield* Effect.forkScoped(Effect.forever(fireNext));
      let now = yield* Clock.currentTimeMillis;
      let since = typeof seen === "number" ? Math.min(seen, now) : now;
      for (let isFirst = !continues; ; isFirst = false) {
        now = yield* Clock.currentTimeMillis;
        const { ticks, missed, until } = dueTicks(schedule, since, now, isFirst);
        if (missed > 0)
          starter.say(`Schedule "${name}": ${missed} missed ${missed === 1 ? "tick" : "ticks"} not run.`);
        since = Math.max(since, until);
        due.add(ticks);
        // Not earlier: if the process ends in between, these ticks are missed at worst, and never forgotten.
        if (ticks.length > 0 || isFirst || missed > 0) writeNote(store, topics.seen, name, since);
        yield* Queue.offerAll(queue, ticks);
        const [next] = schedule.next(1, new Date(since));
        yield* Effect.sleep(Math.max(1, Math.min(next!.getTime() - now, longestSleep)));
      }
    }),
  );
