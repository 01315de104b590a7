/** A step of a run of this process that is to be performed, here or by another runner. */
import type { Effect } from "effect/Effect";
import type { Performed, Said, Task } from "../workers/task.ts";

export interface Job {
  readonly task: Task;
  readonly listen: (said: Said) => void;
  /** Performs it here. */
  readonly here: Effect<Performed>;
  /** Ends it, by what its outcome is. */
  readonly resume: (outcome: Effect<Performed>) => void;
  /** The runners that cannot perform it. */
  readonly refusedBy: Set<string>;
  /** How many runners were lost while they performed it. */
  deaths: number;
  hasBegun: boolean;
  isWaiting: boolean;
  isOver: boolean;
  /** Called when it has ended after all, once it has been interrupted. */
  whenStopped: (() => void) | undefined;
}
