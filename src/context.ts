/**
 * What a step is told beside its inputs: where it stands in the run, which attempt this is, and the signal to stop by.
 * Functions get it as their last parameter, Effects as the service `CurrentStep`.
 */
import * as Context from "effect/Context";
import type { StepContext } from "../types/context.ts";

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
  readonly log: (path: string, attempt: number, message: ReadonlyArray<unknown>) => void;
  readonly progress: (path: string, attempt: number, fraction: number, note: string | undefined) => void;
}

/** What a context tells of: one call of a step's function. */
interface Told {
  readonly host: ContextHost;
  readonly path: string;
  readonly count: number;
  readonly index: number;
  readonly isItem: boolean;
  readonly signal: AbortSignal;
}

/**
 * The context of one call. Each part is made when it is asked for: most steps ask for none, and a run of a million
 * steps makes a million of these.
 */
export class RunningContext implements StepContext {
  readonly #call: Told;

  constructor(call: Told) {
    this.#call = call;
  }

  get path(): string {
    return this.#call.path;
  }

  get attempt(): number {
    return this.#call.count;
  }

  get index(): number {
    return this.#call.isItem ? this.#call.index : (undefined as never);
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get idempotencyKey(): string {
    return `${this.#call.host.runId}/${this.path}`;
  }

  get log(): StepContext["log"] {
    const { host, path, count } = this.#call;
    return (...message) => host.log(path, count, message);
  }

  get progress(): StepContext["progress"] {
    const { host, path, count } = this.#call;
    return (fraction, note) => host.progress(path, count, fraction, note);
  }
}
