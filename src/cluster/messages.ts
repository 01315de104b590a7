/** The messages between runners about the steps that one performs for another. They are sent in batches, as JSON. */
import type { Answer, Enclosing, Said, Task } from "../workers/task.ts";

/** The number of a text that many tasks share. The text is sent once; later tasks refer to it by this number. */
export type Shared = number;

/** A task as it is sent. */
export interface SentTask extends Omit<Task, "inputs" | "enclosing"> {
  readonly inputs: Task["inputs"] | Shared;
  readonly enclosing: ReadonlyArray<Enclosing> | Shared;
}

/** To the runner that performs steps. */
export type Order =
  /** `shared`: values that this task and later ones refer to by number. */
  | {
      readonly type: "perform";
      readonly id: number;
      readonly task: SentTask;
      readonly shared: ReadonlyArray<readonly [number: Shared, value: unknown]>;
    }
  | { readonly type: "interrupt"; readonly id: number }
  /** No later task refers to these values. */
  | { readonly type: "forget"; readonly shared: ReadonlyArray<Shared> }
  /** Asks which steps of the run are in progress there for an owner that is gone. */
  | { readonly type: "ask"; readonly id: number; readonly runId: string };

/** From the runner that performs steps. */
export type Reply =
  | { readonly type: "said"; readonly id: number; readonly said: Said }
  | { readonly type: "answered"; readonly id: number; readonly answer: Answer }
  /** The runner does not perform this task, or not to its end, since it is about to stop. */
  | { readonly type: "returned"; readonly id: number }
  | { readonly type: "known"; readonly id: number; readonly places: ReadonlyArray<string> }
  /** The runner accepts no more tasks. */
  | { readonly type: "stopping" }
  /** The runner has no tasks any more: the receiver closes the connection. */
  | { readonly type: "stopped" };

/** `load`: the number of steps, for any owner, that compute or wait for their turn there. `size`: how many can compute at once. */
export interface Batch {
  readonly load: number;
  readonly size: number;
  readonly replies: ReadonlyArray<Reply>;
}

/** The position of a task in its run: the same for the same call by any owner. */
export const placeOf = ({ path, phase, choice, attempt }: SentTask | Task): string =>
  JSON.stringify([path, phase, choice ?? null, attempt]);
