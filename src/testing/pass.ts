/**
 * One pass over the inputs for several laws at once: each input is drawn once and checked by all of them, and an input that
 * breaks a law is shrunk for that law alone.
 */
import * as fc from "fast-check";
import { describe } from "../values/describe.ts";
import type { Broken, Law, LawTools, Verdict } from "./law.ts";
import { Obstacle, settled } from "./law.ts";
import type { LawName } from "./laws/index.ts";
import { drainMillis } from "./laws/leaves-nothing.ts";
import type { Given, Observed, Subject } from "./observe.ts";
import { hashOf, seedFor } from "./random.ts";
import { copied } from "./values.ts";
import { textOf } from "./words.ts";

/** The result of one law in a pass. */
export interface Tally {
  readonly law: Law & { readonly name: LawName };
  checked: number;
  withSignal: number;
  /** The reason why nothing could have broken it, if so. */
  reason: string;
  /** A violation to report only if it occurred for every input. */
  always: { readonly verdict: Broken; readonly input: Given } | undefined;
  others: number;
}

export type Outcome =
  | { readonly type: "done"; readonly isCutShort: boolean }
  | {
      readonly type: "broken";
      readonly law: LawName;
      readonly verdict: Broken;
      readonly input: unknown;
      readonly path: string;
    }
  | {
      readonly type: "stopped";
      readonly law: LawName;
      readonly reason: string;
      readonly input: unknown;
      readonly path: string;
    };

export interface PassOptions {
  readonly runs: number;
  readonly seed: number;
  readonly path: string | undefined;
  /** The time after which no more inputs are drawn. */
  readonly until: number;
  /** The deadline for a single input that never ends. */
  readonly deadline: { readonly until: number; readonly text: string };
  readonly tools: Omit<LawTools, "seed" | "first">;
  /** Receives each first run. */
  readonly onFirst: (observed: Observed, given: Given) => void;
}

/** Thrown to make fast-check shrink the input. */
class Found extends Error {
  readonly law: LawName;
  readonly verdict: Broken | Obstacle;
  constructor(law: LawName, verdict: Broken | Obstacle) {
    super(law);
    this.law = law;
    this.verdict = verdict;
  }
}

/** The deadline passed while an input was being checked. */
class Late extends Obstacle {}

/** The minimum number of inputs to check, however long they take, unless the deadline passes. */
const fewest = 5;

/** The time to spend on shrinking, in milliseconds. */
const shrinkMillis = 4000;

/** Waits until the deadline at most, whatever the user's code does with promises. */
const inTime = <Value>({ deadline }: PassOptions, promise: Promise<Value>): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Late(deadline.text)), Math.max(0, deadline.until - Date.now()));
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

export class Pass {
  readonly tallies: ReadonlyArray<Tally>;
  readonly #subject: Subject;
  readonly #options: PassOptions;
  /** Once a law is broken, only that one is checked. */
  #found: { readonly law: LawName; readonly at: number } | undefined;
  #stopped: { readonly law: LawName; readonly reason: string; readonly input: Given } | undefined;
  #isCutShort = false;

  constructor(subject: Subject, laws: ReadonlyArray<Law & { readonly name: LawName }>, options: PassOptions) {
    this.#subject = subject;
    this.#options = options;
    this.tallies = laws.map((law) => ({
      law,
      checked: 0,
      withSignal: 0,
      reason: "",
      always: undefined,
      others: 0,
    }));
  }

