/** The engine's own laws. The mutation check runs the same ones on engines with a fault in each. */
import { describe, expect, test } from "vitest";
import { engineLaws } from "./engine-laws.ts";
import { poolLaws } from "./pool-laws.ts";
import { streamLaws } from "./stream-laws.ts";

const seed = Number(process.env["ESPALIER_SEED"] ?? Date.now() % 2 ** 31);

describe(`the engine (ESPALIER_SEED=${seed})`, () => {
  test.each(Object.entries({ ...engineLaws, ...poolLaws, ...streamLaws }))(
    "%s",
    async (_, law) => {
      await expect(law(seed, 200)).resolves.toBeUndefined();
    },
    30_000,
  );
});
