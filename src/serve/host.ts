/**
 * Executes runs on behalf of a server or a runner: starts and resumes them, and, before the process stops, starts nothing
 * more and leaves active runs for other processes. Which runs it takes from the store is decided in `taking.ts`.
 */
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import { CurrentLoggers, LogToStderr, MinimumLogLevel } from "effect/References";
import type { RunInfo } from "../../types/runs.ts";
import type { UnderWay } from "../engine/seams.ts";
import { Executor, OnlyNew, OnlyUnderWay, RunOrigin } from "../engine/seams.ts";
import { RunExists, RunNotFound, StoreError } from "../errors.ts";
import { canonicalText } from "../journal/canonical.ts";
import type { RunSummary, StoreService } from "../journal/store.ts";
import { Store } from "../journal/store.ts";
import { liveRun } from "../run/live.ts";
import { resumeGraph, runGraph } from "../run/run.ts";
import { recordedOutputs } from "../run/submit.ts";
import { Runs } from "../run/runs.ts";
import type { AnySchedule } from "../schedule.ts";
import { describe } from "../values/describe.ts";
import { serviceHint } from "../workers/missing-service.ts";
import { drainable } from "./drainable-store.ts";
import { LiveFeed } from "./live-feed.ts";
import type { Starter } from "./scheduler.ts";
import type { Served, ServedPipeline } from "./served.ts";
import { pipelineOfRun, servedBy } from "./served.ts";

type Inputs = Readonly<Record<string, unknown>>;
type Outputs = Readonly<Record<string, unknown>>;

export interface Resuming {
  readonly from?: string | undefined;
  readonly retryFailed?: boolean | undefined;
}

interface Taken extends Resuming {
  /** A run that has ended by now is left as it is. */
  readonly onlyUnderWay?: boolean;
}

/** Wraps the execution of a run, which already has the services of its steps. `epoch`: the claim of the run. */
export type Around = (
  running: Effect.Effect<Outputs, unknown>,
  epoch: () => number | undefined,
) => Effect.Effect<Outputs, unknown>;

interface LiveRun {
  readonly feed: LiveFeed;
  readonly fiber: Fiber.Fiber<Outputs, unknown>;
  /** The pipeline and inputs that were requested, as text; undefined for a resumed run. */
  readonly asked: string | undefined;
  readonly began: number;
  /** Undefined until it has begun. */
  readonly engine: UnderWay | undefined;
}

/** A run that kills its process usually does so within this time. */
const provenMillis = 500;
/** A run that has nothing under way after this time, such as one that waits for an answer, does not kill its process soon. */
const idleMillis = 50;
/** A run that has left its process alive for this long does not kill it at once. */
const innocentMillis = 60_000;
/** A run that has begun this recently possibly has no running step yet. */
const newMillis = 1_000;

/** The maximum time by which an unreachable store delays the shutdown. */
const withdrawMillis = 1_000;
/** The outputs or failures of this many runs are kept; those of other runs are read from the store. */
const mostKept = 100;

const keep = <Value>(all: Map<string, Value>, runId: string, value: Value): void => {
  all.set(runId, value);
  const [oldest] = all.keys();
  if (all.size > mostKept) all.delete(oldest!);
};

/** The number of its step functions that are running. */
const workOf = ({ engine }: LiveRun): number => engine?.working ?? 0;

/** The last event of a run. */
const endOf = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit)
    ? ({ type: "run.succeeded" } as const)
    : Cause.hasInterruptsOnly(exit.cause)
      ? ({ type: "run.interrupted" } as const)
      : ({ type: "run.failed", error: Cause.squash(exit.cause) } as const);

/**
 * The context that a run inherits from its caller: the clock and the logging settings. Nothing else, since the scope of
 * a request ends before the run does.
 */
const inheritedOf = Context.pick(Clock.Clock, CurrentLoggers, MinimumLogLevel, LogToStderr);

