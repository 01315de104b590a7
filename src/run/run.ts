/**
 * A run from its inputs to its end: its options are checked, it is opened (with a journal if there is a store) and driven.
 * The caller gets the outputs (`run`, `resume`) or a handle to watch it (`start`).
 */
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import type { RunOptions } from "../../types/options.ts";
import type { Run } from "../../types/run.ts";
import type { Graph } from "../engine/graph.ts";
import { decodeInputs } from "../engine/inputs.ts";
import type { Watcher } from "../engine/emitter.ts";
import { PoolNames } from "../engine/pool-names.ts";
import { Listeners, tellRun } from "../engine/seams.ts";
import { InvalidInput } from "../errors.ts";
import type { PipelineEvent } from "../events.ts";
import { Store } from "../journal/store.ts";
import type { Observation } from "../observe/observe.ts";
import { observe } from "../observe/observe.ts";
import { interruptOn, stoppedBy } from "./abort.ts";
import type { Session } from "./drive.ts";
import { driven, told, tellOfTrouble } from "./drive.ts";
import type { LiveRun } from "./live.ts";
import { reserve } from "./live.ts";
import type { Joined, OpenError, Restore, Resuming } from "./open.ts";
import { optionsProblem } from "./options.ts";
import { Random } from "./random.ts";
import { Recording } from "./record.ts";
import { newRunId } from "./run-id.ts";
import { refusalInMemory } from "./signal.ts";

type Inputs = Readonly<Record<string, unknown>>;
type Outputs = Record<string, unknown>;

/** A caller's request. */
interface Request {
  readonly graph: Graph;
  /** Undefined to resume the run of `options.runId`. */
  readonly inputs: Inputs | undefined;
  readonly options: RunOptions;
  readonly resuming: Resuming;
}

const hasStore = ({ store }: RunOptions, context: Context.Context<never>): boolean =>
  store !== undefined || Context.getOrUndefined(context, Store) !== undefined;

/** A run without a store is a session without a journal. */
const openInMemory = (
  { graph, inputs, options }: Request,
  context: Context.Context<never>,
  isWatched: boolean,
): Effect.Effect<Session, InvalidInput> => {
  const newId = (): string => newRunId(Context.get(context, Random));
  const enter = (runId: string = newId()): LiveRun => {
    const live = reserve(runId, undefined);
    const clock = Context.get(context, Clock.Clock);
    live.open(undefined, () => clock.currentTimeMillisUnsafe(), refusalInMemory(graph));
    return live;
  };
  const runId = options.runId ?? (isWatched ? newId() : undefined);
  return Effect.map(decodeInputs(graph.inputs, inputs ?? {}, ""), (values) => ({
    values,
    runId,
    journal: undefined,
    live: undefined,
    enter,
    lost: () => undefined,
    end: undefined,
  }));
};

/** Opens a run with a journal. The modules for that are loaded with the first run that has a store. */
const openInStore = (request: Request, restore: Restore): Effect.Effect<Session | Joined, OpenError> =>
  Effect.gen(function* () {
    const { openRun } = yield* restore(Effect.promise(() => import("./open.ts")));
    const { graph, inputs, options, resuming } = request;
    const random = yield* Random;
    return yield* openRun(graph, inputs, options, () => newRunId(random), resuming, restore);
  });

/** The problem with the pools that the graph's steps and the run's options name. */
const poolProblem = ({ graph, options }: Request): InvalidInput | undefined => {
  if (graph.pools === undefined && options.pools === undefined) return undefined;
  const names = new PoolNames(options.pools ?? {});
  const reason = names.admit(graph.pools ?? []);
  if (reason !== undefined) return new InvalidInput({ path: "", input: "pools", issuePath: [], reason });
  const misspelt = names.misspelt();
  return (
    misspelt &&
    new InvalidInput({ path: "", input: "pools", issuePath: [misspelt.name], reason: misspelt.reason })
  );
};

const problemOf = (request: Request, context: Context.Context<never>): InvalidInput | undefined => {
  const { inputs, options } = request;
  const problem = optionsProblem(options) ?? poolProblem(request);
  if (problem !== undefined || inputs !== undefined || hasStore(options, context)) return problem;
  const reason = "a run is resumed from a store: give one as an option, or provide it";
  return new InvalidInput({ path: "", input: "store", issuePath: [], reason });
};

/** A watcher without a handle: only a handle looks at expansions and outputs. */
const watcherOf = ({ tell, ...others }: Observation): Watcher => ({
  ...others,
  event: tell,
  onExpanded: () => {},
  onOutput: () => {},
});

