/**
 * Measurements that need a separate process: peak memory, growth, and the time from process start to the first result.
 * `process.ts memory <module> <contender> <workload> <size>` and `process.ts import <module>` print JSON.
 */
import { performance } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { ownMillis } from "./clock.ts";
import type { Contender } from "./contender.ts";
import type { Graph } from "./workloads.ts";
import { chain, counter, dynamic, evaluate, fan, lattice, layered, nested } from "./workloads.ts";

/** Graphs of about this many steps. */
export const grown: Readonly<Record<string, (steps: number) => Graph>> = {
  chain,
  fan: (steps) => fan(steps - 2),
  layers: (steps) => layered(Math.round(steps / 40), 40, 3),
  lattice: (steps) => lattice(Math.round(Math.sqrt(steps))),
  dynamic: (steps) => dynamic(steps - 4),
  nest: (steps) => nested(steps, 1),
};

export interface OfProcess {
  readonly constructMillis: number;
  readonly runMillis: number;
  readonly peakMegabytes: number;
}

export interface OfImport {
  readonly importMillis: number;
  /** Only for Espalier: a pipeline of ten steps, built and run. */
  readonly firstMillis: number | undefined;
}

const contenderOf = async (module: string, name: string): Promise<Contender> => {
  const found: unknown = await import(module);
  const all = Object.values(found as Readonly<Record<string, Contender | ReadonlyArray<Contender>>>).flat();
  return all.find((contender) => contender.name === name)!;
};

interface Chained {
  readonly step: (name: string, inputs: ReadonlyArray<string>, run: () => number) => Chained;
  readonly runPromise: (inputs: object) => Promise<unknown>;
}

const check = (graph: Graph, expected: number, value: number): void => {
  if (value !== expected) throw new Error(`${value} instead of ${expected}`);
  if (counter.executed !== graph.steps)
    throw new Error(`${counter.executed} steps instead of ${graph.steps}`);
};

/** Runs small graphs until the compiler has settled; otherwise they would seem to cost more than large ones. */
const warmUp = async (contender: Contender, make: (steps: number) => Graph): Promise<void> => {
  const graph = make(1000);
  const until = performance.now() + 1500;
  while (performance.now() < until) await contender.prepare(graph)();
};

const memory = async (
  module: string,
  name: string,
  workload: string,
  size: number,
  isWarm: boolean,
): Promise<OfProcess> => {
  const contender = await contenderOf(module, name);
  if (isWarm) await warmUp(contender, grown[workload]!);
  const graph = grown[workload]!(size);
  const expected = workload === "nest" ? undefined : evaluate(graph);
  counter.executed = 0;
  const begin = ownMillis();
  const start = contender.prepare(graph);
  const built = ownMillis();
  const value = await start();
  const ended = ownMillis();
  check(graph, expected ?? value, value);
  return {
    constructMillis: built - begin,
    runMillis: ended - built,
    peakMegabytes: process.resourceUsage().maxRSS / 1024,
  };
};

const importing = async (module: string): Promise<OfImport> => {
  const begin = performance.now();
  const found: unknown = await import(module);
  const imported = performance.now();
  if (module !== "espalier") return { importMillis: imported - begin, firstMillis: undefined };
  const { pipeline } = found as typeof import("espalier");
  let built = pipeline("first") as unknown as Chained;
  for (let i = 0; i < 10; i++) built = built.step(`s${i}`, i === 0 ? [] : [`s${i - 1}`], () => i);
  await built.runPromise({});
  return { importMillis: imported - begin, firstMillis: performance.now() - imported };
};

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , part, module, name, workload, size, warm] = process.argv;
  const result =
    part === "memory"
      ? await memory(module!, name!, workload!, Number(size), warm === "warm")
      : await importing(module!);
  console.log(JSON.stringify(result));
  process.exit(0);
}
