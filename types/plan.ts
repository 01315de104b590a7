/** The graph of a pipeline as plain data, before a run or while it grows. */

/**
 * How a step comes to its outputs: by its function (`step`), by an expansion (`dynamic`, `map`, `switch`, `loop`, `race`), or
 * by waiting for a value from outside (`await`) or for time to pass (`sleep`). `when` decides whether other steps run, and
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
 * One thing that a step reads.
 *
 * @public
 */
export interface PlanEdge {
  /** The name that is read. */
  readonly name: string;
  /** The path of the step that provides it; empty for an input of the pipeline. */
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
  /** How it comes to its outputs. */
  readonly kind: StepKind;
  /** What it reads, from where. */
  readonly inputs: ReadonlyArray<PlanEdge>;
  /** The names that it provides; `"all"`: known once it has expanded. */
  readonly outputs: ReadonlyArray<string> | "all";
  /** What its options say for people. */
  readonly description?: string;
  /** What its options group it by. */
  readonly tags?: ReadonlyArray<string>;
  /** The path of the condition under which it runs; it reads that too. */
  readonly when?: string;
  /** Of a switch: the names of its cases. Of a race: those of its contenders. */
  readonly cases?: ReadonlyArray<string>;
  /** Of a loop: the most turns that it can take. */
  readonly maxTurns?: number;
  /** What it became in a run, once it has expanded: the plan of its sub-pipeline, or that of each item, turn or contender. */
  readonly expansions?: ReadonlyArray<PlanExpansion>;
}

/**
 * What a dynamic step, a switch, an item of a map, a turn of a loop or a contender of a race became in a run.
 *
 * @public
 */
export interface PlanExpansion {
  /** The path of the step, item, turn or contender that expanded. */
  readonly path: string;
  /** Its sub-pipeline; undefined for a direct value. */
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
  /** What is given from outside. */
  readonly inputs: ReadonlyArray<{ readonly name: string }>;
  /** All steps, each after those that it reads. */
  readonly steps: ReadonlyArray<PlanStep>;
  /** The names that a run returns, as far as they are known. */
  readonly returns: ReadonlyArray<string>;
}
