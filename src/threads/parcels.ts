/**
 * Large values that many tasks share, such as the inputs of a map: each is sent to a thread once, and later tasks refer to it by a
 * number. When this process no longer holds the value, the threads discard it.
 */
import type { Enclosing, Task } from "../workers/task.ts";
import type { Packed } from "./clone.ts";

/** Values of at least this many bytes are sent once; smaller ones are sent with each task. */
const leastWeight = 16_384;

const numbers = new WeakMap<object, number>();
let last = 0;
const forgetters = new Set<(parcel: number) => void>();
const registry = new FinalizationRegistry<number>((parcel) => {
  for (const forget of forgetters) forget(parcel);
});

const numberOf = (packed: Packed): number => {
  let number = numbers.get(packed);
  if (number === undefined) {
    number = ++last;
    numbers.set(packed, number);
    registry.register(packed, number);
  }
  return number;
};

/** The values that were sent to one thread. */
export class Parcels {
  readonly #known = new Set<number>();
  readonly #forget: (parcel: number) => void;

  constructor(forget: (parcel: number) => void) {
    this.#forget = (parcel) => {
      if (this.#known.delete(parcel)) forget(parcel);
    };
    forgetters.add(this.#forget);
  }

  close(): void {
    forgetters.delete(this.#forget);
  }

  /** A task with numbers instead of large inputs, and the values that the thread does not have yet. */
  of(task: Task): { readonly task: Task; readonly parcels: ReadonlyArray<readonly [number, Packed]> } {
    // A task from another runner holds texts, which are sent as they are.
    if (task.wire === "text") return { task, parcels: [] };
    const parcels: Array<readonly [number, Packed]> = [];
    const sent = (inputs: Enclosing["inputs"]): Enclosing["inputs"] => {
      const all = Object.entries(inputs) as Array<[string, Packed]>;
      if (all.every(([, { weight }]) => weight < leastWeight)) return inputs;
      return Object.fromEntries(
        all.map(([name, packed]) => {
          if (packed.weight < leastWeight) return [name, packed];
          const parcel = numberOf(packed);
          if (!this.#known.has(parcel)) parcels.push([parcel, packed]);
          this.#known.add(parcel);
          return [name, { parcel }];
        }),
      );
    };
    const enclosing = task.enclosing.map((each) => ({ ...each, inputs: sent(each.inputs) }));
    return { task: { ...task, inputs: sent(task.inputs), enclosing }, parcels };
  }
}
