/** The service by which a run reaches its workers. `espalier/threads` provides it, and so does any cluster. */
import * as Context from "effect/Context";
import type { Effect } from "effect/Effect";
import type { Performed, Said, Task, Wire } from "./task.ts";

/**
 * What performs steps elsewhere. It may change with any release: workers come from the library's entry points.
 *
 * @internal
 */
export interface WorkersService {
  readonly wire: Wire;
  /**
   * Performs a task, at least once, and gives its answer. Interrupted, it interrupts the step and waits until that has ended.
   * `listen` receives what the step says, "began" first: until then it waits for a worker, and its timeout does not count.
   * `here` has the owner itself perform it.
   */
  readonly perform: (task: Task, listen: (said: Said) => void, here: Effect<Performed>) => Effect<Performed>;
  /** Whether the owner performs none of them itself, so that a step whose values cannot travel fails. */
  readonly sparesOwner: boolean;
  /** How many steps it can compute at once. */
  readonly size: number;
}

/**
 * The workers of a run, which perform its steps with `where: "worker"`: for `Effect.provide`. `ThreadWorkers.layer` makes it.
 *
 * @public
 */
export class Workers extends Context.Service<Workers, WorkersService>()("espalier/Workers") {}
