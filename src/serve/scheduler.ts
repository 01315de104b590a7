/**
 * Fires schedules. Each has a fiber that waits for its next tick, and one that starts the runs of its ticks, in order.
 *
 * Any number of processes may do this over one store: a tick is in the id of its run, and the store lets one process
 * begin it. Which tick was last considered, and whether a schedule is paused, are notes in the store.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as Queue from "effect/Queue";
import type { StoreProblem, StoreService } from "../journal/store.ts";
import { isUnderWay } from "../journal/store.ts";
import type { AnySchedule } from "../schedule.ts";
import { describe } from "../values/describe.ts";
import { readNote, writeNote } from "./notes.ts";
import { dueTicks, runIdPrefix, tickOf, tickRunId } from "./ticks.ts";

/** What a scheduler asks of the process that runs pipelines. */
export interface Starter {
  readonly store: StoreService;
  /**
   * Begins a run under an id of its own. "taken": another process has begun it, or it was there already. Fails where
   * the run cannot be begun at all.
   */
  readonly startNew: (
    schedule: AnySchedule,
    runId: string,
    inputs: Readonly<Record<string, unknown>>,
  ) => Effect.Effect<"started" | "taken", { readonly message: string }>;
  readonly cancel: (runId: string) => Effect.Effect<void>;
  /** Is this crashed run left as it is, so that nothing needs to wait for it? */
  readonly isGivenUp: (runId: string) => boolean;
  /** Nothing new is to start. */
  readonly isDraining: () => boolean;
  readonly say: (line: string) => void;
}

/** Clocks are set, and machines sleep: the time is looked at so often. */
const longestSleep = 30_000;
/** How often a queued tick looks whether the run before it has ended. */
const lookMillis = 250;
/** How long after trouble with the store a tick is tried again. */
const againMillis = 2_000;

const topics = { seen: "schedule seen", paused: "schedule paused" } as const;

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
  Effect.map(store.runs({ idPrefix: runIdPrefix(schedule) }), (runs) =>
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

/** Does what the schedule says where earlier runs are under way. False: the tick is skipped. */
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

/** Starts the run of a tick. Another process may do the same at this moment: one of them begins it. */
const fireTick = (starter: Starter, schedule: AnySchedule, tick: Date): Effect.Effect<void, StoreProblem> =>
  Effect.gen(function* () {
    const { name } = schedule;
    const { store, say } = starter;
    const runId = tickRunId(name, tick);
    if (starter.isDraining() || (yield* isPaused(store, name))) return;
    const isThere = (yield* store.runs({ idPrefix: runId, limit: 1 })).some(({ id }) => id === runId);
    if (isThere) return;
    if (!(yield* makeRoom(starter, schedule, tick))) {
      say(`Schedule "${name}": the tick of ${tick.toISOString()} is skipped, an earlier run is under way.`);
      return;
    }
    if (starter.isDraining()) return;
    const begun = yield* Effect.flatMap(inputsOf(schedule, tick), (inputs) =>
      starter.startNew(schedule, runId, inputs),
    ).pipe(
      Effect.catch(({ message }) =>
        Effect.sync(() => {
          say(`Schedule "${name}": the run of ${tick.toISOString()} cannot start: ${message}`);
          return "failed" as const;
        }),
      ),
    );
    if (begun === "started") say(`Schedule "${name}": run ${runId} has started.`);
  });

/** A store that cannot be read for now does not end a schedule. */
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

const note = (store: StoreService, schedule: string, time: number): void =>
  writeNote(store, topics.seen, schedule, time);

/** Fires one schedule for ever. */
export const runSchedule = (starter: Starter, schedule: AnySchedule): Effect.Effect<never> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { name } = schedule;
      const { store } = starter;
      const due = yield* Queue.unbounded<Date>();
      yield* Effect.forkScoped(
        Effect.forever(
          Effect.flatMap(Queue.take(due), (tick) =>
            Effect.map(untilDone(starter, name, fireTick(starter, schedule, tick)), () =>
              // Not before: of a process that ends meanwhile, the tick counts as missed.
              note(store, name, tick.getTime()),
            ),
          ),
        ),
      );
      let now = yield* Clock.currentTimeMillis;
      const seen = yield* untilDone(starter, name, readNote(store, topics.seen, name));
      let since = typeof seen === "number" ? Math.min(seen, now) : now;
      for (let isFirst = true; ; isFirst = false) {
        now = yield* Clock.currentTimeMillis;
        const { ticks, missed, until } = dueTicks(schedule, since, now, isFirst);
        if (missed > 0)
          starter.say(`Schedule "${name}": ${missed} missed ${missed === 1 ? "tick" : "ticks"} not run.`);
        if (ticks.length === 0 && (isFirst || missed > 0)) note(store, name, until);
        since = Math.max(since, until);
        yield* Queue.offerAll(due, ticks);
        const [next] = schedule.next(1, new Date(since));
        yield* Effect.sleep(Math.max(1, Math.min(next!.getTime() - now, longestSleep)));
      }
    }),
  );