const askedText = ({ name, only }: ServedPipeline, inputs: Inputs): string => {
  try {
    return canonicalText(JSON.stringify([name, only, inputs]));
  } catch {
    return "";
  }
};

export class Host implements Starter {
  readonly store: StoreService;
  readonly say: (line: string) => void;
  served: Served;
  readonly #live = new Map<string, LiveRun>();
  readonly #outputs = new Map<string, Outputs>();
  /** The errors of runs that failed here: the store keeps no stacks. */
  readonly #failures = new Map<string, unknown>();
  /** Runs that could be claimed and are left unchanged, with the reason. */
  readonly #left = new Map<string, string>();
  readonly #startDraining: () => void;
  readonly #release: () => void;
  readonly #hasRecorded: (runId: string) => boolean;
  #isDraining = false;
  /** Runs that are interrupted from now on are left for another process. */
  #isReleasing = false;

  readonly #isVerbose: boolean;
  readonly #around: Around | undefined;
  readonly #epochOf: (runId: string) => number | undefined;

  /**
   * `isVerbose`: also report which runs succeed, and forward the logs of their steps. `around`: wraps each run, in
   * addition to its services.
   */
  constructor(
    store: StoreService,
    served: Served,
    say: (line: string) => void,
    isVerbose = false,
    around?: Around,
  ) {
    this.#isVerbose = isVerbose;
    this.#around = around;
    const { service, epochOf, drain, release, hasRecorded } = drainable(store);
    this.#epochOf = epochOf;
    this.store = service;
    this.#startDraining = drain;
    this.#release = release;
    this.#hasRecorded = hasRecorded;
    this.served = served;
    this.say = say;
  }

  // -- Starting ------------------------------------------------------------------------------------------------------

  /** Begins a run, or joins an active run here that has the same id and inputs. */
  start(pipeline: ServedPipeline, inputs: Inputs, runId: string): Effect.Effect<void, unknown> {
    return Effect.suspend(() => {
      const asked = askedText(pipeline, inputs);
      const live = this.#live.get(runId);
      if (live !== undefined) {
        if (live.asked === asked) return Effect.void;
        const reason = "it is under way, with other inputs or of another pipeline. Give this run another id.";
        return Effect.fail(new RunExists({ runId, reason }));
      }
      return this.#begin(pipeline, runId, runGraph(pipeline.graph, inputs, this.#options(runId)), asked);
    });
  }

  startNew(
    schedule: AnySchedule,
    runId: string,
    inputs: Inputs,
  ): Effect.Effect<"started" | "taken", StoreError | { readonly message: string }> {
    return Effect.suspend(() => {
      if (this.#live.has(runId)) return Effect.succeed("taken" as const);
      const pipeline = servedBy(this.served, schedule);
      const running = Effect.provideService(
        runGraph(pipeline.graph, inputs, this.#options(runId)),
        OnlyNew,
        true,
      );
      return this.#begin(pipeline, runId, running, undefined).pipe(
        Effect.as("started" as const),
        Effect.catch((error) =>
          error instanceof RunExists
            ? Effect.succeed("taken" as const)
            : Effect.fail(error instanceof StoreError ? error : { message: describe(error) }),
        ),
      );
    });
  }

  /** Fails with `RunNotFound` if there is no such run. */
  resumeById(runId: string, resuming: Resuming): Effect.Effect<void, unknown> {
    return Effect.flatMap(this.store.summary(runId), (run) =>
      run === undefined ? Effect.fail(new RunNotFound({ runId })) : this.resume(run, resuming),
    );
  }

  resume(run: RunSummary, { onlyUnderWay = false, ...resuming }: Taken): Effect.Effect<void, unknown> {
    return Effect.suspend(() => {
      if (this.#live.has(run.id)) {
        const reason = "it is under way: only a run that has ended can be resumed from an earlier step.";
        return Effect.fail(new RunExists({ runId: run.id, reason }));
      }
      const pipeline = pipelineOfRun(this.served, run);
      if (pipeline === undefined) return Effect.fail(notServed(run));
      this.#left.delete(run.id);
      const resumed = resumeGraph(pipeline.graph, this.#options(run.id), {
        ...resuming,
        isChecked: !run.isUnchecked,
      });
      const running = Effect.provideService(resumed, OnlyUnderWay, onlyUnderWay);
      return this.#begin(pipeline, run.id, running, undefined);
    });
  }

