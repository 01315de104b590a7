/**
 * A run from its inputs to its end: reads the options, decodes the inputs, drives the engine, and hands back either the
 * outputs (`run`) or a handle to watch it by (`start`).
 */

import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import type { RunOptions } from "../../types/options.ts";
import type { Run } from "../../types/run.ts";
import type { Graph } from "../engine/compile.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import { decodeInputs } from "../engine/inputs.ts";
import type { Watcher } from "../engine/emitter.ts";
import { Engine } from "../engine/engine.ts";
import type { Limits } from "../engine/limits.ts";
import { CurrentDurable, Interleaving, Listeners, tellRun } from "../engine/seams.ts";
import { InvalidInput } from "../errors.ts";
import type { PipelineEvent } from "../events.ts";
import type { Observation } from "../observe/observe.ts";
import { observe } from "../observe/observe.ts";
import { knownPlanOf } from "../plan.ts";
import { Store } from "../journal/store.ts";
import type { Joined, OpenError, Opened, Resuming } from "./open.ts";
import { optionsProblem } from "./options.ts";
import { Random } from "./random.ts";
import { Recording } from "./record.ts";

type Inputs = Readonly<Record<string, unknown>>;
type Outputs = Record<string, unknown>;

const limitsOf = (options: RunOptions): Limits => ({
  concurrency: options.concurrency ?? Infinity,
  pools: options.pools ?? {},
  maxSteps: options.maxSteps ?? 1_000_000,
  maxDepth: options.maxDepth ?? 32,
  finish: options.onFailure === "finish",
  graceMillis: options.gracePeriod === undefined ? 5_000 : Duration.toMillis(options.gracePeriod),
});

