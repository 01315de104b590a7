import { checkDynamic } from "espalier/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { means, report } from "../src/pipeline.ts";

test("the summary has a line for each sensor", async () => {
  const readings = [
    { sensor: "a", value: 1 },
    { sensor: "b", value: 5 },
    { sensor: "a", value: 2 },
  ];
  expect((await report.runPromise({ readings })).summary).toBe("a: 1.5\nb: 5.0");
});

test("the dynamic step keeps the laws for random readings", async () => {
  const reading = fc.record({ sensor: fc.string(), value: fc.integer() });
  await checkDynamic(means, { input: fc.record({ readings: fc.array(reading) }) });
}, 60_000);
