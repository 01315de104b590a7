/** What runners say to each other about the steps that one performs for another. They travel in batches, as JSON. */
import type { Answer, Enclosing, Said, Task } from "../workers/task.ts";

/** A text that many tasks share travels once: afterwards they name it by its number. */
export type Shared = number;

/** A task as it travels. */
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
  /** No later task refers to these. */
  | { readonly type: "forget"; readonly shared: ReadonlyArray<Shared> }
  /** Which steps of the run are under way there, for an owner that is gone? */
  | { readonly type: "ask"; readonly id: number; readonly runId: string };

/** From the runner that performs steps. */
export type Reply =
  | { readonly type: "said"; readonly id: number; readonly said: Said }
  | { readonly type: "answered"; readonly id: number; readonly answer: Answer }
  /** It does not perform this task, or not to its end, since it is about to stop. */
  | { readonly type: "returned"; readonly id: number }
  | { readonly type: "known"; readonly id: number; readonly places: ReadonlyArray<string> }
  /** It takes no more tasks. */
  | { readonly type: "stopping" }
  /** It has none any more: who hears this closes the connection. */
  | { readonly type: "stopped" };

/** `load`: how many steps of anyone compute or wait for their turn there. `size`: how many can compute at once. */
export interface Batch {
  readonly load: number;
  readonly size: number;
  readonly replies: ReadonlyArray<Reply>;
}

/** Where in its run a task is: the same for the same call by any owner. */
export const placeOf = ({ path, phase, choice, attempt }: SentTask | Task): string =>
  JSON.stringify([path, phase, choice ?? null, attempt]);