/** A version 4 UUID (RFC 9562) from Effect's `Random`, so that a seeded run has the same id every time. */
const newRunId = (random: { nextIntUnsafe(): number }): string => {
  const hex = Array.from({ length: 32 }, () => (random.nextIntUnsafe() & 15).toString(16));
  hex[12] = "4";
  hex[16] = ((random.nextIntUnsafe() & 3) | 8).toString(16);
  const part = (from: number, to: number) => hex.slice(from, to).join("");
  return [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
};

/** What the steps of a run see. A run without a store inside of one with a store does not see that one's record. */
const contextOf = (
  fiber: Fiber<unknown, unknown>,
  durable: RunJournal | undefined,
): Context.Context<never> =>
  Context.get(fiber.context, CurrentDurable) === durable
    ? fiber.context
    : Context.add(fiber.context, CurrentDurable, durable);

/** Runs the engine in the fiber that asks: its context, its interruption. */
const drive = (
  graph: Graph,
  values: ReadonlyArray<unknown>,
  options: RunOptions,
  fiber: Fiber<unknown, unknown>,
  runId: string | undefined,
  watcher: Watcher | undefined,
  opened?: Opened,
): Effect.Effect<Outputs, unknown> =>
  Effect.callback<Outputs, unknown>((resume) => {
    let hasEnded = false;
    let whenEnded: (() => void) | undefined;
    const engine = new Engine({
      limits: limitsOf(options),
      context: contextOf(fiber, opened?.durable),
      dispatcher: fiber.currentDispatcher,
      runId,
      newRunId: () => newRunId(Context.get(fiber.context, Random)),
      watcher,
      pick: Context.get(fiber.context, Interleaving),
      durable: opened?.durable,
    });
    watcher?.began?.(engine);
    const interrupt = engine.begin(graph, values, (exit) => {
      hasEnded = true;
      resume(exit);
      whenEnded?.();
    });
    if (opened !== undefined) opened.live.interrupt = interrupt;
    return Effect.callback<void>((ended) => {
      if (hasEnded) {
        ended(Effect.void);
        return;
      }
      whenEnded = () => ended(Effect.void);
      interrupt();
    });
  });

/** A run that was stopped because nothing more can be recorded of it fails with the reason. */
const failWhereLost = (
  { lost }: Opened,
  running: Effect.Effect<Outputs, unknown>,
): Effect.Effect<Outputs, unknown> =>
  Effect.catchCause(running, (cause) => {
    const problem = Cause.hasInterruptsOnly(cause) ? lost() : undefined;
    return problem === undefined ? Effect.failCause(cause) : Effect.fail(problem);
  });

/** Tells the beginning and the end of a run around what the engine tells. */
const told = (
  graph: Graph,
  runId: string,
  clock: Clock.Clock,
  tell: (event: PipelineEvent) => void,
  effect: Effect.Effect<Outputs, unknown>,
): Effect.Effect<Outputs, unknown> => {
  const base = () => ({ runId, time: clock.currentTimeMillisUnsafe() });
  return Effect.onExit(
    Effect.suspend(() => {
      tell({ ...base(), type: "run.started", pipeline: graph.name, plan: knownPlanOf(graph.draft) });
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

/** Nobody looks at expansions but a handle. */
const watcherOf = ({ tell, ...others }: Observation): Watcher => ({
  ...others,
  event: tell,
  onExpanded: () => {},
  onOutput: () => {},
});

/** Runs a graph: its outputs, or the first failure. Nothing is left running when it ends. */
export const runGraph = (
  graph: Graph,
  inputs: Inputs,
  options: RunOptions,
): Effect.Effect<Outputs, unknown> =>
  Effect.withFiber((fiber) => {
    tellRun(graph);
    const problem = optionsProblem(options);
    if (problem !== undefined) return Effect.fail(problem);
    if (hasStore(options, fiber.context)) return runDurably(graph, inputs, options, {});
    const observation = observe(options, fiber.context);
    const decoded = decodeInputs(graph.inputs, inputs, "");
    if (observation === undefined) {
      return Effect.flatMap(decoded, (values) =>
        drive(graph, values, options, fiber, options.runId, undefined),
      );
    }
    const runId = options.runId ?? newRunId(Context.get(fiber.context, Random));
    const { tell } = observation;
    const watcher = watcherOf(observation);
    const clock = Context.get(fiber.context, Clock.Clock);
    return told(
      graph,
      runId,
      clock,
      tell,
      Effect.flatMap(decoded, (values) => drive(graph, values, options, fiber, runId, watcher)),
    );
  });

const hasStore = ({ store }: RunOptions, context: Context.Context<never>): boolean =>
  store !== undefined || Context.getOrUndefined(context, Store) !== undefined;

/** Opens the record of a run; what that needs is loaded with the first run that has a store. */
const open = (
  graph: Graph,
  inputs: Inputs | undefined,
  options: RunOptions,
  resuming: Resuming,
): Effect.Effect<Opened | Joined, OpenError> =>
  Effect.gen(function* () {
    const { openRun } = yield* Effect.promise(() => import("./open.ts"));
    const random = yield* Random;
    return yield* openRun(graph, inputs, options, () => newRunId(random), resuming);
  });

/** Tells of a store that cannot be written. Where nobody listens, the log does: a run must say why it waits. */
const tellOfTrouble = (
  { durable, runId }: Opened,
  context: Context.Context<never>,
  tell: ((event: PipelineEvent) => void) | undefined,
  isHeard: boolean,
): void => {
  const clock = Context.get(context, Clock.Clock);
  durable.onTrouble((error) => {
    const base = { runId, time: clock.currentTimeMillisUnsafe() };
    const event: PipelineEvent =
      error === undefined ? { ...base, type: "run.continued" } : { ...base, type: "run.paused", error };
    tell?.(event);
    if (isHeard) return;
    const line = error === undefined ? `Run ${runId} goes on.` : `Run ${runId} is paused. ${error.message}`;
    Effect.runForkWith(context)(Effect.annotateLogs(Effect.logWarning(line), "espalier.run", runId));
  });
};

/** Runs a graph with a record: from the beginning, or from where an earlier run of the same id stopped. */
const runDurably = (
  graph: Graph,
  inputs: Inputs | undefined,
  options: RunOptions,
  resuming: Resuming,
): Effect.Effect<Outputs, unknown> =>
  Effect.withFiber((fiber) => {
    const observation = observe(options, fiber.context);
    const watcher = observation && watcherOf(observation);
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(open(graph, inputs, options, resuming)), (run) => {
        if ("joined" in run) return restore(run.joined);
        tellOfTrouble(
          run,
          fiber.context,
          observation?.tell,
          Context.get(fiber.context, Listeners).length > 0,
        );
        const driven = Effect.onExit(
          failWhereLost(run, restore(drive(graph, run.values, options, fiber, run.runId, watcher, run))),
          run.end,
        );
        const clock = Context.get(fiber.context, Clock.Clock);
        return watcher === undefined ? driven : told(graph, run.runId, clock, watcher.event, driven);
      }),
    );
  });

/** Goes on with a run of this graph that has stopped. */
export const resumeGraph = (
  graph: Graph,
  options: RunOptions & { readonly runId: string },
  resuming: Resuming,
): Effect.Effect<Outputs, unknown> =>
  Effect.withFiber((fiber) => {
    const problem =
      optionsProblem(options) ??
      (hasStore(options, fiber.context)
        ? undefined
        : new InvalidInput({
            path: "",
            input: "store",
            issuePath: [],
            reason: "a run is resumed from a store: give one as an option, or provide it",
          }));
    return problem === undefined ? runDurably(graph, undefined, options, resuming) : Effect.fail(problem);
  });

/** Starts a run on a fiber of its own and gives its handle. The run outlives whoever started it. */
export const startGraph = (
  graph: Graph,
  inputs: Inputs,
  options: RunOptions,
): Effect.Effect<Run<Outputs, unknown>, InvalidInput | OpenError> =>
  Effect.gen(function* () {
    const streams = yield* Effect.promise(() => import("effect/Stream"));
    const problem = optionsProblem(options);
    if (problem !== undefined) return yield* Effect.fail(problem);
    const context = yield* Effect.context<never>();
    const opened = hasStore(options, context) ? yield* open(graph, inputs, options, {}) : undefined;
    const values = opened === undefined ? yield* decodeInputs(graph.inputs, inputs, "") : [];
    const runId = opened?.runId ?? options.runId ?? newRunId(Context.get(context, Random));
    const recording = new Recording(graph);
    const observation = observe(options, context);
    const tell = (event: PipelineEvent): void => {
      recording.event(event);
      observation?.tell(event);
    };
    const watcher: Watcher = {
      ...observation,
      event: tell,
      logsEvents: true,
      onExpanded: (path, subPipeline) => recording.onExpanded(path, subPipeline),
      onOutput: (path, results) => recording.onOutput(path, results),
    };
    if (opened !== undefined && "durable" in opened) tellOfTrouble(opened, context, tell, true);
    const driven = (self: Fiber<unknown, unknown>): Effect.Effect<Outputs, unknown> => {
      if (opened === undefined) return drive(graph, values, options, self, runId, watcher);
      if ("joined" in opened) return opened.joined;
      const running = drive(graph, opened.values, options, self, runId, watcher, opened);
      return Effect.onExit(failWhereLost(opened, running), opened.end);
    };
    const program = Effect.withFiber((self: Fiber<unknown, unknown>) =>
      told(graph, runId, Context.get(context, Clock.Clock), tell, driven(self)),
    );
    const fiber = Effect.runForkWith(context)(program);
    fiber.addObserver(() => recording.end());
    return {
      id: runId,
      events: recording.stream(streams),
      get plan() {
        return recording.plan;
      },
      await: Effect.flatten(fiberAwait(fiber)),
      interrupt: fiberInterrupt(fiber),
      expansions: recording.expansions,
      get report() {
        return recording.report;
      },
    };
  });

const fiberAwait = (fiber: Fiber<Outputs, unknown>): Effect.Effect<Exit.Exit<Outputs, unknown>> =>
  Effect.callback((resume) => {
    const stop = fiber.addObserver((exit) => resume(Effect.succeed(exit)));
    return Effect.sync(stop);
  });

const fiberInterrupt = (fiber: Fiber<Outputs, unknown>): Effect.Effect<void> =>
  Effect.suspend(() => {
    fiber.interruptUnsafe();
    return Effect.asVoid(fiberAwait(fiber));
  });
