/** The limits of a run, and its use of those on expansion. */
import type { PoolLimits } from "../../types/pool.ts";
import { ExpansionError } from "../errors.ts";
import type { Frame } from "./frame.ts";

export interface Limits {
  readonly concurrency: number;
  readonly pools: Readonly<Record<string, number | PoolLimits>>;
  readonly maxSteps: number;
  readonly maxDepth: number;
  /** `onFailure: "finish"`: everything that does not depend on a failure still runs. */
  readonly finish: boolean;
  /** `onFailure: "compensate"`: a failure undoes what has succeeded. */
  readonly compensate: boolean;
  readonly graceMillis: number;
}

export class ExpansionBudget {
  readonly #limits: Limits;
  #steps = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** How many more steps the run may expand to. */
  get left(): number {
    return this.#limits.maxSteps - this.#steps;
  }

  /** Counts the steps of an expansion; returns an error if there are too many. */
  add(steps: number, frame: Frame, index: number): ExpansionError | undefined {
    const { maxSteps } = this.#limits;
    const total = this.#steps + steps;
    if (total <= maxSteps) {
      this.#steps = total;
      return undefined;
    }
    const reason = `Its ${steps} steps would bring the expanded steps of this run to ${total}, but maxSteps is ${maxSteps}. If that is intended, give the run a larger maxSteps.`;
    return new ExpansionError({ path: frame.pathOf(index), reason });
  }

  /** An error if a node of this frame must not expand to another graph. */
  depthProblem(frame: Frame, index: number): ExpansionError | undefined {
    const { maxDepth } = this.#limits;
    if (frame.depth < maxDepth) return undefined;
    const reason = `It would nest ${frame.depth + 1} deep, but maxDepth is ${maxDepth}. Does it expand forever? If not, give the run a larger maxDepth.`;
    return new ExpansionError({ path: frame.pathOf(index), reason });
  }
}
