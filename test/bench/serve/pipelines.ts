/** The pipelines that the server benchmark runs. */
import { pipeline, type } from "espalier";

export const steps = 100_000;
export const nodes = 10_000;

const numbers = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i);

export const large = pipeline("large")
  .step("all", [], () => numbers(steps))
  .map("each", "all", [], (n) => n)
  .returns();

export const wide = pipeline("wide")
  .step("all", [], () => numbers(nodes / 4))
  .map("each", "all", [], (n) =>
    pipeline("inner")
      .step("first", [], () => n)
      .step("second", ["first"], ({ first }) => first)
      .step("each", ["second"], ({ second }) => second),
  )
  .returns();

export const small = pipeline("small")
  .input("n", type<number>())
  .step("out", ["n"], ({ n }) => n);

/** Emits the time, `perSecond` times a second. */
export const emitting = pipeline("emitting")
  .input("count", type<number>())
  .input("perSecond", type<number>())
  .step("ticks", ["count", "perSecond"], async ({ count, perSecond }, { emit }) => {
    const began = Date.now();
    for (let sent = 0; sent < count; ) {
      const due = Math.min(count, ((Date.now() - began) / 1000) * perSecond);
      for (; sent < due; sent++) emit(Date.now());
      await new Promise((done) => setTimeout(done, 2));
    }
  });
