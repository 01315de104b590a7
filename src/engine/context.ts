/**
 * What a step is told beside its inputs: where it stands in the run, which attempt this is, and the signal to stop by.
 * Functions get it as their last parameter, Effects as the service `CurrentStep`.
 */
import * as Context from "effect/Context";
import type { StepContext } from "../../types/context.ts";
import { addressOf } from "../path.ts";

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

/** What a context needs to know of its run. */
export interface ContextHost {
  readonly runId: string;
  readonly log: (step: RunningContext, message: ReadonlyArray<unknown>) => void;
  readonly progress: (path: string, attempt: number, fraction: number, note: string | undefined) => void;
}

/** Where a step stands: its frame. */
interface Place {
  readonly map: unknown;
  readonly pathOf: (index: number) => string;
}

/**
 * The context of one call. Each part is made when it is asked for: most steps ask for none, and a run of a million
 * steps makes a million of these.
 */
export class RunningContext implements StepContext {
  readonly #host: ContextHost;
  readonly #place: Place;
  readonly #index: number;
  readonly #attempt: number;
  /** Made when the signal is asked for; true: the signal has fired before anybody asked. */
  #controller: AbortController | true | undefined = undefined;

  constructor(host: ContextHost, place: Place, index: number, attempt: number) {
    this.#host = host;
    this.#place = place;
    this.#index = index;
    this.#attempt = attempt;
  }

  get path(): string {
    return this.#place.pathOf(this.#index);
  }

  get attempt(): number {
    return this.#attempt;
  }

  get index(): number {
    return this.#place.map === undefined ? (undefined as never) : this.#index;
  }

  get signal(): AbortSignal {
    const made = this.#controller;
    if (made !== undefined && made !== true) return made.signal;
    const controller = new AbortController();
    if (made === true) controller.abort();
    this.#controller = controller;
    return controller.signal;
  }

  /** Fires the signal, now or when it is first asked for. Not a method: users hold the context. */
  static abort(context: RunningContext): void {
    const made = context.#controller;
    if (made === undefined) context.#controller = true;
    else if (made !== true) made.abort();
  }

  /** The id of a step's run. Not a field either. */
  static runOf(context: RunningContext | undefined): string | undefined {
    return context === undefined ? undefined : context.#host.runId;
  }

  get idempotencyKey(): string {
    return addressOf(this.#host.runId, this.path);
  }

  get log(): StepContext["log"] {
    return (...message) => this.#host.log(this, message);
  }

  get progress(): StepContext["progress"] {
    const { path, attempt } = this;
    return (fraction, note) => this.#host.progress(path, attempt, fraction, note);
  }
}
