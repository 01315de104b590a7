/**
 * Opens a run in its store: a new run, one to resume, or one that is already under way here, which is joined. Reports
 * anything that does not fit before a step runs. Loaded only when there is a store.
 */

import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import type { RunOptions } from "../../types/options.ts";
import type { StoreLayer } from "../../types/store.ts";
import type { Graph } from "../engine/graph.ts";
import { Replay } from "../journal/replay.ts";
import { endingOf } from "../journal/compensation.ts";
import { RunJournal } from "../journal/run-journal.ts";
import { OnlyNew, OnlyUnderWay, RunOrigin } from "../engine/seams.ts";
import { difference, following, shapeOf, shapesOf } from "../journal/shape.ts";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import {
  InvalidInput,
  PipelineChanged,
  RunCompensated,
  RunCrashed,
  RunExists,
  RunNotFound,
} from "../errors.ts";
import type { Journal, RunDetails, StoreProblem, StoreService } from "../journal/store.ts";
import { Kind, outcomesOf } from "../journal/records.ts";
import { Store } from "../journal/store.ts";
import { unwritten } from "../journal/unwritten.ts";
import type { Session } from "./drive.ts";
import type { Inputs } from "./inputs.ts";
import { asGiven, completed, otherInputs, readInputs, sameInputs } from "./inputs.ts";
import type { LiveRun } from "./live.ts";
import { liveRun, reserve } from "./live.ts";
import { hear, refusalIn } from "./signal.ts";
import { parentOf, stepOf } from "../path.ts";

type Outputs = Record<string, unknown>;

/** How to resume a run. */
export interface Resuming {
  /** A path: it and everything that follows from it run again. */
  readonly from?: string | undefined;
  /** Whether failed items of a map that collects failures run again, with everything that follows from them. */
  readonly retryFailed?: boolean | undefined;
  /** The run is known not to be one that was submitted by name and whose inputs are still unchecked. */
  readonly isChecked?: boolean;
}

export type OpenError =
  | InvalidInput
  | PipelineChanged
  | RunCompensated
  | RunCrashed
  | RunExists
  | RunNotFound
  | StoreCorrupt
  | StoreError;

/** A run that is already under way here. */
export interface Joined {
  readonly runId: string;
  readonly live: LiveRun;
  readonly joined: Effect.Effect<Outputs, unknown>;
}

/** The difference between a pipeline and the one that a run was recorded with; undefined if there is none. */
export const checkPipeline = (
  graph: Graph,
  run: Pick<RunDetails, "id" | "pipeline" | "shape">,
): PipelineChanged | undefined => {
  const shape = shapeOf(graph);
  if (run.pipeline === graph.name && run.shape === shape) return undefined;
  return new PipelineChanged({
    runId: run.id,
    recorded: run.pipeline,
    given: graph.name,
    ...difference("", run.shape, shape),
  });
};

/** Why a run that is undoing its steps, or has undone them, cannot be resumed this way; undefined if it can. */
const compensationProblem = (
  { id: runId, entries, status }: RunDetails,
  { from, retryFailed }: Resuming,
): RunCompensated | InvalidInput | undefined => {
  const has = (wanted: Kind): boolean => entries.some(({ kind }) => kind === wanted);
  // A run that crashed after its last compensation still has to end.
  if (has(Kind.compensated) && status !== "crashed" && status !== "running")
    return new RunCompensated({ runId });
  if (!has(Kind.compensating) || (from === undefined && retryFailed !== true)) return undefined;
  const input = from === undefined ? "retryFailed" : "from";
  const reason =
    "the run was undoing its steps when it stopped, and can only continue with that: remove this option";
  return new InvalidInput({ path: "", input, issuePath: [], reason });
};

/** The paths whose records are dropped before a run resumes. */
const dropsOf = (run: RunDetails, { from, retryFailed }: Resuming): ReadonlyArray<string> | InvalidInput => {
  const shapes = shapesOf(run);
  const drops = new Set<string>();
  if (from !== undefined) {
    const found = following(from, shapes);
    if (found === undefined) {
      const reason = `there is no path "${from}" in run "${run.id}" so far`;
      return new InvalidInput({ path: "", input: "from", issuePath: [], reason });
    }
    for (const path of found) drops.add(path);
  }
  if (retryFailed === true) {
    for (const { kind, path } of run.entries) {
      if (kind !== Kind.failure) continue;
      drops.add(path);
      const map = stepOf(path);
      for (const after of following(map, shapes) ?? []) if (after !== map) drops.add(after);
    }
  }
  return [...drops];
};

