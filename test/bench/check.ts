/**
 * The short form for continuous integration: a few workloads as a multiple of hand-written fibers' speed, and a few shapes as
 * a multiple of the floor, compared with `baseline.json`. Prints the ratios; exits with 1 if one is too much worse in each of
 * several attempts. Static shapes can take a quarter more, relative to the floor: both sides allocate alike, so other programs
 * slow both. The others can be 1.5 times worse: on a shared machine one attempt is up to a quarter off. The baseline is the
 * median of nine.
 *
 *     node --conditions=espalier-source test/bench/check.ts            checks
 *     node --conditions=espalier-source test/bench/check.ts --write    makes the measurements the baseline
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { effectFibers } from "./contenders/effect-fibers.ts";
import { espalier } from "./contenders/espalier.ts";
import { measureFloor } from "./floor.ts";
import { shapes } from "./floor-shapes.ts";
import { measure } from "./measure.ts";
import { reached } from "./targets.ts";
import { workloads } from "./workloads.ts";

const path = fileURLToPath(new URL("baseline.json", import.meta.url));
const worst = 1.5;
const attempts = 3;
const baselineAttempts = 9;
/** For each shape: how many times the baseline it can take, and the number of attempts. */
const floors: Readonly<Record<string, readonly [worst: number, attempts: number]>> = {
  chain: [1.25, 8],
  fan: [1.25, 8],
  layers: [1.25, 8],
  "map-pipelines": [worst, attempts],
  "map-switches": [worst, attempts],
  recursion: [worst, attempts],
};
const keys = ["chain", "fan-1k", "layers", "dynamic", "nested"];
const effort = { rounds: 7, warmUpMillis: 250, sampleMillis: 15 };
const contenders = [effectFibers, espalier.find(({ name }) => name === "Espalier, Effects")!];

const ratioOf = async (key: string): Promise<number> => {
  const workload = workloads.find((known) => known.key === key)!;
  const ratio = reached(await measure(workload, contenders, effort)).fibers!;
  // A sample that the clock counts as zero carries no information.
  return Number.isFinite(ratio) ? ratio : 0;
};

const floorOf = async (key: string): Promise<number> => {
  const shape = shapes.find((known) => known.key === key)!;
  // Longer samples: some systems count the CPU time of a thread in ticks of several milliseconds.
  const { ratio } = await measureFloor(shape, { ...effort, sampleMillis: 60 });
  return ratio > 0 ? ratio : Infinity;
};

interface Baseline {
  readonly fibers: Record<string, number>;
  readonly floor: Record<string, number>;
}

const middleOf = async (key: string, measured: (key: string) => Promise<number>): Promise<number> => {
  const ratios: Array<number> = [];
  while (ratios.length < baselineAttempts) ratios.push(await measured(key));
  const sorted = ratios.toSorted((a, b) => a - b);
  console.log(`${key}: ${sorted.map((ratio) => ratio.toFixed(2)).join(" ")}`);
  return Number(sorted[Math.floor(baselineAttempts / 2)]!.toFixed(2));
};

if (process.argv.includes("--write")) {
  const baseline: Baseline = { fibers: {}, floor: {} };
  for (const key of keys) baseline.fibers[key] = await middleOf(key, ratioOf);
  for (const key of Object.keys(floors)) baseline.floor[key] = await middleOf(key, floorOf);
  writeFileSync(path, `${JSON.stringify(baseline, undefined, 2)}\n`);
} else {
  const baseline = JSON.parse(readFileSync(path, "utf8")) as Baseline;
  let isSlower = false;
  for (const key of keys) {
    const least = baseline.fibers[key]! / worst;
    let best = 0;
    for (let attempt = 0; attempt < attempts && best < least; attempt++) {
      best = Math.max(best, await ratioOf(key));
    }
    if (best < least) isSlower = true;
    console.log(`${key}: ${best.toFixed(2)} times as fast as fibers; at least ${least.toFixed(2)}`);
  }
  for (const [key, [by, tries]] of Object.entries(floors)) {
    const most = baseline.floor[key]! * by;
    let best = Infinity;
    for (let attempt = 0; attempt < tries && best > most; attempt++) {
      best = Math.min(best, await floorOf(key));
    }
    if (best > most) isSlower = true;
    console.log(`${key}: ${best.toFixed(2)} times the floor; at most ${most.toFixed(2)}`);
  }
  process.exit(isSlower ? 1 : 0);
}