  async run(arbitrary: fc.Arbitrary<Given>): Promise<Outcome> {
    const { path, runs, seed } = this.#options;
    const property = fc.asyncProperty(arbitrary, (given) => this.#look(given));
    const first = this.tallies[0]!.law.name;
    let details: fc.RunDetails<[Given]>;
    try {
      details = await fc.check(property, {
        seed,
        numRuns: runs,
        endOnFailure: false,
        ...(path === undefined ? {} : { path }),
      });
    } catch (thrown) {
      // If an arbitrary throws, fast-check throws an error with a message of its own.
      return this.#arbitraryThrew(first, thrown, path ?? "0");
    }
    const { counterexample, counterexamplePath, errorInstance } = details;
    const at = counterexamplePath ?? path ?? "0";
    if (errorInstance instanceof Found) {
      const { law, verdict } = errorInstance;
      const [input] = counterexample!;
      return verdict instanceof Obstacle
        ? { type: "stopped", law, reason: verdict.message, input, path: at }
        : { type: "broken", law, verdict, input, path: at };
    }
    if (this.#stopped !== undefined) {
      const { law, ...stopped } = this.#stopped;
      const { checked } = this.tallies.find((tally) => tally.law.name === law)!;
      return { type: "stopped", law, ...stopped, path: String(checked) };
    }
    if (details.failed) return this.#arbitraryThrew(first, errorInstance, at);
    return this.#always() ?? { type: "done", isCutShort: this.#isCutShort };
  }

  #arbitraryThrew(law: LawName, thrown: unknown, path: string): Outcome {
    const reason = `the arbitrary threw: ${describe(thrown)}`;
    return { type: "stopped", law, reason, input: undefined, path };
  }

  /** A problem that is acceptable for one input is a violation if all inputs have it. */
  #always(): Outcome | undefined {
    for (const { always, law, others } of this.tallies) {
      if (always === undefined || others > 0) continue;
      const { input, verdict } = always;
      return { type: "broken", law: law.name, verdict, input, path: "0" };
    }
    return undefined;
  }

  async #look(given: Given): Promise<void> {
    if (this.#stopped !== undefined || this.#isCutShort) return;
    const now = Date.now();
    if (this.#found !== undefined && now > this.#found.at + shrinkMillis) return;
    if (this.#found === undefined && this.#isOutOfTime(now)) {
      const unchecked = this.tallies.find(({ checked }) => checked === 0);
      if (unchecked === undefined) this.#isCutShort = true;
      else this.#stopped = { law: unchecked.law.name, reason: this.#options.deadline.text, input: given };
      return;
    }
    const seed = seedFor(this.#options.seed, hashOf(textOf(given)));
    let first: Promise<Observed> | undefined;
    const tools: LawTools = {
      ...this.#options.tools,
      seed,
      first: () => {
        first ??= this.#firstRun(given);
        return first;
      },
    };
    for (const tally of this.tallies) {
      const { name } = tally.law;
      if (this.#found !== undefined && this.#found.law !== name) continue;
      await this.#lookAt(tally, given, tools);
      if (this.#stopped !== undefined || this.#isCutShort) return;
    }
  }

  #isOutOfTime(now: number): boolean {
    const { deadline, until } = this.#options;
    if (now > deadline.until) return true;
    return now > until && this.tallies.every(({ checked }) => checked >= fewest);
  }

  async #firstRun(given: Given): Promise<Observed> {
    const observed = await settled(this.#subject, given, { drain: drainMillis(this.#subject) });
    if (this.#found === undefined) this.#options.onFirst(observed, given);
    return observed;
  }

  async #lookAt(tally: Tally, given: Given, tools: LawTools): Promise<void> {
    const { check, name } = tally.law;
    let verdict: Verdict;
    try {
      verdict = await inTime(this.#options, check(this.#subject, given, tools));
    } catch (thrown) {
      if (thrown instanceof Late && tally.checked > 0) {
        this.#isCutShort = true;
        return;
      }
      if (thrown instanceof Obstacle && thrown.isOfInput) this.#breaks(name, thrown);
      const reason =
        thrown instanceof Obstacle ? thrown.message : `the check itself failed: ${describe(thrown)}`;
      this.#stopped = { law: name, reason, input: given };
      return;
    }
    tally.checked++;
    switch (verdict.type) {
      case "broken":
        this.#breaks(name, verdict);
        break;
      case "held":
        tally.withSignal++;
        if (verdict.unlessOthers === undefined) tally.others++;
        else if (isSmaller(given, tally.always?.input))
          tally.always = { verdict: verdict.unlessOthers, input: copied(given) };
        break;
      case "vacuous":
        tally.reason ||= verdict.reason;
        break;
    }
  }

  #breaks(law: LawName, verdict: Broken | Obstacle): never {
    this.#found ??= { law, at: Date.now() };
    throw new Found(law, verdict);
  }
}

const isSmaller = (one: Given, other: Given | undefined): boolean =>
  other === undefined || textOf(one).length < textOf(other).length;
