/**
 * Checks that time grows linearly with size: CPU time for each item at 1, 4 and 16 times a size, for the public ways to
 * run, watch, record, resume and draw. Prints the ratios to the smallest size; exits with 1 if one is above `worst` in each
 * of several attempts. Small sizes: quadratic time shows at 16 times any size, and garbage collection at large ones.
 *
 *     npm run bench:linear -- [part of a name …]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { Plan, pipeline, resumePromise, Runs } from "espalier";
import { Plan as Drawn } from "espalier/draw";
import { SqliteStore } from "espalier/sqlite";
import { median } from "./clock.ts";

/** Quadratic time is 16. */
const worst = 1.5;
const rounds = 5;
const attempts = 8;

/** Pipelines as data: without their types. */
type Any = any;
const named = (name: string): Any => pipeline(name);
const range = (count: number): Array<number> => Array.from({ length: count }, (_, i) => i);
const unlimited = { maxSteps: Infinity, maxDepth: Infinity };
const outcome = (run: Promise<unknown>): Promise<unknown> => run.catch((error: unknown) => error);

const items = (count: number, each: (item: number) => unknown, options?: object): Any =>
  named("items")
    .step("list", [], () => range(count))
    .map("each", "list", [], each, options);

const pipelines = (count: number): Any =>
  items(count, (item) =>
    named("item")
      .step("a", [], () => item)
      .step("b", ["a"], ({ a }: Any) => a + 1)
      .step("each", ["b"], ({ b }: Any) => b),
  );

const shapes: Readonly<Record<string, readonly [size: number, make: (count: number) => Any]>> = {
  "map of pipelines": [600, pipelines],
  chain: [
    400,
    (count) =>
      range(count).reduce(
        (made, i) => made.step(`s${i}`, i === 0 ? [] : [`s${i - 1}`], () => i),
        named("chain"),
      ),
  ],
  "dynamic steps": [
    300,
    (count) =>
      range(count).reduce(
        (made, i) => made.dynamic(`d${i}`, [], () => named("sub").step(`d${i}`, [], () => i)),
        named("side by side"),
      ),
  ],
  recursion: [
    100,
    (count) => {
      const grown = (left: number): Any =>
        left === 1
          ? named("turn").step("rest", [], () => 1)
          : named("turn").dynamic("rest", [], () => grown(left - 1));
      return grown(count);
    },
  ],
  "loop of pipelines": [
    500,
    (count) =>
      named("loop").loop(
        "n",
        [],
        () => 0,
        (n: number) => named("turn").step("n", [], () => n + 1),
        {
          until: (n: number) => n === count,
          maxTurns: Infinity,
        },
      ),
  ],
};

const folder = mkdtempSync(join(tmpdir(), "espalier-linear-"));
let files = 0;
const newStore = () => SqliteStore.layer({ filename: join(folder, `${files++}.db`) });

/** Prepares a subject of some size, and returns the function to measure. */
type Way = (make: () => Any) => Promise<() => unknown>;

const recorded = async (make: () => Any) => {
  const store = newStore();
  await outcome(make().runPromise({}, { ...unlimited, store, runId: "r" }));
  return store;
};

const drawing =
  (draw: (plan: Any) => unknown): Way =>
  async (make) => {
    const run = await make().startPromise({}, unlimited);
    await outcome(run.result);
    const { plan } = run;
    return () => draw(plan);
  };

/** `run` is checked with each shape, and the other ways with items that expand. */
const ways: Readonly<Record<string, readonly [share: number, way: Way]>> = {
  run: [1, async (make) => () => make().runPromise({}, unlimited)],
  "run with onEvent": [0.5, async (make) => () => make().runPromise({}, { ...unlimited, onEvent: () => {} })],
  "start, events and report": [
    0.4,
    async (make) => () =>
      Effect.runPromise(
        Effect.gen(function* () {
          const run: Any = yield* make().start({}, unlimited) as Effect.Effect<Any>;
          yield* Stream.runDrain(run.events as Stream.Stream<unknown>);
          yield* run.await as Effect.Effect<unknown>;
          return [run.report, run.plan, run.expansions];
        }),
      ),
  ],
  "run with a store": [
    0.1,
    async (make) => {
      const store = newStore();
      return () => make().runPromise({}, { ...unlimited, store });
    },
  ],
  resume: [
    0.1,
    async (make) => {
      const failing = () => make().step("last", [], () => Promise.reject(new Error("not yet")));
      const store = await recorded(failing);
      return () => outcome(resumePromise(failing(), "r", { ...unlimited, store }));
    },
  ],
  "Runs.get": [
    0.1,
    async (make) => {
      const store = await recorded(make);
      return () => Runs.getPromise("r", { store });
    },
  ],
  "Plan.toMermaid": [0.15, drawing((plan) => Plan.toMermaid(plan))],
  "Plan.toDot": [0.15, drawing((plan) => Plan.toDot(plan))],
  "Plan.toJson": [0.5, drawing((plan) => Plan.toJson(plan))],
  "Plan.toSvg": [0.1, drawing((plan) => Plan.toSvg(plan))],
  "Plan.toHtml": [0.1, drawing((plan) => Drawn.toHtml(plan))],
};

/** For the whole process: some systems count the thread's time in ticks of milliseconds. */
const cpuMicros = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

/** CPU time in microseconds for one run: the mean of at least 8 ms of runs. */
const sampleOf = async (run: () => unknown): Promise<number> => {
  (globalThis as { gc?: () => void }).gc?.();
  const began = cpuMicros();
  let runs = 0;
  do {
    await run();
    runs++;
  } while (cpuMicros() - began < 8_000);
  return (cpuMicros() - began) / runs;
};

const factors = [1, 4, 16];

/**
 * The CPU time for each item at the larger sizes, as a multiple of that at the smallest: the median of the ratios of samples
 * that follow each other, so that other programs slow both.
 */
const ratioOf = async (way: Way, make: (count: number) => Any, size: number): Promise<number> => {
  const runs: Array<() => unknown> = [];
  for (const factor of factors) runs.push(await way(() => make(factor * size)));
  for (const run of runs) await sampleOf(run); // To compile it.
  const ratios: Array<Array<number>> = factors.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const samples: Array<number> = [];
    for (const [i, run] of runs.entries()) samples.push((await sampleOf(run)) / factors[i]!);
    for (const [i, sample] of samples.entries()) ratios[i]!.push(sample / samples[0]!);
  }
  return Math.max(...ratios.map(median));
};

const chosen = process.argv.slice(2);
let isWorse = false;
for (const [wayName, [share, way]] of Object.entries(ways)) {
  for (const [shapeName, [size, make]] of Object.entries(shapes)) {
    const name = `${wayName}: ${shapeName}`;
    const isWatchedRecursion = wayName.startsWith("start") && shapeName === "recursion";
    if (wayName !== "run" && shapeName !== "map of pipelines" && !isWatchedRecursion) continue;
    if (chosen.length > 0 && !chosen.some((part) => name.includes(part))) continue;
    let best = Infinity;
    for (let attempt = 0; attempt < attempts && best > worst; attempt++)
      best = Math.min(best, await ratioOf(way, make, Math.round(size * share)));
    if (best > worst) isWorse = true;
    console.log(`${name}: ${best.toFixed(2)}${best > worst ? ` times; at most ${worst}` : ""}`);
  }
}
rmSync(folder, { recursive: true, force: true });
process.exit(isWorse ? 1 : 0);
