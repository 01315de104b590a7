/** A task to run on a thread, and its sender. */
import type { Answer, Said, Task } from "../workers/task.ts";

export interface Job {
  readonly id: number;
  readonly task: Task;
  readonly listen: (said: Said) => void;
  readonly done: (answer: Answer) => void;
  /** The number of threads that have ended while running it. */
  deaths: number;
  /** Called once it has actually ended after an interruption. */
  whenStopped: (() => void) | undefined;
}
