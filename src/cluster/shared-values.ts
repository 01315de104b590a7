/**
 * Inputs that many tasks share, such as those of a map: each is sent to another runner once, and later tasks refer to it by a
 * number. When this process no longer holds the value, the runner discards it.
 */
import type { Task } from "../workers/task.ts";
import type { SentTask, Shared } from "./messages.ts";

/** Values with shorter texts are sent with each task. */
const leastLength = 1_024;

const numbers = new WeakMap<object, Shared | "short">();
let last = 0;
const forgetters = new Set<(shared: Shared) => void>();
const registry = new FinalizationRegistry<Shared>((shared) => {
  for (const forget of forgetters) forget(shared);
});

const lengthOf = (value: unknown): number =>
  typeof value === "string"
    ? value.length
    : typeof value === "object" && value !== null
      ? Object.values(value).reduce<number>((sum, part) => sum + lengthOf(part), 0)
      : 8;

const numberOf = (value: object): Shared | "short" => {
  let number = numbers.get(value);
  if (number === undefined) {
    number = lengthOf(value) < leastLength ? "short" : ++last;
    numbers.set(value, number);
    if (number !== "short") registry.register(value, number);
  }
  return number;
};

/** The values that were sent to one runner. */
export class SharedValues {
  readonly #known = new Set<Shared>();
  readonly #forget: (shared: Shared) => void;

  constructor(forget: (shared: Shared) => void) {
    this.#forget = (shared) => {
      if (this.#known.delete(shared)) forget(shared);
    };
    forgetters.add(this.#forget);
  }

  close(): void {
    forgetters.delete(this.#forget);
  }

  /** Marks values as not sent after all. */
  unsent(shared: ReadonlyArray<readonly [Shared, unknown]>): void {
    for (const [number] of shared) this.#known.delete(number);
  }

  /** A task with numbers instead of long values, and the values that the runner does not have yet. */
  of(task: Task): { readonly task: SentTask; readonly shared: Array<readonly [Shared, unknown]> } {
    const shared: Array<readonly [Shared, unknown]> = [];
    const sent = <Value extends object>(value: Value): Value | Shared => {
      const number = numberOf(value);
      if (number === "short") return value;
      if (!this.#known.has(number)) shared.push([number, value]);
      this.#known.add(number);
      return number;
    };
    return { task: { ...task, inputs: sent(task.inputs), enclosing: sent(task.enclosing) }, shared };
  }
}

/** The values received from one runner, by number. */
export class SharedByNumber {
  readonly #values = new Map<Shared, unknown>();

  add(shared: ReadonlyArray<readonly [Shared, unknown]>): void {
    for (const [number, value] of shared) this.#values.set(number, value);
  }

  forget(shared: ReadonlyArray<Shared>): void {
    for (const number of shared) this.#values.delete(number);
  }

  taskOf(sent: SentTask): Task {
    const of = <Value>(value: Value | Shared): Value =>
      typeof value === "number" ? (this.#values.get(value) as Value) : value;
    return { ...sent, inputs: of(sent.inputs), enclosing: of(sent.enclosing) };
  }
}
