/** The laws of recorded runs. The mutation check runs the same ones on engines with one fault each. */
import { describe, expect, test } from "vitest";
import { durableLaws } from "./durable-laws.ts";

const seed = Number(process.env["ESPALIER_SEED"] ?? Date.now() % 2 ** 31);

describe(`recorded runs (ESPALIER_SEED=${seed})`, () => {
  test.each(Object.entries(durableLaws))("%s", async (_, law) => {
    await expect(law(seed, 100)).resolves.toBeUndefined();
  });
});
