import { describe, expect, test } from "vitest";
import { clusterLaws } from "./cluster-laws.ts";

const seed = Number(process.env["ESPALIER_SEED"] ?? Date.now() % 1_000_000_000);

describe(`several processes (ESPALIER_SEED=${seed})`, { timeout: 600_000 }, () => {
  test.each(Object.entries(clusterLaws))("%s", async (_, check) => {
    await expect(check(seed, 2_000)).resolves.toBeUndefined();
  });
});
