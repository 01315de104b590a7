/** The engine's own laws. The mutation check runs the same ones on engines with one fault each. */
import { describe, expect, test } from "vitest";
import { allLaws } from "./all-laws.ts";

const seed = Number(process.env["ESPALIER_SEED"] ?? Date.now() % 2 ** 31);

describe(`the engine (ESPALIER_SEED=${seed})`, () => {
  test.each(Object.entries(allLaws))(
    "%s",
    async (_, law) => {
      await expect(law(seed, 200)).resolves.toBeUndefined();
    },
    30_000,
  );
});
