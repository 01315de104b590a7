/** The matcher that users add to their `expect`. */
import { checkDynamic, lawMatchers } from "espalier/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { broken, kept } from "./fixtures/steps.ts";

declare module "vitest" {
  interface Matchers {
    toKeepLaws(): Promise<void>;
  }
}
expect.extend(lawMatchers);

const input = fc.record({ rates: fc.array(fc.nat(9)) });
const few = { input, seed: 1, runs: 10 };

const errorOf = async (assertion: Promise<unknown>): Promise<Error> =>
  (await assertion.then(
    () => undefined,
    (error: unknown) => error,
  )) as Error;

test("passes if the laws are kept", async () => {
  await expect(checkDynamic(kept, few)).toKeepLaws();
  await expect(await checkDynamic(kept, few)).toKeepLaws();
});

test("fails with the complete report of the broken law, at the line of the test", async () => {
  const { message, stack } = await errorOf(expect(checkDynamic(broken, few)).toKeepLaws());
  expect(message).toMatch(/^"total" breaks the law wellFormed: /);
  expect(message).toContain("A test to paste:");
  expect(message).not.toContain("checkDynamic.ts");
  expect(stack).toContain("matchers.test.ts");
});

test("fails with the reason if a check could not be made", async () => {
  const throwing = fc.constant(0).map((): never => {
    throw new Error("no input");
  });
  const { message } = await errorOf(expect(checkDynamic(kept, { ...few, input: throwing })).toKeepLaws());
  expect(message).toContain("the arbitrary threw: no input");
});

test("reports what was checked if a law should be broken and none is", async () => {
  const { message } = await errorOf(expect(checkDynamic(kept, few)).not.toKeepLaws());
  expect(message).toContain("keeps 12 laws");
  await expect(checkDynamic(broken, few)).not.toKeepLaws();
});

test("refuses a value that is not a check", async () => {
  const { message } = await errorOf(expect(3).toKeepLaws());
  expect(message).toContain("got a number");
});
