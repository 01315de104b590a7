/** Findings of a check other than violations, above all the gaps in its coverage, for its report. */
import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import { staticPathOf } from "../path.ts";
import { describe } from "../values/describe.ts";
import type { CheckOptions, Growth, LawReport, Report } from "./checking.ts";
import type { LawName } from "./laws/index.ts";
import { laws } from "./laws/index.ts";
import { sizeOf } from "./laws/bounded.ts";
import type { Given, Observed } from "./observe.ts";
import { reportText } from "./report-text.ts";

/** The number of items in all arrays, Maps and Sets of an input. */
const itemsIn = (value: unknown, seen: Set<object> = new Set<object>()): number => {
  if (typeof value !== "object" || value === null || seen.has(value)) return 0;
  seen.add(value);
  if (Array.isArray(value) || value instanceof Set) {
    let count = 0;
    for (const item of value) count += 1 + itemsIn(item, seen);
    return count;
  }
  if (value instanceof Map) {
    let count = 0;
    for (const item of value.values()) count += 1 + itemsIn(item, seen);
    return count;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return 0;
  return Object.values(value).reduce((sum: number, item) => sum + itemsIn(item, seen), 0);
};

const increment = (counts: Map<string, number>, key: string): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

const className = (value: object): string => {
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  const name = (value.constructor as { readonly name?: string } | undefined)?.name;
  return name === undefined ? "an object without a class" : `an instance of ${name}`;
};

export class Findings {
  #runs = 0;
  #failed = 0;
  /** The number of failed runs, by error. */
  readonly #failures = new Map<string, number>();
  /** By static path: all cases, and those that were taken. */
  readonly #cases = new Map<string, { readonly all: ReadonlySet<string>; readonly taken: Set<string> }>();
  /** By static path: the number of calls of a step with a fallback, and of those that needed it. */
  readonly #fallbacks = new Map<string, { calls: number; failed: number }>();
  readonly #keptAsIs = new Set<string>();
  #hasCache = false;
  #hasWait = false;
  #growth: Growth | undefined;

  ran(observed: Observed, given: Given): void {
    const { ended } = observed;
    this.#runs++;
    this.#hasCache ||= observed.hasCache;
    this.#hasWait ||= observed.hasWait;
    if (!("stuck" in ended) && Exit.isFailure(ended.exit)) {
      this.#failed++;
      increment(this.#failures, describe(Cause.squash(ended.exit.cause)).slice(0, 200));
    }
    for (const { cases, path, taken } of observed.choicesOfCases) {
      const at = staticPathOf(path);
      const known = this.#cases.get(at) ?? { all: new Set(cases), taken: new Set() };
      known.taken.add(taken);
      this.#cases.set(at, known);
    }
    for (const { hasFailed, path } of observed.fallbacks) {
      const at = staticPathOf(path);
      const known = this.#fallbacks.get(at) ?? { calls: 0, failed: 0 };
      known.calls++;
      if (hasFailed) known.failed++;
      this.#fallbacks.set(at, known);
    }
    this.grew(observed, given);
  }

  /** Records a run with this input, of which only the size counts. */
  grew(observed: Observed, given: Given): void {
    const size = sizeOf(observed);
    if (size.steps > (this.#growth?.steps ?? 0)) this.#growth = { ...size, items: itemsIn(given) };
  }

  keptAsIs(value: object): void {
    this.#keptAsIs.add(className(value));
  }

  /** The gaps in coverage, as sentences. */
  #notes(): ReadonlyArray<string> {
    const notes: Array<string> = [];
    for (const [path, { all, taken }] of this.#cases) {
      for (const name of all)
        if (!taken.has(name)) notes.push(`The case "${name}" of "${path}" was never taken.`);
    }
    for (const [path, { calls, failed }] of this.#fallbacks) {
      if (failed === calls) notes.push(`"${path}" never succeeded: its fallback was used every time.`);
    }
    if (this.#failed > 0) {
      const most = [...this.#failures].toSorted(([, a], [, b]) => b - a).slice(0, 3);
      const reasons = most.map(([reason, count]) => `${count} with ${reason}`).join("; ");
      notes.push(`${this.#failed} of ${this.#runs} runs failed: ${reasons}.`);
    }
    if (this.#keptAsIs.size > 0) {
      const what = [...this.#keptAsIs].join(", ");
      notes.push(
        `The inputs contain ${what}, which cannot be copied: every run received the same one, so runs can affect each other through it.`,
      );
    }
    return notes;
  }

  report(
    subject: string,
    seed: number,
    reports: ReadonlyArray<LawReport>,
    { expect }: CheckOptions<any>,
  ): Report {
    const checked = new Set<LawName>(reports.map(({ law }) => law));
    const notChecked = (Object.keys(laws) as Array<LawName>).filter(
      (name) => !checked.has(name) && (name !== "expect" || expect === undefined),
    );
    const report: Report = {
      subject,
      seed,
      laws: reports,
      notes: this.#notes(),
      notChecked,
      ...(this.#growth === undefined ? {} : { growth: this.#growth }),
    };
    const isOfUse = (law: LawName): boolean =>
      (law !== "cacheTransparent" || this.#hasCache) && (law !== "signalSafe" || this.#hasWait);
    const toString = (): string => reportText(report, notChecked.filter(isOfUse));
    Object.defineProperty(report, "toString", { value: toString, enumerable: false });
    return report;
  }
}
