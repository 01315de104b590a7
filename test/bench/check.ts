/**
 * The short form for continuous integration: how many times faster than fibers by hand, on a few workloads, against
 * `baseline.json`. Prints the ratios; ends with 1 where one is 1.5 times worse in each of three attempts. One attempt is
 * up to a quarter off on a machine that others use too: the baseline is the middle one of nine.
 *
 *     node --conditions=espalier-source test/bench/check.ts            checks
 *     node --conditions=espalier-source test/bench/check.ts --write    makes what it measures the baseline
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { effectFibers } from "./contenders/effect-fibers.ts";
import { espalier } from "./contenders/espalier.ts";
import { measure } from "./measure.ts";
import { reached } from "./targets.ts";
import { workloads } from "./workloads.ts";

const path = fileURLToPath(new URL("baseline.json", import.meta.url));
const worst = 1.5;
const attempts = 3;
const baselineAttempts = 9;
const keys = ["chain", "fan-1k", "layers", "dynamic", "nested"];
const effort = { rounds: 7, warmUpMillis: 250, sampleMillis: 15 };
const contenders = [effectFibers, espalier.find(({ name }) => name === "Espalier, Effects")!];

const ratioOf = async (key: string): Promise<number> => {
  const workload = workloads.find((known) => known.key === key)!;
  return reached(await measure(workload, contenders, effort)).fibers!;
};

if (process.argv.includes("--write")) {
  const baseline: Record<string, number> = {};
  for (const key of keys) {
    const ratios: Array<number> = [];
    while (ratios.length < baselineAttempts) ratios.push(await ratioOf(key));
    const sorted = ratios.toSorted((a, b) => a - b);
    baseline[key] = Number(sorted[Math.floor(baselineAttempts / 2)]!.toFixed(2));
    console.log(`${key}: ${sorted.map((ratio) => ratio.toFixed(2)).join(" ")} times as fast as fibers`);
  }
  writeFileSync(path, `${JSON.stringify(baseline, undefined, 2)}\n`);
} else {
  const baseline = JSON.parse(readFileSync(path, "utf8")) as Record<string, number>;
  let isSlower = false;
  for (const key of keys) {
    const least = baseline[key]! / worst;
    let best = 0;
    for (let attempt = 0; attempt < attempts && best < least; attempt++) {
      best = Math.max(best, await ratioOf(key));
    }
    if (best < least) isSlower = true;
    console.log(`${key}: ${best.toFixed(2)} times as fast as fibers; at least ${least.toFixed(2)}`);
  }
  process.exit(isSlower ? 1 : 0);
}
