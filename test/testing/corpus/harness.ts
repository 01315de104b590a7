/** Checks of steps as people write them: the fault of each and the law that reports it, or a proof that none is reported. */
import type { Report } from "espalier/testing";
import { CheckFailed, checkDynamic, checkPipeline, LawViolation } from "espalier/testing";
import { dynamic, pipeline } from "espalier";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

export interface Numbers {
  readonly items: ReadonlyArray<number>;
}

/** The input of most of them. */
const numbers: fc.Arbitrary<Numbers> = fc.record({ items: fc.array(fc.nat(100)) });

export const sum = (all: ReadonlyArray<number>): number => all.reduce((a, b) => a + b, 0);

export const valuesOf = (family: unknown): Array<any> => Object.values(family as object);

/** An ordinary timer. */
export const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

/** A dynamic step that reads numbers. */
export const growing = (expand: (items: ReadonlyArray<number>) => any): any =>
  dynamic("found", ["items"], ({ items }: Numbers) => expand(items));

/** One with a single sub-step. */
export const stepping = (run: (items: ReadonlyArray<number>, context: any) => any): any =>
  growing((items) => pipeline("sub").step("found", [], (_, context) => run(items, context)));

/** The same for another input. */
export const reading = <Input>(expand: (input: Input) => any, name: string): any =>
  dynamic("found", [name], expand as never);

export interface Case {
  /** The subject of the check: a dynamic step or a pipeline. */
  readonly checked: any;
  readonly input?: fc.Arbitrary<any>;
  readonly options?: object;
  /** The smallest input, if it is worth asserting. */
  readonly smallest?: unknown;
  /** A text that the report must contain. */
  readonly says?: RegExp;
  /** The fault depends on earlier events in this process, so the pasted test finds it only in a new one. */
  readonly isStateful?: boolean;
}

const seed = 1;

const checkOf = ({ checked, input = numbers, options = {} }: Case, more: object = {}): Promise<Report> => {
  const all = { input, seed, ...options, ...more };
  return typeof checked.runPromise === "function" ? checkPipeline(checked, all) : checkDynamic(checked, all);
};

