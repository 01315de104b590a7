/** The service through which a run reaches its workers. `espalier/threads` provides it, and so does any cluster. */
import * as Context from "effect/Context";
import type { Effect } from "effect/Effect";
import type { Performed, Said, Task, Wire } from "./task.ts";

/**
 * Performs steps elsewhere. It may change with any release: workers come from the library's entry points.
 *
 * @internal
 */
export interface WorkersService {
  readonly wire: Wire;
  /**
   * Performs a task at least once, and returns its answer. When interrupted, it interrupts the step and waits until that has ended.
   * `listen` receives the reports of the step, "began" first: until then it waits for a worker, and its timeout does not run.
   * With `here`, the owner performs it itself.
   */
  readonly perform: (task: Task, listen: (said: Said) => void, here: Effect<Performed>) => Effect<Performed>;
  /** Whether the owner performs none of the steps itself, so a step whose values cannot be sent fails. */
  readonly sparesOwner: boolean;
  /** The number of steps that it can compute at once. */
  readonly size: number;
}

/**
 * The workers of a run, which perform its steps with `where: "worker"`: for `Effect.provide`. Created by `ThreadWorkers.layer`.
 *
 * @public
 */
export class Workers extends Context.Service<Workers, WorkersService>()("espalier/Workers") {}
