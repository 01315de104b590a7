/** The exported option types annotate options that are shared. */
import type { CommonOptions, MapOptions, RetryOptions, RunOptions, StepOptions } from "espalier";
import { pipeline } from "espalier";
const retry: RetryOptions = { times: 3, delay: "1 second" };
const common: CommonOptions = { retry, timeout: "5 seconds" };
const forStep: StepOptions = { ...common, description: "loads" };
const forMap: MapOptions = { ...common, concurrency: 3 };
const forRun: RunOptions = { concurrency: 3 };
export const p = pipeline("p")
  .step("a", [], () => [1], common)
  .map("c", "a", [], (one) => one + 1, forMap)
  .step("d", ["a", "c"], ({ a, c }) => a.map((one) => one.toFixed()).join() + c.length, { ...common, retry })
  .step("b", ["d"], ({ d }) => d.length, forStep);
export const r = p.runPromise({}, forRun);