/** Runs the test that a violation prints, in a file that defines the names in it. */
const paste = async ({ checked, input = numbers }: Case, regression: string): Promise<unknown> => {
  const name = /await check\w+\((\w+),/.exec(regression)![1]!;
  // oxlint-disable-next-line typescript/no-implied-eval -- it is text that people paste
  const file = new Function("test", "fc", "checkDynamic", "checkPipeline", name, "input", regression) as (
    ...all: ReadonlyArray<unknown>
  ) => void;
  let run = async (): Promise<void> => {};
  const define = (_: string, body: () => Promise<void>): void => {
    run = body;
  };
  file(define, fc, checkDynamic, checkPipeline, checked, input);
  return run().catch((thrown: unknown) => thrown);
};

/** `npm run test:long` measures how often the faults are found, for any seed, and how long that takes. */
const isLong = process.env["ESPALIER_LONG"] !== undefined;
const otherSeeds = [2, 3, 4, 5, 6];

interface Measured {
  /** The checks in which a law was broken, by case and seed. */
  readonly broken: ReadonlyArray<string>;
  readonly checks: number;
  /** This thread's CPU time for each check, in milliseconds, in ascending order: a busy machine does not change it. */
  readonly millis: ReadonlyArray<number>;
}

/** Checks with the default laws, as most people do. */
const measured = async (cases: Readonly<Record<string, Case>>): Promise<Measured> => {
  const broken: Array<string> = [];
  const millis: Array<number> = [];
  for (const [name, each] of Object.entries(cases)) {
    // Its outcome depends on earlier events in this process; a check in a new process finds it.
    if (each.isStateful === true) continue;
    for (const seed of otherSeeds) {
      const began = process.threadCpuUsage();
      const found: unknown = await checkOf(each, { seed }).catch((thrown: unknown) => thrown);
      const { system, user } = process.threadCpuUsage(began);
      millis.push((system + user) / 1000);
      if (found instanceof LawViolation) broken.push(`${name} (seed ${seed}: ${found.law})`);
    }
  }
  return { broken, checks: millis.length, millis: millis.toSorted((a, b) => a - b) };
};

const at = (millis: ReadonlyArray<number>, share: number): number =>
  millis[Math.min(millis.length - 1, Math.floor(millis.length * share))]!;

const tellMeasured = (what: string, { broken, checks, millis }: Measured): void => {
  const times = [0.5, 0.9, 1].map((share) => `${Math.round(at(millis, share))} ms`).join(", ");
  const line = `${what}: ${broken.length} of ${checks} checks found a law broken; median, nine of ten, longest: ${times}`;
  process.stdout.write(`${line}\n`);
};

const measuredTest = (
  name: string,
  what: string,
  cases: Readonly<Record<string, Case>>,
  expected: (found: Measured) => void,
): void => {
  test.runIf(isLong)(
    name,
    async () => {
      const found = await measured(cases);
      tellMeasured(what, found);
      expected(found);
      // The median of the whole corpus is a tenth of a second. If nothing is wrong, all inputs are checked with every law.
      expect(at(found.millis, 0.5), "the median, in milliseconds").toBeLessThan(1500);
      expect(at(found.millis, 0.9), "nine of ten, in milliseconds").toBeLessThan(3000);
    },
    3_600_000,
  );
};

/** Each has one fault, which this law reports; the printed test fails in the same way. */
export const bugs = (law: string, cases: Readonly<Record<string, Case>>): void => {
  describe(`${law} finds`, () => {
    test.each(Object.entries(cases))(
      "%s",
      async (_, each) => {
        const found: unknown = await checkOf(each).catch((thrown: unknown) => thrown);
        expect(found).toBeInstanceOf(LawViolation);
        const { actual, input, law: named, message, regression } = found as LawViolation;
        expect({ law: named, actual }).toEqual({ law, actual });
        expect(message).toMatch(each.says ?? "");
        expect(input).toEqual(each.smallest ?? input);
        const pasted = each.isStateful === true ? found : await paste(each, regression);
        expect(pasted).toMatchObject({ law, actual });
      },
      60_000,
    );
    // By any law: which one comes first may depend on the random inputs.
    measuredTest("four of five of them with each of five seeds", law, cases, ({ broken, checks }) => {
      expect(broken.length / Math.max(1, checks)).toBeGreaterThanOrEqual(0.8);
    });
  });
};

/** Subjects that cannot be checked, with the smallest input and the reason. */
export const obstacles = (cases: Readonly<Record<string, Case & { readonly says: RegExp }>>): void => {
  describe("a check cannot be made of", () => {
    test.each(Object.entries(cases))(
      "%s",
      async (_, each) => {
        const found: unknown = await checkOf(each).catch((thrown: unknown) => thrown);
        expect(found).toBeInstanceOf(CheckFailed);
        const { input, message } = found as CheckFailed;
        expect(message).toMatch(each.says);
        expect(input).toEqual(each.smallest ?? input);
      },
      60_000,
    );
  });
};

/** None of these has a fault, although each looks as if it had. */
export const sound = (cases: Readonly<Record<string, Case>>): void => {
  describe("no law is broken by", () => {
    test.each(Object.entries(cases))(
      "%s",
      async (_, each) => {
        const report = await checkOf(each, { runs: 25, ...each.options });
        expect(report.laws.some(({ result }) => result === "passed")).toBe(true);
      },
      60_000,
    );
    measuredTest(
      "more than one in a hundred checks, with five seeds",
      "sound",
      cases,
      ({ broken, checks }) => {
        expect(broken, `of ${checks}`).toHaveLength(Math.min(broken.length, Math.floor(checks / 100)));
      },
    );
  });
};
