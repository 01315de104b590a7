/** DBOS: every step of a workflow is a row, written before the workflow continues. */
import { DBOS } from "@dbos-inc/dbos-sdk";
import { chainLength, fanSize, measure, smallRuns, url } from "./measure.mjs";

DBOS.setConfig({ name: "bench", systemDatabaseUrl: url, systemDatabasePoolSize: 20, logLevel: "error" });

const chainOf = DBOS.registerWorkflow(
  async (length) => {
    let value = 0;
    for (let i = 0; i < length; i++) value = await DBOS.runStep(async () => value + 1, { name: `s${i}` });
    return value;
  },
  { name: "chain" },
);

const fanOf = DBOS.registerWorkflow(
  async (size) => {
    const steps = Array.from({ length: size }, (_, i) => DBOS.runStep(async () => i, { name: `f${i}` }));
    return (await Promise.all(steps)).length;
  },
  { name: "fan" },
);

await DBOS.launch();
await measure({
  chain: () => chainOf(chainLength),
  fan: () => fanOf(fanSize),
  small: () => Promise.all(Array.from({ length: smallRuns }, () => chainOf(3))),
});