/** Paths that have an outcome although something inside them runs again: a fallback or a cache around expansions. */
const reopenedBy = (run: RunDetails, drops: ReadonlyArray<string>): ReadonlyArray<string> => {
  const outcomes = outcomesOf(run.entries);
  const chosen = new Set(run.entries.filter(({ kind }) => kind === Kind.chosen).map(({ path }) => path));
  const reopened = new Set<string>();
  for (const path of drops) {
    for (let at = parentOf(path); at !== ""; at = parentOf(at)) {
      if (outcomes.has(at) || chosen.has(at)) reopened.add(at);
    }
  }
  return [...reopened];
};

/** The store from the options, or the provided one. */
const buildStore = (
  layer: StoreLayer | undefined,
  scope: Scope.Scope,
): Effect.Effect<StoreService, StoreError | StoreCorrupt> =>
  layer === undefined
    ? (Effect.service(Store) as Effect.Effect<StoreService, never, never>)
    : Effect.map(Layer.buildWithScope(layer, scope), (context) => Context.get(context, Store));

const statusOf = (exit: Exit.Exit<unknown, unknown>): "succeeded" | "interrupted" | "failed" =>
  Exit.isSuccess(exit) ? "succeeded" : Cause.hasInterruptsOnly(exit.cause) ? "interrupted" : "failed";

/** Waits until the end is recorded. If the store cannot be written to, a result waits for it, but an interruption does not. */
const recordEnd = (
  journal: RunJournal,
  exit: Exit.Exit<Outputs, unknown>,
  before: RunDetails | undefined,
): Effect.Effect<void> => {
  const status = statusOf(exit);
  // `retryFailed` found nothing to retry in a run that has succeeded: however this ends, it stays succeeded.
  if (before?.status === "succeeded" && !journal.hasRecorded) return journal.leaveAsItWas();
  const recorded = Effect.callback<void>((resume) => {
    journal.end(status, Exit.isSuccess(exit) ? undefined : exit.cause, () => resume(Effect.void));
  });
  return status === "interrupted" ? recorded : Effect.interruptible(recorded);
};

/** An earlier run that is opened again. */
interface Earlier {
  readonly run: RunDetails;
  /** The paths whose records are dropped. */
  readonly drops: ReadonlyArray<string>;
  readonly isFrom: boolean;
}

const opened = (
  live: LiveRun,
  store: StoreService,
  journal: Journal,
  values: ReadonlyArray<unknown>,
  clock: Clock.Clock,
  scope: Scope.Closeable,
  refresh: boolean,
  earlier?: Earlier,
): Session => {
  const { runId } = live;
  const { run, drops = [], isFrom = false } = earlier ?? {};
  const replay = new Replay(run?.entries ?? []);
  const runJournal = new RunJournal(runId, store, journal, replay, clock, run?.events ?? []);
  runJournal.refresh = refresh;
  if (run !== undefined) {
    runJournal.isResumed = run.entries.length > 0;
    runJournal.compensating = endingOf(run.entries);
  }
  if (drops.length > 0) runJournal.drop(drops);
  if (isFrom) for (const path of drops) runJournal.refreshFrom(path);
  if (run !== undefined) for (const path of reopenedBy(run, drops)) runJournal.reopen(path);
  live.open(runJournal, () => clock.currentTimeMillisUnsafe(), refusalIn(store, runId));
  let lost: StoreProblem | undefined;
  runJournal.onLost((problem) => {
    lost = problem;
    live.cancel();
  });
  runJournal.onMessage((message) => hear(live, message));
  return {
    runId,
    values,
    journal: runJournal,
    live,
    enter: () => live,
    lost: () => lost,
    end: (exit) =>
      recordEnd(runJournal, exit, run).pipe(
        Effect.ensuring(
          Effect.suspend(() => {
            live.end(exit);
            return Scope.close(scope, Exit.void);
          }),
        ),
      ),
  };
};

/** Receives the messages sent before the run was claimed, unless the run has to stop: it then stops when it begins. */
const received = (live: LiveRun, journal: Journal): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const goOn = (): void => resume(Effect.void);
    live.interrupt = goOn;
    journal.receive().then(goOn, (error: unknown) => resume(Effect.die(error)));
  });

/** Makes an effect interruptible again. */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>;

/**
 * Opens a run for `inputs`; without them, resumes an earlier run as `resuming` specifies. Must be uninterruptible, except for
 * the parts that it restores: a claimed run must be released or executed.
 */
