/** Matchers for `expect.extend` of vitest and Jest: a check that fails is reported at the line of the test. */
import type { Report } from "./checking.ts";
import { typed } from "../values/specification.ts";
import { CheckFailed, LawViolation } from "./violation.ts";

/** The result of a matcher. */
interface Matched {
  readonly pass: boolean;
  readonly message: () => string;
}

const isReport = (value: unknown): value is Report =>
  typeof value === "object" && value !== null && "laws" in value && "notChecked" in value;

const toKeepLaws = async (check: unknown): Promise<Matched> => {
  try {
    const report = await check;
    if (isReport(report)) return { pass: true, message: () => `It keeps the laws.\n\n${report.toString()}` };
    const message = `toKeepLaws takes what checkDynamic or checkPipeline returns, a report or its Promise; got ${typed(report)}.`;
    throw new TypeError(message);
  } catch (error) {
    if (error instanceof LawViolation || error instanceof CheckFailed)
      return { pass: false, message: () => error.message };
    throw error;
  }
};

/**
 * Matchers for the `expect` of vitest or Jest. `toKeepLaws` takes a check and fails with the report of the broken
 * law, at the line of your test; with `not`, it fails with the report of all laws.
 *
 * @example
 * ```ts no-run
 * import { dynamic, pipeline } from "espalier";
 * import { checkDynamic, lawMatchers } from "espalier/testing";
 * import * as fc from "fast-check";
 * import { expect, test } from "vitest";
 *
 * declare module "vitest" {
 *   interface Matchers {
 *     toKeepLaws(): Promise<void>;
 *   }
 * }
 * expect.extend(lawMatchers);
 *
 * const count = dynamic("count", ["items"], ({ items }: { items: ReadonlyArray<string> }) =>
 *   pipeline("sub").step("count", [], () => items.length),
 * );
 *
 * test("count keeps the laws", async () => {
 *   await expect(checkDynamic(count, { input: fc.record({ items: fc.array(fc.string()) }) })).toKeepLaws();
 * });
 * ```
 *
 * @public
 */
export const lawMatchers: {
  /** Passes if the check finds no broken law. */
  readonly toKeepLaws: (check: unknown) => Promise<{
    /** Does every law hold? */
    readonly pass: boolean;
    /** The report of the broken law, or of all laws. */
    readonly message: () => string;
  }>;
} = { toKeepLaws };
