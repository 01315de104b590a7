/**
 * Runs all laws of the engine, and ends at the first that does not hold. A separate program, since the mutation check runs
 * it once for each fault that it plants.
 *
 *     node --conditions=espalier-source property-tests/catch.ts SEED RUNS [engine|recorded|cluster]
 */
import { allLaws } from "./all-laws.ts";
import { clusterLaws } from "./cluster-laws.ts";
import { durableLaws } from "./durable-laws.ts";
import { reporting } from "./engine-laws.ts";
import { randomLaws } from "./random-laws.ts";
import { smallLaws } from "./small-laws.ts";

reporting.endOnFailure = true;

const [seed = "1", runs = "60", of] = process.argv.slice(2);

const chosen = {
  ...(of === undefined || of === "engine" ? { ...allLaws, ...smallLaws, ...randomLaws } : {}),
  ...(of === undefined || of === "recorded" ? durableLaws : {}),
  ...(of === undefined || of === "cluster" ? clusterLaws : {}),
};

/** A fault can also cause an uncaught exception instead of a failing law. */
process.on("uncaughtException", (error) => {
  console.log(JSON.stringify({ law: "no exception is uncaught", error: String(error).split("\n")[0] }));
  process.exit(1);
});

for (const [law, check] of Object.entries(chosen)) {
  try {
    await check(Number(seed), Number(runs));
  } catch (error) {
    console.log(JSON.stringify({ law, error: String(error).split("\n")[0] }));
    process.exit(1);
  }
}
