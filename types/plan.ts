/** The graph of a pipeline as plain data, before a run or while it expands. */

/**
 * How a step obtains its outputs: from its function (`step`), from an expansion (`dynamic`, `map`, `switch`, `loop`, `race`), or
 * by waiting for an external value (`await`) or for time to pass (`sleep`). `when` decides whether other steps run, and
 * `finally` runs once its inputs have ended, successfully or not.
 *
 * @public
 */
export type StepKind =
  | "step"
  | "dynamic"
  | "map"
  | "switch"
  | "loop"
  | "race"
  | "await"
  | "sleep"
  | "when"
  | "finally";

/**
 * One input of a step.
 *
 * @public
 */
export interface PlanEdge {
  /** The name of the input. */
  readonly name: string;
  /** The path of the step that provides it; empty for a pipeline input. */
  readonly from: string;
}

/**
 * One step of a plan.
 *
 * @public
 */
export interface PlanStep {
  /** The path of the step in the run, e.g. `train/fit`. */
  readonly path: string;
  /** The step's own name. */
  readonly name: string;
  /** How it obtains its outputs. */
  readonly kind: StepKind;
  /** Its inputs, and the steps that provide them. */
  readonly inputs: ReadonlyArray<PlanEdge>;
  /** The names that it provides; `"all"`: known once the step has expanded. */
  readonly outputs: ReadonlyArray<string> | "all";
  /** The description from its options. */
  readonly description?: string;
  /** The tags from its options. */
  readonly tags?: ReadonlyArray<string>;
  /** The path of the condition that it runs under, which it also reads. */
  readonly when?: string;
  /** Of a switch: the names of its cases. Of a race: those of its contenders. */
  readonly cases?: ReadonlyArray<string>;
  /** Of a loop: the maximum number of turns. */
  readonly maxTurns?: number;
  /** Its expansions in a run, once there are any: the plan of its sub-pipeline, or of each item, turn or contender. */
  readonly expansions?: ReadonlyArray<PlanExpansion>;
}

/**
 * The expansion of a dynamic step, a switch, an item of a map, a turn of a loop or a contender of a race.
 *
 * @public
 */
export interface PlanExpansion {
  /** The path of the step, item, turn or contender that expanded. */
  readonly path: string;
  /** The plan of its sub-pipeline; undefined for a direct value. */
  readonly plan: Plan | undefined;
}

/**
 * A pipeline's graph.
 *
 * @public
 */
export interface Plan {
  /** The pipeline's name. */
  readonly name: string;
  /** The pipeline inputs. */
  readonly inputs: ReadonlyArray<{ readonly name: string }>;
  /** All steps, in an order in which each comes after the steps that it reads. */
  readonly steps: ReadonlyArray<PlanStep>;
  /** The names of the outputs that a run returns, as far as they are known. */
  readonly returns: ReadonlyArray<string>;
}
