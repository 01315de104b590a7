/** The messages between a thread and the process that started it. */
import type { Answer, Said, Task } from "../workers/task.ts";
import type { Packed } from "./clone.ts";

/** To a thread. */
export type Order =
  /** `parcels`: large values that this task and later ones refer to by number. */
  | {
      readonly type: "perform";
      readonly id: number;
      readonly task: Task;
      readonly parcels: ReadonlyArray<readonly [number: number, value: Packed]>;
    }
  | { readonly type: "interrupt"; readonly id: number }
  /** No later task refers to these parcels. */
  | { readonly type: "forget"; readonly parcels: ReadonlyArray<number> };

/** From a thread. */
export type Reply =
  | { readonly type: "ready" }
  /** The thread cannot load its module, or cannot create its services. */
  | { readonly type: "broken"; readonly reason: string }
  | { readonly type: "said"; readonly id: number; readonly said: Said }
  /** The step waits for something, so the thread has time for another. */
  | { readonly type: "waits"; readonly id: number }
  | { readonly type: "answered"; readonly id: number; readonly answer: Answer };
