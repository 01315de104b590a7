/**
 * A process that records runs in a SQLite file for a while: `node writer.ts FILE fan|chain SECONDS`. Prints the number of steps that
 * it recorded per second, and the longest time between the ends of two consecutive steps.
 */
import { randomUUID } from "node:crypto";
import { SqliteStore } from "espalier/sqlite";
import { chain, chainLength, fan, fanSize } from "./pipelines.ts";

const [file, shape, seconds] = process.argv.slice(2);
const store = SqliteStore.layer({ filename: file! });
const isFan = shape === "fan";
await fan.runPromise({}, { store });
console.log("ready");
await new Promise((resolve) => process.stdin.once("data", resolve));

const began = performance.now();
const end = began + Number(seconds) * 1000;
let steps = 0;
let last = began;
let longestWait = 0;
const onEvent = (): void => {
  const now = performance.now();
  longestWait = Math.max(longestWait, now - last);
  last = now;
};
while (performance.now() < end) {
  const options = { store, runId: randomUUID() };
  if (isFan) await fan.runPromise({}, options);
  else await chain.runPromise({}, { ...options, onEvent });
  steps += isFan ? fanSize : chainLength;
}
console.log(JSON.stringify({ rate: (steps / (performance.now() - began)) * 1000, longestWait }));
process.exit(0);
