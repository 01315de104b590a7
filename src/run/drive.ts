/**
 * Drives an open run: executes the engine in the calling fiber, with that fiber's context and interruption, and emits the
 * run's first and last events before and after those of the engine.
 */
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import type { RunOptions } from "../../types/options.ts";
import type { Graph } from "../engine/graph.ts";
import type { Watcher } from "../engine/emitter.ts";
import type { Middleware } from "../engine/executor.ts";
import { Engine } from "../engine/engine.ts";
import type { Limits } from "../engine/limits.ts";
import { Executor, Interleaving } from "../engine/seams.ts";
import { refusalAt } from "../engine/standing.ts";
import { underWay } from "../engine/under-way.ts";
import type { PipelineEvent } from "../events.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import type { StoreProblem } from "../journal/store.ts";
import { knownPlanOf } from "../plan.ts";
import type { LiveRun } from "./live.ts";
import { CurrentRun } from "./live.ts";
import { withWorkers } from "./with-workers.ts";

type Outputs = Record<string, unknown>;

/** A run that is open: ready to begin, or to resume. */
export interface Session {
  readonly values: ReadonlyArray<unknown>;
  readonly journal: RunJournal | undefined;
  /** The run in the registry of live ones; one without a store is entered when its id is known to anyone. */
  readonly live: LiveRun | undefined;
  readonly enter: (runId: string | undefined) => LiveRun;
  /** Undefined for a run whose id no one has asked for yet. */
  readonly runId: string | undefined;
  /** Why nothing more can be recorded; undefined while recording works. */
  readonly lost: () => StoreProblem | undefined;
  /** Records how the run ended and releases its store; undefined if nothing is recorded. */
  readonly end: ((exit: Exit.Exit<Outputs, unknown>) => Effect.Effect<void>) | undefined;
}

const limitsOf = (options: RunOptions): Limits => ({
  concurrency: options.concurrency ?? Infinity,
  pools: options.pools ?? {},
  maxSteps: options.maxSteps ?? 1_000_000,
  maxDepth: options.maxDepth ?? 32,
  finish: options.onFailure === "finish",
  compensate: options.onFailure === "compensate",
  graceMillis: options.gracePeriod === undefined ? 5_000 : Duration.toMillis(options.gracePeriod),
});

/** The context of a run's steps. A run without a store inside a run with a store is a separate run. */
const contextOf = (fiber: Fiber<unknown, unknown>, live: LiveRun | undefined): Context.Context<never> =>
  Context.get(fiber.context, CurrentRun) === live
    ? fiber.context
    : Context.add(fiber.context, CurrentRun, live);

const drive = (
  graph: Graph,
  session: Session,
  options: RunOptions,
  fiber: Fiber<unknown, unknown>,
  watcher: Watcher | undefined,
  workers: Middleware | undefined,
): Effect.Effect<Outputs, unknown> =>
  Effect.callback<Outputs, unknown>((resume) => {
    let hasEnded = false;
    let whenEnded: (() => void) | undefined;
    const { journal, runId } = session;
    let live = session.live ?? (runId === undefined ? undefined : session.enter(runId));
    const listen = (run: LiveRun): void => {
      run.interrupt = (compensates) => interrupt(undefined, compensates);
      run.tellAlso = (listener) => engine.emitter.tellAlso(listener);
      run.standing = (path) => refusalAt(engine.root, path, journal !== undefined);
      const mailbox = run.openMailbox;
      if (mailbox === undefined) return;
      mailbox.onEvent = (event) => {
        engine.emitter.watcher?.event(event);
        journal?.tell(event);
      };
    };
    let interrupt = (_reason?: unknown, _compensates?: boolean): void => {};
    const engine = new Engine({
      limits: limitsOf(options),
      context: contextOf(fiber, live),
      dispatcher: fiber.currentDispatcher,
      runId,
      newRunId: () => {
        live = session.enter(undefined);
        if (!hasEnded) listen(live);
        return live.runId;
      },
      watcher,
      pick: Context.get(fiber.context, Interleaving),
      durable: journal,
      workers,
    });
    if (live !== undefined) listen(live);
    watcher?.began?.(engine);
    const executor = Context.get(fiber.context, Executor);
    engine.emitter.isQuiet = executor?.showsLines === true;
    executor?.began(underWay(engine));
    interrupt = engine.begin(graph, session.values, (exit) => {
      hasEnded = true;
      live?.openMailbox?.refuseRest(Exit.isSuccess(exit));
      if (session.end === undefined) live?.end(exit);
      resume(exit);
      whenEnded?.();
    });
    if (live?.isCancelled === true) interrupt(undefined, live.compensates);
    return Effect.callback<void>((ended) => {
      if (hasEnded) {
        ended(Effect.void);
        return;
      }
      whenEnded = () => ended(Effect.void);
      interrupt(options.signal?.aborted === true ? options.signal.reason : undefined);
    });
  });

