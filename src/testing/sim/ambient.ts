/**
 * The clock and the randomness that JavaScript itself has. A function of a user may ask `Date.now()` or `Math.random()`
 * and no service; so for as long as such a function runs, and not one moment longer, those give what the simulation says.
 * What comes after an `await` is outside of that: no other test must ever see it.
 */
import { generator } from "./random.ts";

export interface Ambient {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly seed: number;
}

const replaced = (now: number, seed: number): ReadonlyArray<readonly [object, string, unknown]> => {
  const RealDate = globalThis.Date;
  const random = generator(seed);
  class FixedDate extends RealDate {
    constructor(...parameters: ReadonlyArray<any>) {
      if (parameters.length === 0) super(now);
      else super(...(parameters as [number]));
    }
    static override now(): number {
      return now;
    }
  }
  const hex = (length: number): string =>
    Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join("");
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
  return [
    [globalThis, "Date", FixedDate],
    [Math, "random", random],
    [globalThis.performance ?? {}, "now", () => now],
    [globalThis.crypto ?? {}, "randomUUID", uuid],
  ];
};

/** Calls `f` with this clock and this randomness. */
export const underAmbient = <A>({ now, seed }: Ambient, f: () => A): A => {
  const undo: Array<() => void> = [];
  for (const [owner, name, value] of replaced(now, seed)) {
    const before = Object.getOwnPropertyDescriptor(owner, name);
    try {
      Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable: false });
    } catch {
      continue; // Someone has frozen it: then it is as it is.
    }
    undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(owner, name);
      else Object.defineProperty(owner, name, before);
    });
  }
  try {
    return f();
  } finally {
    for (const restore of undo) restore();
  }
};
