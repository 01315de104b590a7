/**
 * The steps of a run inside which a fallback was used or a failure collected, in any part of the run. Their outcomes are
 * not cached, since they could differ another time.
 */
import { parentOf } from "../path.ts";

export class NotCached {
  readonly #around = new Set<string>();

  /** What happened in earlier parts of the run, and the paths of items that failed in them. */
  constructor(past: Iterable<{ readonly type: string; readonly path: string }>, failed: Iterable<string>) {
    for (const { type, path } of past) if (type === "step.fallback") this.add(path);
    for (const path of failed) this.add(path);
  }

  add(path: string): void {
    for (let at = parentOf(path); at !== "" && !this.#around.has(at); at = parentOf(at)) this.#around.add(at);
  }

  /** Must the outcome of the step at this path not be cached? */
  has(path: string): boolean {
    return this.#around.has(path);
  }
}