/** Drives a run and records its end. A run that was stopped because nothing more can be recorded fails with that reason. */
export const driven = (
  graph: Graph,
  session: Session,
  options: RunOptions,
  fiber: Fiber<unknown, unknown>,
  watcher: Watcher | undefined,
  restore: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E> = (effect) => effect,
): Effect.Effect<Outputs, unknown> => {
  // The signal may have fired while the run was being opened.
  const isStopped = options.signal?.aborted === true;
  const driving = (workers: Middleware | undefined) =>
    drive(graph, session, options, fiber, watcher, workers);
  const epoch = session.journal?.epoch;
  const running = isStopped
    ? Effect.interrupt
    : restore(withWorkers(graph, options, fiber.context, epoch, driving));
  if (session.end === undefined) return running;
  const failing = Effect.catchCause(running, (cause) => {
    const problem = Cause.hasInterruptsOnly(cause) ? session.lost() : undefined;
    return problem === undefined ? Effect.failCause(cause) : Effect.fail(problem);
  });
  return Effect.onExit(failing, session.end);
};

/** Emits the run's first event before the engine's events, and its last event after them. */
export const told = (
  graph: Graph,
  runId: string,
  clock: Clock.Clock,
  tell: (event: PipelineEvent) => void,
  effect: Effect.Effect<Outputs, unknown>,
): Effect.Effect<Outputs, unknown> => {
  const base = () => ({ runId, time: clock.currentTimeMillisUnsafe() });
  return Effect.onExit(
    Effect.suspend(() => {
      tell({ ...base(), type: "run.started", pipeline: graph.name, plan: knownPlanOf(graph.builder) });
      return effect;
    }),
    (exit) =>
      Effect.sync(() => {
        if (Exit.isSuccess(exit)) tell({ ...base(), type: "run.succeeded" });
        else if (Cause.hasInterruptsOnly(exit.cause)) tell({ ...base(), type: "run.interrupted" });
        else tell({ ...base(), type: "run.failed", error: Cause.squash(exit.cause) });
      }),
  );
};

/** Reports a store that cannot be written to. If no one listens, it logs a warning, so that the reason for the wait is visible. */
export const tellOfTrouble = (
  { journal }: Session,
  context: Context.Context<never>,
  tell: ((event: PipelineEvent) => void) | undefined,
  isHeard: boolean,
): void => {
  const clock = Context.get(context, Clock.Clock);
  journal?.onTrouble((error) => {
    const { runId } = journal;
    const base = { runId, time: clock.currentTimeMillisUnsafe() };
    const event: PipelineEvent =
      error === undefined ? { ...base, type: "run.resumed" } : { ...base, type: "run.paused", error };
    tell?.(event);
    if (isHeard) return;
    const line = error === undefined ? `Run ${runId} resumes.` : `Run ${runId} is paused. ${error.message}`;
    Effect.runForkWith(context)(Effect.annotateLogs(Effect.logWarning(line), "espalier.run", runId));
  });
};
