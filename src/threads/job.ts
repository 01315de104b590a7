/** A task that is to run on a thread, and who asked for it. */
import type { Answer, Said, Task } from "../workers/task.ts";

export interface Job {
  readonly id: number;
  readonly task: Task;
  readonly listen: (said: Said) => void;
  readonly done: (answer: Answer) => void;
  /** How many threads have ended while they ran it. */
  deaths: number;
  /** Called when it has ended after all, once it has been interrupted. */
  whenStopped: (() => void) | undefined;
}