export const openRun = (
  graph: Graph,
  inputs: Inputs | undefined,
  options: RunOptions,
  newRunId: () => string,
  resuming: Resuming,
  restore: Restore,
): Effect.Effect<Session | Joined, OpenError> =>
  Effect.gen(function* () {
    const scope = Scope.makeUnsafe();
    const clock = yield* Clock.Clock;
    const origin = yield* RunOrigin;
    const onlyNew = yield* OnlyNew;
    const refresh = options.refresh === true;
    const isFrom = resuming.from !== undefined;
    const open = Effect.gen(function* () {
      const store = yield* restore(buildStore(options.store, scope));
      const reading = inputs && asGiven(graph, inputs, store.keepsSecrets);
      const given = reading && (yield* restore(reading));
      const runId = options.runId ?? newRunId();
      const under = liveRun(store, runId);
      if (under !== undefined) {
        yield* Scope.close(scope, Exit.void);
        if (onlyNew) return yield* thereAlready(runId);
        return yield* join(under, graph, given?.text, resuming);
      }
      const live = reserve(runId, store);
      return yield* Effect.gen(function* () {
        const begun = given && {
          id: runId,
          pipeline: graph.name,
          shape: shapeOf(graph),
          inputs: given.text,
          origin,
          time: clock.currentTimeMillisUnsafe(),
        };
        if (given === undefined && resuming.isChecked !== true)
          yield* restore(completed(graph, store, runId));
        const isRunAgain = resuming.from !== undefined || resuming.retryFailed === true;
        const which = (yield* OnlyUnderWay) ? "under way" : isRunAgain ? "all" : "not succeeded";
        const claim = yield* store.claim(runId, begun, which);
        switch (claim.type) {
          case "absent":
            return yield* new RunNotFound({ runId });
          case "held":
            return yield* heldElsewhere(runId, claim.owner);
          case "ended":
            return yield* new RunExists({
              runId,
              reason: "it has already ended, and it was to be resumed only if it had not.",
            });
          case "exhausted":
            return yield* new RunCrashed({ runId, crashes: claim.crashes });
          case "new":
            live.asked = begun;
            return opened(live, store, claim.journal, given!.values, clock, scope, refresh);
          case "succeeded":
          case "existing": {
            const { run } = claim;
            const journal = claim.type === "existing" ? claim.journal : unwritten();
            let lost: StoreProblem | undefined;
            journal.onLost = (problem) => {
              lost = problem;
            };
            const fitting = Effect.gen(function* () {
              if (onlyNew) return yield* thereAlready(runId);
              const refused = compensationProblem(run, resuming);
              if (refused !== undefined) return yield* refused;
              const changed = checkPipeline(graph, run);
              if (changed !== undefined) return yield* changed;
              if (given !== undefined && !sameInputs(given.text, run.inputs))
                return yield* otherInputs(runId);
              live.asked = run;
              const values = yield* readInputs(graph, run, store.name);
              const drops = dropsOf(run, resuming);
              if (drops instanceof InvalidInput) return yield* drops;
              // Schemas may have taken longer than the lease lasts.
              if (lost !== undefined) return yield* Effect.fail(lost);
              return { values, drops };
            });
            const { values, drops } = yield* Effect.onError(restore(fitting), () => journal.giveBack());
            const session = opened(live, store, journal, values, clock, scope, refresh, {
              run,
              drops,
              isFrom,
            });
            // A value that was sent in time counts, even if the deadline has passed since.
            const receiving = restore(received(live, journal));
            yield* Effect.onError(receiving, (cause) => session.end!(Exit.failCause(cause)));
            return session;
          }
        }
      }).pipe(Effect.onError((cause) => Effect.sync(() => live.end(Exit.failCause(cause)))));
    });
    return yield* Effect.onError(open, () => Scope.close(scope, Exit.void));
  });

const heldElsewhere = (runId: string, owner: string): RunExists =>
  new RunExists({
    runId,
    reason: `it is under way: ${owner} runs it. Wait until it has ended, cancel it, or use another id.`,
  });

const thereAlready = (runId: string): RunExists =>
  new RunExists({ runId, reason: "it exists already. Give this run another id, or resume that one." });

const join = (
  live: LiveRun,
  graph: Graph,
  inputs: string | undefined,
  resuming: Resuming,
): Effect.Effect<Joined, RunExists> => {
  const { runId, asked } = live;
  if (resuming.from !== undefined || resuming.retryFailed === true) {
    return Effect.fail(
      new RunExists({
        runId,
        reason: "it is under way: only a run that has ended can be resumed from an earlier step.",
      }),
    );
  }
  if (asked !== undefined && asked.shape !== shapeOf(graph)) {
    return Effect.fail(new RunExists({ runId, reason: "it is under way, as a run of another pipeline." }));
  }
  if (asked !== undefined && inputs !== undefined && !sameInputs(asked.inputs, inputs))
    return Effect.fail(otherInputs(runId));
  return Effect.succeed({ runId, live, joined: live.result() });
};
