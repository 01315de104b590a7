/** The cost of watching a run, and the cost of a span, a retry or a timeout for a step that has one. */
import { pipeline } from "espalier";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { median, ownMillis } from "./clock.ts";
import type { Effort } from "./measure.ts";
import { table } from "./table.ts";

const steps = 2000;
/** The system counts a thread's time in units of up to four milliseconds: a sample contains many of them. */
const repeats = 100;

interface Untyped {
  readonly step: (
    name: string,
    inputs: ReadonlyArray<string>,
    run: () => Effect.Effect<number>,
    options?: object,
  ) => Untyped;
  readonly runPromise: (inputs: object) => Promise<unknown>;
  readonly start: (inputs: object) => Effect.Effect<{
    readonly events: Stream.Stream<unknown>;
    readonly await: Effect.Effect<unknown>;
  }>;
}

const built = (run: () => Effect.Effect<number>, options?: object): Untyped => {
  let all = pipeline("events") as unknown as Untyped;
  for (let i = 0; i < steps; i++) all = all.step(`s${i}`, i === 0 ? [] : [`s${i - 1}`], run, options);
  return all;
};

const one = Effect.sync(() => 1);
const plain = built(() => one);

const consumed = Effect.gen(function* () {
  const run = yield* plain.start({});
  let count = 0;
  yield* Stream.runForEach(run.events, () => Effect.sync(() => void count++));
  yield* run.await;
  if (count !== 2 * steps + 2) throw new Error(`${count} events`);
});

const spanned = built(() => Effect.withSpan(one, "step"));
const retried = built(() => one, { retry: { times: 3 } });
const limited = built(() => one, { timeout: "1 minute" });

const cases: ReadonlyArray<readonly [string, () => Promise<unknown>]> = [
  ["a run", () => plain.runPromise({})],
  ["a run whose events are consumed", () => Effect.runPromise(consumed)],
  ["each step in a span", () => spanned.runPromise({})],
  ["each step with a retry", () => retried.runPromise({})],
  ["each step with a timeout", () => limited.runPromise({})],
];

const emits = 1_000_000;

/** Emits `emits` times in one step that no one watches. */
const emitting = pipeline("emitting").step("a", [], (_, { emit }) => {
  for (let i = 0; i < emits; i++) emit(i);
});

/** The time that an `emit` takes in a run without observers, as one line. */
export const emitCost = async ({ rounds }: Effort): Promise<string> => {
  const times: Array<number> = [];
  for (let round = 0; round < rounds + 3; round++) {
    const begin = ownMillis();
    await emitting.runPromise();
    if (round >= 3) times.push(ownMillis() - begin);
  }
  const micros = (median(times) * 1000) / emits;
  return `emit without a consumer: ${micros.toFixed(3)} µs (at most 0.1: ${micros <= 0.1 ? "reached" : "missed"})`;
};

export const eventCost = async ({ rounds }: Effort): Promise<string> => {
  const times = cases.map(() => [] as Array<number>);
  for (let round = 0; round < rounds + 3; round++) {
    for (const [i, [, run]] of cases.entries()) {
      await new Promise((resolve) => setImmediate(resolve));
      const begin = ownMillis();
      for (let repeat = 0; repeat < repeats; repeat++) await run();
      if (round >= 3) times[i]!.push((ownMillis() - begin) / repeats);
    }
  }
  const base = median(times[0]!);
  return table(
    [`chain of ${steps.toLocaleString("en")}`, "µs/step", "times a run"],
    cases.map(([name], i) => {
      const millis = median(times[i]!);
      return [name, ((millis * 1000) / steps).toFixed(2), `${(millis / base).toFixed(2)}×`];
    }),
  );
};