/** The outputs of a run, or its first failure. Nothing is left running when it ends. */
const outputsOf = (request: Request): Effect.Effect<Outputs, unknown> =>
  Effect.withFiber((fiber) => {
    const { graph, options } = request;
    tellRun(graph);
    const problem = problemOf(request, fiber.context);
    if (problem !== undefined) return Effect.fail(problem);
    return stoppedBy(options.signal, running(request));
  });

const running = (request: Request): Effect.Effect<Outputs, unknown> =>
  Effect.withFiber((fiber) => {
    const { graph, options } = request;
    const observation = observe(options, fiber.context);
    const watcher = observation && watcherOf(observation);
    const clock = Context.get(fiber.context, Clock.Clock);
    const watched = (
      runId: string,
      effect: Effect.Effect<Outputs, unknown>,
    ): Effect.Effect<Outputs, unknown> =>
      watcher === undefined ? effect : told(graph, runId, clock, watcher.event, effect);
    if (!hasStore(options, fiber.context)) {
      const opening = openInMemory(request, fiber.context, watcher !== undefined);
      return Effect.flatMap(opening, (session) =>
        watched(session.runId ?? "", driven(graph, session, options, fiber, watcher)),
      );
    }
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(openInStore(request, restore), (session) => {
        if ("joined" in session) {
          if (watcher !== undefined) session.live.hear(watcher.event);
          return restore(watched(session.runId, session.joined));
        }
        const isHeard = Context.get(fiber.context, Listeners).length > 0;
        const { live } = session;
        const tell = observation?.tell ?? ((event: PipelineEvent): void => live?.tell(event));
        tellOfTrouble(session, fiber.context, tell, isHeard);
        return watched(session.runId!, driven(graph, session, options, fiber, watcher, restore));
      }),
    );
  });

/** Runs a graph. */
export const runGraph = (
  graph: Graph,
  inputs: Inputs,
  options: RunOptions,
): Effect.Effect<Outputs, unknown> => outputsOf({ graph, inputs, options, resuming: {} });

/** Resumes a run of this graph that has stopped. */
export const resumeGraph = (
  graph: Graph,
  options: RunOptions & { readonly runId: string },
  resuming: Resuming,
): Effect.Effect<Outputs, unknown> => outputsOf({ graph, inputs: undefined, options, resuming });

/** Starts a run on its own fiber and returns its handle. The run outlives the fiber that started it. */
export const startGraph = (
  graph: Graph,
  inputs: Inputs,
  options: RunOptions,
): Effect.Effect<Run<Outputs, unknown>, OpenError> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const streams = yield* Effect.promise(() => import("effect/Stream"));
      const context = yield* Effect.context<never>();
      const request: Request = { graph, inputs, options, resuming: {} };
      const problem = problemOf(request, context);
      if (problem !== undefined) return yield* Effect.fail(problem);
      const { signal } = options;
      if (signal?.aborted === true) return yield* Effect.interrupt;
      const session = hasStore(options, context)
        ? yield* openInStore(request, restore)
        : yield* restore(openInMemory(request, context, true));
      const runId = session.runId!;
      if ("joined" in session && session.live.recording !== undefined) {
        const { live, joined } = session;
        return handleOf(
          runId,
          session.live.recording,
          streams,
          stoppedBy(signal, joined),
          Effect.sync(() => live.cancel()),
        );
      }
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
        waitForReaders: (caughtUp) => recording.waitForReaders(caughtUp),
      };
      if ("joined" in session) session.live.hear(tell);
      else {
        if (session.live !== undefined) session.live.recording = recording;
        tellOfTrouble(session, context, tell, true);
      }
      const program = Effect.withFiber((self: Fiber<unknown, unknown>) =>
        told(
          graph,
          runId,
          Context.get(context, Clock.Clock),
          tell,
          "joined" in session ? session.joined : driven(graph, session, options, self, watcher),
        ),
      );
      const fiber = Effect.runForkWith(context)(program);
      interruptOn(signal, fiber);
      fiber.addObserver(() => recording.end());
      return handleOf(runId, recording, streams, Effect.flatten(fiberAwait(fiber)), fiberInterrupt(fiber));
    }),
  );

const handleOf = (
  id: string,
  recording: Recording,
  streams: typeof import("effect/Stream"),
  result: Effect.Effect<Outputs, unknown>,
  interrupt: Effect.Effect<void>,
): Run<Outputs, unknown> => ({
  id,
  events: recording.stream(streams),
  get plan() {
    return recording.plan;
  },
  await: result,
  interrupt,
  expansions: recording.expansions,
  get report() {
    return recording.report;
  },
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
