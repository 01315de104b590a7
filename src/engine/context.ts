/**
 * The context of a step, which it receives in addition to its inputs: its path in the run, the attempt, and the signal to stop by.
 * Functions get it as their last parameter, Effects as the service `CurrentStep`.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import { Prototype } from "effect/Effectable";
import type { Fiber } from "effect/Fiber";
import type { StepContext } from "../../types/context.ts";
import { addressOf, compensationOf } from "../path.ts";
import type { Readers } from "./readers.ts";
import { roomFor } from "./readers.ts";

/**
 * The step that is running, for steps that return Effects.
 *
 * @example
 * ```ts
 * import { CurrentStep, pipeline } from "espalier";
 * import * as Effect from "effect/Effect";
 *
 * const where = pipeline("where").step("path", [], () => Effect.map(CurrentStep, (step) => step.path));
 * console.log(await where.runPromise({})); // { path: "path" }
 * ```
 *
 * @public
 */
export class CurrentStep extends Context.Service<CurrentStep, StepContext>()("espalier/CurrentStep") {}

// `yield* CurrentStep` returns the same as a function's last parameter. Internally, a step's context is one small object.
const evaluate = (fiber: Fiber<unknown, unknown>): Effect.Effect<StepContext> =>
  Effect.succeed(spreadable(Context.get(fiber.context as Context.Context<CurrentStep>, CurrentStep)));
const readsContext = Prototype<typeof CurrentStep>({ label: "CurrentStep", evaluate });
for (const key of Reflect.ownKeys(readsContext)) {
  const value: unknown = Reflect.get(readsContext, key);
  if (value === evaluate) Object.defineProperty(CurrentStep, key, { value });
}

/** What a context needs to know of its run. */
export interface ContextHost {
  readonly runId: string;
  readonly log: (step: RunningContext, message: ReadonlyArray<unknown>) => void;
  readonly emitter: {
    readonly watcher: Readers | undefined;
    readonly emitted: (step: StepContext, value: unknown) => void;
    readonly progressed: (step: StepContext, fraction: number, note: string | undefined) => void;
  };
  readonly fork: (effect: Effect.Effect<void>) => Fiber<void>;
}

/** The location of a step: its frame, or for a turn, its loop. */
export interface Place {
  /** Do its steps have an index, like the items of a map and the turns of a loop? */
  readonly isCounted: boolean;
  readonly pathOf: (index: number) => string;
  /** Whether the step has its outcome: work that it left behind has nothing more to report. */
  readonly hasEnded: (index: number) => boolean;
}

/**
 * The context of one call. Each part is created on first use: most steps use none, and a run of a million
 * steps creates a million of these.
 */
export class RunningContext implements StepContext {
  readonly #host: ContextHost;
  readonly #place: Place;
  readonly #index: number;
  readonly #attempt: number;
  /** Created when the signal is read; a reason: the signal fired before it was read. */
  #controller: AbortController | { readonly reason: unknown } | undefined = undefined;

  constructor(host: ContextHost, place: Place, index: number, attempt: number) {
    this.#host = host;
    this.#place = place;
    this.#index = index;
    this.#attempt = attempt;
  }

  get runId(): string {
    return this.#host.runId;
  }

  get path(): string {
    return this.#place.pathOf(this.#index);
  }

  get attempt(): number {
    return this.#attempt;
  }

  get index(): number {
    return this.#place.isCounted ? this.#index : (undefined as never);
  }

  get signal(): AbortSignal {
    const made = this.#controller;
    if (made instanceof AbortController) return made.signal;
    const controller = new AbortController();
    if (made !== undefined) controller.abort(made.reason);
    this.#controller = controller;
    return controller.signal;
  }

  /** Fires the signal, now or when it is first read. Not a method: users hold the context. */
  static abort(context: RunningContext, reason: unknown): void {
    const made = context.#controller;
    if (made === undefined) context.#controller = { reason };
    else if (made instanceof AbortController) made.abort(reason);
  }

  /** Resolves in a later turn of the event loop. */
  static turn(context: RunningContext): Promise<void> {
    return new Promise((resolve) => {
      context.#host.fork(Effect.yieldNow).addObserver(() => resolve());
    });
  }

  get idempotencyKey(): string {
    return addressOf(this.#host.runId, this.path);
  }

  get log(): StepContext["log"] {
    return (...message) => this.#host.log(this, message);
  }

  get progress(): StepContext["progress"] {
    return (fraction, note) => {
      if (!this.#place.hasEnded(this.#index)) this.#host.emitter.progressed(this, fraction, note);
    };
  }

  get emit(): StepContext["emit"] {
    return (value) => {
      if (!this.#place.hasEnded(this.#index)) this.#host.emitter.emitted(this, value);
    };
  }

  /** Resolves when the run's watchers have caught up; undefined if they are not far behind. */
  static room(context: RunningContext): Promise<void> | undefined {
    const { emitter, fork } = context.#host;
    return roomFor(emitter.watcher, (effect) => fork.call(context.#host, effect), context.signal);
  }
}

/** The context of a compensation: that of the step, with its own idempotency key. */
export class CompensatingContext extends RunningContext {
  override get idempotencyKey(): string {
    return compensationOf(super.idempotencyKey);
  }
}

/**
 * The same context as an object of own properties, so that it can be spread and destructured with a rest. It can cost
 * more than the step itself, so it is created only for functions that take a context. The signal is created when it is read.
 */
class SpreadableContext implements StepContext {
  readonly runId: string;
  readonly path: string;
  readonly attempt: number;
  declare readonly index: number;
  declare readonly signal: AbortSignal;
  readonly idempotencyKey: string;
  readonly log: StepContext["log"];
  readonly progress: StepContext["progress"];
  readonly emit: StepContext["emit"];

  constructor(context: RunningContext) {
    const { runId, path, attempt, index, idempotencyKey, log, progress, emit } = context;
    this.runId = runId;
    this.path = path;
    this.attempt = attempt;
    if (index !== undefined) this.index = index;
    this.idempotencyKey = idempotencyKey;
    this.log = log;
    this.progress = progress;
    this.emit = emit;
    Object.defineProperty(this, "signal", { get: () => context.signal, enumerable: true });
  }
}

export const spreadable = (context: StepContext): StepContext =>
  context instanceof RunningContext ? new SpreadableContext(context) : context;
