/** A client of a cluster: submits runs, waits for them and controls them, using only the store. It executes nothing. */
import { randomUUID } from "node:crypto";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import type { Typed } from "../../types/provided.ts";
import type { StoreLayer } from "../../types/store.ts";
import type { OutputsOf } from "../../types/types-of.ts";
import type { ClientParameters } from "../client/types.ts";
import { expandable } from "../engine/graph.ts";
import type {
  CancelRefused,
  RunExists,
  RunNotFound,
  SignalRefused,
  StoreCorrupt,
  StoreError,
  SubmittedRunFailed,
} from "../errors.ts";
import { InvalidInput } from "../errors.ts";
import type { StoreService } from "../journal/store.ts";
import { Store } from "../journal/store.ts";
import { asPromise } from "../run/promises.ts";
import { Runs } from "../run/runs.ts";
import { Signal } from "../run/signal.ts";
import { recordedOutputs, submitNamed, submitRun } from "../run/submit.ts";
import type { ClusterDatabase } from "./database.ts";
import { storeOf } from "./database.ts";
import { ended } from "./endings.ts";

/**
 * Options for submitting a run.
 *
 * @public
 */
export interface ClusterStart {
  /** The id of the run; a new one by default. Submitting the same id and inputs again refers to the same run. */
  readonly runId?: string;
}

/**
 * A submitted run.
 *
 * @public
 */
export interface ClusterRun {
  /** The id of the run. */
  readonly id: string;
}

/**
 * The errors that submitting a run can fail with.
 *
 * @public
 */
export type SubmitError = InvalidInput | RunExists | StoreError | StoreCorrupt;

/**
 * A client of a cluster.
 *
 * @public
 */
export interface ClusterClient {
  /** Submits a run, which a runner executes. The inputs are checked here, or by the runner if the pipeline is given by name. */
  readonly start: {
    <P extends Typed<any, any, any, any>>(
      pipeline: P,
      ...parameters: ClientParameters<P, ClusterStart>
    ): Effect.Effect<ClusterRun, SubmitError>;
    (
      name: string,
      inputs?: Readonly<Record<string, unknown>>,
      options?: ClusterStart,
    ): Effect.Effect<ClusterRun, SubmitError>;
  };
  /** Submits a run and waits for its outputs. When interrupted, it stops waiting, but the run continues. */
  readonly run: <P extends Typed<any, any, any, any>>(
    pipeline: P,
    ...parameters: ClientParameters<P, ClusterStart>
  ) => Effect.Effect<OutputsOf<P>, SubmitError | SubmittedRunFailed | RunNotFound>;
  /** Cancels a run in any process. A run that no process has claimed is never executed. */
  readonly cancel: (
    runId: string,
  ) => Effect.Effect<void, RunNotFound | CancelRefused | InvalidInput | StoreError | StoreCorrupt>;
  /** Sends a value to a waiting step: `"delivered"` immediately, or `"kept"` until the step waits. */
  readonly signal: (
    runId: string,
    path: string,
    value: unknown,
  ) => Effect.Effect<
    "delivered" | "kept",
    RunNotFound | SignalRefused | InvalidInput | StoreError | StoreCorrupt
  >;
  /** `start` as a Promise. */
  readonly startPromise: {
    <P extends Typed<any, any, any, any>>(
      pipeline: P,
      ...parameters: ClientParameters<P, ClusterStart>
    ): Promise<ClusterRun>;
    (name: string, inputs?: Readonly<Record<string, unknown>>, options?: ClusterStart): Promise<ClusterRun>;
  };
  /** `run` as a Promise. */
  readonly runPromise: <P extends Typed<any, any, any, any>>(
    pipeline: P,
    ...parameters: ClientParameters<P, ClusterStart>
  ) => Promise<OutputsOf<P>>;
  /** `cancel` as a Promise. */
  readonly cancelPromise: (runId: string) => Promise<void>;
  /** `signal` as a Promise. */
  readonly signalPromise: (runId: string, path: string, value: unknown) => Promise<"delivered" | "kept">;
}

