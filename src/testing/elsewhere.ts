/**
 * Calls a function at another time: what it reads of the clock and of chance is other than before. Only while the
 * function itself is running, so that nobody else ever sees it; after an `await` it is in the world of everybody again.
 */
import { randomOf } from "./random.ts";

export interface Elsewhere {
  readonly time: number;
  readonly seed: number;
}

export const elsewhere = <Value>({ time, seed }: Elsewhere, call: () => Value): Value => {
  const { Date: RealDate, performance, crypto } = globalThis;
  const { random } = Math;
  // Put back as they were, on the objects that they belong to.
  // oxlint-disable-next-line typescript/unbound-method
  const { now } = performance;
  // oxlint-disable-next-line typescript/unbound-method
  const { randomUUID } = crypto;
  const next = randomOf(seed);
  class OtherDate extends RealDate {
    constructor(...parameters: ReadonlyArray<any>) {
      if (parameters.length === 0) super(time);
      else super(...(parameters as [any]));
    }
    static override now(): number {
      return time;
    }
  }
  try {
    globalThis.Date = OtherDate as DateConstructor;
    Math.random = next;
    performance.now = () => time;
    crypto.randomUUID = () => {
      const digits = Array.from({ length: 12 }, () => Math.floor(next() * 10)).join("");
      return `00000000-0000-4000-8000-${digits}`;
    };
    return call();
  } finally {
    globalThis.Date = RealDate;
    Math.random = random;
    performance.now = now;
    crypto.randomUUID = randomUUID;
  }
};
