/** Within which steps of a run a fallback was used, in any part of the run: what came out of those is not cached. */
import { parentOf } from "../path.ts";

interface Happened {
  readonly type: string;
  readonly path?: string;
}

export class Fallbacks {
  readonly #around = new Set<string>();

  /** `past`: what happened in earlier parts of the run. */
  constructor(past: ReadonlyArray<Happened>) {
    for (const event of past) this.hear(event);
  }

  hear({ type, path }: Happened): void {
    if (type !== "step.fallback" || path === undefined) return;
    for (let at = parentOf(path); at !== "" && !this.#around.has(at); at = parentOf(at)) this.#around.add(at);
  }

  /** Was one used beneath a path? */
  isWithin(path: string): boolean {
    return this.#around.has(path);
  }
}
