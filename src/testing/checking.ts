/** What a check is asked for, and what it answers. */
import type { Context } from "effect/Context";
import type { Input as DurationInput } from "effect/Duration";
import type { Arbitrary } from "fast-check";
import type { RunOptions } from "../../types/options.ts";
import type { Bound } from "./law.ts";
import type { LawName } from "./laws/index.ts";
import type { Mock } from "./mock.ts";

/**
 * Options of `checkDynamic` and `checkPipeline`.
 *
 * @public
 */
export interface CheckOptions<Input, Outputs = any> {
  /** Where inputs come from. */
  readonly input: Arbitrary<Input>;
  /**
   * Which laws; by default `defaultLaws`: all but `crashSafe`, `cacheTransparent`,
   * `signalSafe`, `clusterSafe`, `monotone` and `stable`.
   */
  readonly laws?: ReadonlyArray<LawName>;
  /** Steps that are replaced, in whatever the step expands to as well. */
  readonly mocks?: ReadonlyArray<Mock>;
  /** How many inputs for each law; 100 by default. */
  readonly runs?: number;
  /** How many other orders for each input, where order matters; 20 by default. */
  readonly interleavings?: number;
  /** What the inputs are drawn by; another one each time by default. */
  readonly seed?: number;
  /** Where a violation was found, to begin with that. */
  readonly path?: string;
  /**
   * The time for the whole check; a minute by default. When it is over, no more inputs are drawn, and the report says how many
   * there were. A law for which there was none fails the check with `CheckFailed`.
   */
  readonly deadline?: DurationInput;
  /** For `bounded`: how large the expansion of an input may be; 10,000 steps, 16 deep by default. */
  readonly bound?: (input: Input) => Bound;
  /** For `stable`: the shapes that there must be. */
  readonly recorded?: ReadonlyArray<{
    /** What is given. */
    readonly input: Input;
    /** The shape that it must give, as a violation of `stable` prints it. */
    readonly shape: string;
  }>;
  /** For `cacheTransparent`: inputs of runs that have filled the cache; by default ones that are drawn like the input. */
  readonly earlier?: ReadonlyArray<Input>;
  /**
   * What steps of `.await` are answered, by their names; by default values that their schemas take. The laws about crashes
   * and signals send them to the run; for all others, the step has its value at once.
   */
  readonly answers?: Readonly<Record<string, Arbitrary<unknown>>>;
  /** `"fail"`: a law without signal is an error. */
  readonly vacuous?: "report" | "fail";
  /**
   * What the outputs must be for an input, where only you know: it returns `false` or throws if they are not. It is the law
   * `expect`, and its inputs are made smaller like those of all others.
   */
  readonly expect?: (input: Input, outputs: Outputs) => void | boolean | PromiseLike<void | boolean>;
  /**
   * Whether the outputs of two runs are the same; by default if they hold the same values. For outputs with timestamps or
   * random ids, compare the rest.
   */
  readonly same?: (one: Outputs, other: Outputs) => boolean;
  /**
   * The limit on real waiting: how long a run waits for what only real time brings, such as a file, and how far a timer of
   * `setTimeout` may be away; 2 seconds by default. A run that exceeds it is reported with `CheckFailed`.
   */
  readonly patience?: DurationInput;
  /** Services that steps need. */
  readonly services?: Context<any>;
  /** Options of each run. */
  readonly run?: Omit<RunOptions, "store" | "runId">;
}

/**
 * What came of one law.
 *
 * @public
 */
export type LawReport = {
  /** Which law. */
  readonly law: LawName;
  /** The law in one sentence. */
  readonly sentence: string;
  /** With how many inputs it was checked. */
  readonly runs: number;
  /** What the inputs were drawn by. */
  readonly seed: number;
  /** Whether the deadline came before all inputs were checked. */
  readonly isCutShort?: boolean;
} & (
  | {
      /** It held, and it could have been broken. */
      readonly result: "passed";
      /** For how many of them the law could have been broken. */
      readonly runsWithSignal: number;
    }
  | {
      /** Nothing could have broken it. */
      readonly result: "vacuous";
      /** Why not, in one sentence. */
      readonly reason: string;
    }
);

/**
 * The largest expansion that a check has seen.
 *
 * @public
 */
export interface Growth {
  /** How many steps all expansions of that run had together. */
  readonly steps: number;
  /** How deep they nested. */
  readonly depth: number;
  /** How many items the input had, in all of its arrays, Maps and Sets. */
  readonly items: number;
}

/**
 * What came of a check in which no law was broken.
 *
 * @public
 */
export interface Report {
  /** The name of what was checked. */
  readonly subject: string;
  /** What the inputs were drawn by. */
  readonly seed: number;
  /** What came of each law, in the order in which they were checked. */
  readonly laws: ReadonlyArray<LawReport>;
  /** What the check did not see, in sentences: cases that were never taken, fallbacks always used, runs that failed. */
  readonly notes: ReadonlyArray<string>;
  /** The laws that were not asked for. */
  readonly notChecked: ReadonlyArray<LawName>;
  /** The largest expansion. */
  readonly growth?: Growth;
  /** All of it, for people. */
  readonly toString: () => string;
}
