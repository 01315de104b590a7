/** A step of one of this process's runs that is to be performed, here or by another runner. */
import type { Effect } from "effect/Effect";
import type { Performed, Said, Task } from "../workers/task.ts";

export interface Job {
  readonly task: Task;
  readonly listen: (said: Said) => void;
  /** Performs it here. */
  readonly here: Effect<Performed>;
  /** Ends it with this outcome. */
  readonly resume: (outcome: Effect<Performed>) => void;
  /** The runners that cannot perform it. */
  readonly refusedBy: Set<string>;
  /** The number of runners that were lost while they performed it. */
  deaths: number;
  hasBegun: boolean;
  isWaiting: boolean;
  isOver: boolean;
  /** Called once it has actually ended after an interruption. */
  whenStopped: (() => void) | undefined;
}
