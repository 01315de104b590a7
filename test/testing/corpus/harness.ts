/** Checks of steps as people write them: what is wrong with each and which law says so, or that nothing is. */
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

/** A timer like everybody's. */
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
  /** What is checked: a dynamic step or a pipeline. */
  readonly checked: any;
  readonly input?: fc.Arbitrary<any>;
  readonly options?: object;
  /** What the smallest input is, where that is worth a look. */
  readonly smallest?: unknown;
  /** What the report must say. */
  readonly says?: RegExp;
  /** It depends on what has happened in this process, so the pasted test finds it in a new one only. */
  readonly isStateful?: boolean;
}

const seed = 1;

const checkOf = ({ checked, input = numbers, options = {} }: Case, more: object = {}): Promise<Report> => {
  const all = { input, seed, ...options, ...more };
  return typeof checked.runPromise === "function" ? checkPipeline(checked, all) : checkDynamic(checked, all);
};

/** Runs the test that a violation prints, in a file that has what it names. */
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

/** Each has one fault, which this law names; the test that is printed fails in the same way. */
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
  });
};

/** What cannot be checked, for the smallest input and with the reason. */
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

/** Nothing is wrong with any of these, though each looks as if something were. */
export const sound = (cases: Readonly<Record<string, Case>>): void => {
  describe("no law is broken by", () => {
    test.each(Object.entries(cases))(
      "%s",
      async (_, each) => {
        const report = await checkOf(each, { runs: 25 });
        expect(report.laws.some(({ result }) => result === "passed")).toBe(true);
      },
      60_000,
    );
  });
};
