/** Checks run under any test runner, and without one. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { it } from "@effect/vitest";
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import * as TestClock from "effect/testing/TestClock";
import { checkDynamic, LawViolation } from "espalier/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { broken, kept } from "./fixtures/steps.ts";

const input = fc.record({ rates: fc.array(fc.nat(9)) });

/** A program's output and exit code. */
const ran = (
  ...parameters: ReadonlyArray<string>
): Promise<{ readonly said: string; readonly code: unknown }> =>
  new Promise((resolve) => {
    const fixtures = join(import.meta.dirname, "fixtures");
    const all = ["--conditions=espalier-source", ...parameters];
    // Inside Node's test runner, a nested runner prints for its parent, not for people.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    execFile(process.execPath, all, { cwd: fixtures, env }, (error, stdout) => {
      resolve({ said: stdout, code: error?.code ?? 0 });
    });
  });

describe("a violation is displayed", () => {
  test("by vitest", async () => {
    await expect(checkDynamic(broken, { input, seed: 1 })).rejects.toThrow(LawViolation);
  });

  test("by Node's test runner", async () => {
    const { code, said } = await ran("--test", "node-test.ts");
    expect(code).toBe(1);
    expect(said).toContain("✔ keeps the laws");
    expect(said).toContain("✖ breaks a law");
    expect(said).toContain('"total" breaks the law wellFormed');
  });

  test("by a script without a runner", async () => {
    const { code, said } = await ran("plain.ts");
    expect(code).toBe(0);
    expect(said).toContain("wellFormed: passed");
    expect(said).toContain('"total" breaks the law wellFormed');
  });
});

describe("with @effect/vitest, a check is part of a test that is an Effect", () => {
  it.effect("and does not affect that test's clock", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 hour");
      const report = yield* Effect.promise(() => checkDynamic(kept, { input, runs: 20 }));
      expect(report.laws.map(({ result }) => result)).not.toContain("vacuous");
      expect(yield* Clock.currentTimeMillis).toBe(3_600_000);
    }),
  );

  it.effect("and its violation is an error of that Effect", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.tryPromise(() => checkDynamic(broken, { input, seed: 1 })));
      expect(error.cause).toBeInstanceOf(LawViolation);
    }),
  );
});
