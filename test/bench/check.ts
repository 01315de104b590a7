/**
 * The short form for continuous integration: how many times faster than fibers by hand, on a few workloads, against
 * `baseline.json`. Prints the ratios; ends with 1 where one is 1.5 times worse in each of three attempts.
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
const keys = ["chain", "fan-1k", "layers", "dynamic", "nested"];
const effort = { rounds: 7, warmUpMillis: 250, sampleMillis: 15 };
const contenders = [effectFibers, espalier.find(({ name }) => name === "Espalier, Effects")!];

const ratioOf = async (key: string): Promise<number> => {
  const workload = workloads.find((known) => known.key === key)!;
  return reached(await measure(workload, contenders, effort)).fibers!;
};

const measured: Record<string, number> = {};
const isWriting = process.argv.includes("--write");
const baseline = isWriting ? {} : (JSON.parse(readFileSync(path, "utf8")) as Record<string, number>);
const failed: Array<string> = [];
for (const key of keys) {
  const least = (baseline[key] ?? 0) / worst;
  let best = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    best = Math.max(best, await ratioOf(key));
    if (!isWriting && best >= least) break;
  }
  measured[key] = Number(best.toFixed(2));
  if (best < least) failed.push(key);
  console.log(`${key}: ${best.toFixed(2)} times as fast as fibers; at least ${least.toFixed(2)}`);
}
if (isWriting) writeFileSync(path, `${JSON.stringify(measured, undefined, 2)}\n`);
process.exit(failed.length === 0 ? 0 : 1);
