/**
 * Espalier compared with what a user would take instead.
 *
 *     npm run bench                            all of it, in about ten minutes
 *     npm run bench -- chain fan-1k            only these workloads
 *     npm run bench -- --parts=memory,start    only these parts, of speed, floor, flow, memory, growth, events and start
 *     npm run bench -- --rounds=3 --only=Espalier,grfn
 */
import { parseArgs } from "node:util";
import { contenders } from "./contenders/all.ts";
import { controlFlowTable } from "./control-flow.ts";
import { emitCost, eventCost } from "./events.ts";
import { floorTable } from "./floor.ts";
import { growth } from "./growth.ts";
import type { Results } from "./measure.ts";
import { measure } from "./measure.ts";
import { memory } from "./memory.ts";
import { startUp } from "./start.ts";
import { machine, speedTable, targetTable } from "./table.ts";
import { workloads } from "./workloads.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "9" },
    parts: { type: "string", default: "speed,floor,flow,memory,growth,events,start" },
    only: { type: "string", default: "" },
  },
});
const parts = positionals.length > 0 ? ["speed"] : values.parts.split(",");
const asked = values.only.split(",");
const chosen = contenders.filter(({ name }) => asked.some((part) => name.startsWith(part)));

const effort = { rounds: Number(values.rounds), warmUpMillis: 500, sampleMillis: 40 };
console.log(
  `${machine()} Lower quartiles of ${effort.rounds} rounds. In brackets: how many times Promise.all.\n`,
);

if (parts.includes("speed")) {
  const all: Array<Results> = [];
  for (const workload of workloads) {
    if (positionals.length > 0 && !positionals.includes(workload.key)) continue;
    process.stderr.write(`${workload.title}\n`);
    all.push(await measure(workload, chosen, effort));
  }
  console.log(`${speedTable(all, chosen)}\n\n${targetTable(all)}\n`);
}
if (parts.includes("floor")) console.log(`${await floorTable(effort)}\n`);
if (parts.includes("flow")) console.log(`${await controlFlowTable(effort)}\n`);
if (parts.includes("memory")) console.log(`${memory(chosen)}\n`);
if (parts.includes("growth")) console.log(`${growth()}\n`);
if (parts.includes("events")) console.log(`${await eventCost(effort)}\n\n${await emitCost(effort)}\n`);
if (parts.includes("start")) console.log(`${startUp()}\n`);
process.exit(0);