/** An idle store is closed after this time, so that it does not keep the process alive. */
const idleMillis = 1_000;

interface Opened {
  readonly scope: Scope.Closeable;
  readonly store: Promise<StoreService>;
}

/** Opens a store on demand, and closes it once it is idle. */
class Held {
  readonly #layer: StoreLayer;
  #users = 0;
  #open: Opened | undefined = undefined;
  #closing: NodeJS.Timeout | undefined = undefined;

  constructor(layer: StoreLayer) {
    this.#layer = layer;
  }

  use<Value, Failure>(
    ask: (store: StoreService) => Effect.Effect<Value, Failure>,
  ): Effect.Effect<Value, Failure | StoreError | StoreCorrupt> {
    return Effect.acquireUseRelease(
      Effect.tryPromise({ try: () => this.#enter(), catch: (error) => error as StoreError | StoreCorrupt }),
      ask,
      () => Effect.sync(() => this.#leave()),
    );
  }

  async #enter(): Promise<StoreService> {
    clearTimeout(this.#closing);
    this.#users++;
    this.#open ??= this.#build();
    try {
      return await this.#open.store;
    } catch (error) {
      this.#open = undefined;
      this.#users--;
      throw error;
    }
  }

  #build(): Opened {
    const scope = Scope.makeUnsafe();
    const built = Effect.map(Layer.buildWithScope(this.#layer, scope), (context) =>
      Context.get(context, Store),
    );
    return { scope, store: Effect.runPromise(built) };
  }

  #leave(): void {
    this.#users--;
    if (this.#users > 0) return;
    this.#closing = setTimeout(() => {
      const scope = this.#open?.scope;
      this.#open = undefined;
      if (scope !== undefined) Effect.runFork(Scope.close(scope, Exit.void));
    }, idleMillis);
  }
}

const graphOf = (pipeline: unknown) => {
  const graph = expandable(pipeline);
  if (graph !== undefined) return Effect.succeed(graph);
  const reason = "it must be a pipeline or, for start, the name of one";
  return Effect.fail(new InvalidInput({ path: "", input: "pipeline", issuePath: [], reason }));
};

type Inputs = Readonly<Record<string, unknown>>;

/** A client of the processes that execute the runs of a database. */
export const client = (database: ClusterDatabase): ClusterClient => {
  const held = new Held(storeOf(database));
  const start = (
    pipeline: unknown,
    inputs: Inputs = {},
    { runId = randomUUID() }: ClusterStart = {},
  ): Effect.Effect<ClusterRun, SubmitError> =>
    held.use((store) => {
      const submitted =
        typeof pipeline === "string"
          ? submitNamed(pipeline, inputs, { store, runId })
          : Effect.flatMap(graphOf(pipeline), (graph) => submitRun(graph, inputs, { store, runId }));
      return Effect.as(submitted, { id: runId });
    });
  const run = (pipeline: unknown, inputs?: Inputs, options?: ClusterStart) =>
    held.use((store) =>
      Effect.gen(function* () {
        const graph = yield* graphOf(pipeline);
        const { id } = yield* start(pipeline, inputs, options);
        yield* ended(store, id);
        return yield* recordedOutputs(graph, store, id);
      }),
    );
  const cancel: ClusterClient["cancel"] = (runId) =>
    held.use((store) => Effect.provideService(Runs.cancel(runId), Store, store));
  const signal: ClusterClient["signal"] = (runId, path, value) =>
    held.use((store) => Effect.provideService(Signal.send(runId, path, value), Store, store));
  return {
    start: start as ClusterClient["start"],
    run: run as ClusterClient["run"],
    cancel,
    signal,
    startPromise: asPromise(start) as ClusterClient["startPromise"],
    runPromise: asPromise(run) as ClusterClient["runPromise"],
    cancelPromise: asPromise(cancel),
    signalPromise: asPromise(signal),
  };
};