  #options(runId: string): { readonly runId: string; readonly metrics: boolean } {
    return { runId, metrics: this.#around !== undefined };
  }

  /** Begins a run and returns once it has begun; fails if it cannot begin. */
  #begin(
    pipeline: ServedPipeline,
    runId: string,
    running: Effect.Effect<Outputs, unknown>,
    asked: string | undefined,
  ): Effect.Effect<void, unknown> {
    const { graph, name, file, layer, only } = pipeline;
    return Effect.contextWith((around: Context.Context<never>) =>
      Effect.callback<void, unknown>((begun) => {
        const inherited = inheritedOf(around);
        const clock = Context.get(inherited, Clock.Clock);
        if (this.#isDraining) {
          begun(
            Effect.fail(new RunExists({ runId, reason: "the server is stopping and starts no more runs." })),
          );
          return;
        }
        let engine: UnderWay | undefined;
        const { store } = this;
        const feed = new LiveFeed((listener) => {
          if (engine === undefined) return undefined;
          liveRun(store, runId)?.hear(listener);
          return engine.started();
        });
        this.#failures.delete(runId);
        const began = (run: UnderWay): void => {
          // A step can run another pipeline, whose events do not belong to this run.
          if (run.runId !== runId || engine !== undefined) return;
          engine = run;
          feed.begin();
          begun(Effect.void);
        };
        const within = this.#around?.(running, () => this.#epochOf(runId)) ?? running;
        const served = layer === undefined ? within : Effect.provide(within, layer);
        const fiber = Effect.runForkWith(inherited)(
          served.pipe(
            Effect.provideService(Executor, { began, showsLines: !this.#isVerbose }),
            Effect.provideService(RunOrigin, JSON.stringify({ file, exportName: name, only })),
            Effect.provideService(Store, store),
          ),
        );
        const live: LiveRun = {
          feed,
          fiber,
          asked,
          began: performance.now(),
          get engine() {
            return engine;
          },
        };
        this.#live.set(runId, live);
        fiber.addObserver((exit) => {
          if (this.#live.get(runId)?.feed === feed) this.#live.delete(runId);
          if (Exit.isSuccess(exit)) {
            keep(this.#outputs, runId, exit.value);
            if (this.#isVerbose) this.say(`Run ${runId} of "${graph.name}" succeeded.`);
          } else if (engine !== undefined && !Cause.hasInterruptsOnly(exit.cause))
            this.say(`Run ${runId} of "${graph.name}" failed: ${failureText(exit.cause, pipeline)}`);
          if (Exit.isFailure(exit)) keep(this.#failures, runId, Cause.squash(exit.cause));
          const time = clock.currentTimeMillisUnsafe();
          // A run that is left for another process has not ended: it continues there.
          const isLeft = this.#isReleasing && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause);
          if (engine !== undefined && !isLeft) feed.event({ ...endOf(exit), runId, time });
          feed.end();
          if (engine === undefined)
            begun(Exit.isFailure(exit) ? Effect.fail(Cause.squash(exit.cause)) : Effect.void);
        });
      }),
    );
  }

  // -- Watching ------------------------------------------------------------------------------------------------------

  readonly feedOf = (runId: string): LiveFeed | undefined => this.#live.get(runId)?.feed;

  readonly failureOf = (runId: string): unknown => this.#failures.get(runId);

  /** Has the run succeeded here, perhaps with code that is no longer served? */
  readonly hasOutputs = (runId: string): boolean => this.#outputs.has(runId);

  /** The outputs of a run that has succeeded; from its record if it ended in another process. */
  outputs(run: RunInfo): Effect.Effect<Outputs, unknown> {
    return Effect.suspend(() => {
      const known = this.#outputs.get(run.id);
      if (known !== undefined) return Effect.succeed(known);
      const pipeline = pipelineOfRun(this.served, run);
      if (pipeline === undefined) return Effect.fail(notServed(run));
      const { graph, layer } = pipeline;
      const reading = recordedOutputs(graph, this.store, run.id);
      return Effect.tap(layer === undefined ? reading : Effect.provide(reading, layer), (outputs) =>
        Effect.sync(() => keep(this.#outputs, run.id, outputs)),
      );
    });
  }

  // -- Steering ------------------------------------------------------------------------------------------------------

  readonly cancel = (runId: string): Effect.Effect<void> =>
    Effect.ignore(Effect.provideService(Runs.cancel(runId), Store, this.store));

  readonly isGivenUp = (runId: string): boolean => this.#left.has(runId);
  readonly isLive = (runId: string): boolean => this.#live.has(runId);

  /** Has a step of it succeeded in this process, or has it run or waited for long enough without ending the process? */
  isProven(runId: string): boolean {
    const live = this.#live.get(runId);
    if (live === undefined || this.#hasRecorded(runId)) return true;
    const age = performance.now() - live.began;
    return age > provenMillis || (age > idleMillis && live.engine !== undefined && workOf(live) === 0);
  }

  /** If the process dies now, is another cause likely? True if a step of the run has succeeded here, if it has nothing under way, or after a while. */
  isInnocent(runId: string): boolean {
    const live = this.#live.get(runId);
    if (live === undefined) return false;
    const age = performance.now() - live.began;
    return this.#hasRecorded(runId) || age > innocentMillis || (age > newMillis && workOf(live) === 0);
  }

  /** Leaves a run unchanged that could be claimed, and reports the reason once. */
  leave(runId: string, reason: string): void {
    if (this.#left.get(runId) === reason) return;
    this.#left.set(runId, reason);
    this.say(`Run ${runId} ${reason}`);
  }

  /** The number of runs that are doing work here. Runs that only wait are not counted. */
  get busy(): number {
    const now = performance.now();
    return [...this.#live.values()].filter((live) => workOf(live) > 0 || now - live.began < newMillis).length;
  }

  readonly isDraining = (): boolean => this.#isDraining;

  // -- Stopping ------------------------------------------------------------------------------------------------------

  /** The number of steps that are doing work of their own. */
  get working(): number {
    let count = 0;
    for (const live of this.#live.values()) count += workOf(live);
    return count;
  }

  /**
   * Starts nothing more, waits at most this long for running steps, and leaves each run for another process, or the next
   * one, to resume.
   */
  drain(millis: number): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      this.#isDraining = true;
      yield* Effect.ignore(Effect.timeout(this.store.announce(undefined), withdrawMillis));
      this.#startDraining();
      const until = (yield* Clock.currentTimeMillis) + millis;
      while (this.working > 0 && (yield* Clock.currentTimeMillis) < until) yield* Effect.sleep(20);
      this.#isReleasing = true;
      this.#release();
      const fibers = [...this.#live.values()].map(({ fiber }) => fiber);
      if (fibers.length > 0)
        this.say(`${fibers.length} ${fibers.length === 1 ? "run" : "runs"} can be resumed.`);
      yield* Fiber.interruptAll(fibers);
    });
  }
}

/** The failure of a run as text; if a service is missing, also how to provide it. */
const failureText = (cause: Cause.Cause<unknown>, { file, layer }: ServedPipeline): string => {
  const error = Cause.squash(cause);
  const hint = serviceHint(error, { file, layer });
  return hint === undefined ? describe(error) : `${describe(error)} ${hint}`;
};

const notServed = ({ id, pipeline }: Pick<RunInfo, "id" | "pipeline">): RunExists =>
  new RunExists({
    runId: id,
    reason: `it is a run of "${pipeline}", which this server does not serve. Serve the file that exports it.`,
  });
