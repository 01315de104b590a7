/**
 * The example with services: the source really is busy, the schedule retries until it is not, and errors can be caught
 * by their tags.
 */
import { expect, test } from "vitest";
import { example } from "./example.ts";

test("retries while the source is busy, and fails at once if there is no such station", async () => {
  const lines = (await example("services/main.ts")).trimEnd().split("\n");
  const retries = lines.filter((line) => line.includes("attempt"));
  expect(retries.toSorted()).toEqual(
    ["Delhi", "Lima", "Oslo"].flatMap((station) => [
      `  readings[${station}]: attempt 1 failed, the next in 20 ms`,
      `  readings[${station}]: attempt 2 failed, the next in 40 ms`,
    ]),
  );
  expect(lines.filter((line) => !line.includes("attempt"))).toEqual([
    "Oslo, Lima and Delhi",
    "  the warmest: Delhi, 33 °C",
    "Oslo and Atlantis",
    "  the warmest: there is no station Atlantis",
  ]);
});
