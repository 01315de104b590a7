/** The options and the report of a check. */
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
  /** The arbitrary that draws the inputs. */
  readonly input: Arbitrary<Input>;
  /**
   * The laws to check; by default `defaultLaws`: all but `crashSafe`, `cacheTransparent`,
   * `signalSafe`, `clusterSafe`, `monotone` and `stable`.
   */
  readonly laws?: ReadonlyArray<LawName>;
  /** Replacements for steps, also within expansions. */
  readonly mocks?: ReadonlyArray<Mock>;
  /** The number of inputs for each law; 100 by default. */
  readonly runs?: number;
  /** The number of other execution orders tried for each input, where order matters; 20 by default. */
  readonly interleavings?: number;
  /** The seed of the inputs; by default a new one each time. */
  readonly seed?: number;
  /** The path of a reported violation among the inputs; the check begins there. */
  readonly path?: string;
  /**
   * The time for the whole check; a minute by default. After it, no more inputs are drawn, and the report says how many
   * were checked. A law that was checked with no input fails the check with `CheckFailed`.
   */
  readonly deadline?: DurationInput;
  /** For `bounded`: the maximum size of the expansion of an input; 10,000 steps, 16 deep by default. */
  readonly bound?: (input: Input) => Bound;
  /** For `stable`: the expected shapes. */
  readonly recorded?: ReadonlyArray<{
    /** The input. */
    readonly input: Input;
    /** Its expected shape, as a violation of `stable` prints it. */
    readonly shape: string;
  }>;
  /** For `cacheTransparent`: inputs of the runs that fill the cache; by default drawn like the input. */
  readonly earlier?: ReadonlyArray<Input>;
  /**
   * The values sent to `.await` steps, by step name; by default values that their schemas accept. The laws about crashes
   * and signals send them to the run; for all others, the step has its value at once.
   */
  readonly answers?: Readonly<Record<string, Arbitrary<unknown>>>;
  /** `"fail"`: a law that nothing could have broken is an error. */
  readonly vacuous?: "report" | "fail";
  /**
   * Your own check of the outputs for an input: returns `false` or throws if they are wrong. It is the law
   * `expect`, and its inputs shrink like those of any other law.
   */
  readonly expect?: (input: Input, outputs: Outputs) => void | boolean | PromiseLike<void | boolean>;
  /**
   * Whether the outputs of two runs are the same; by default, whether they hold the same values. For outputs with timestamps or
   * random ids, compare the rest.
   */
  readonly same?: (one: Outputs, other: Outputs) => boolean;
  /**
   * The limit on real waiting: how long a run waits for results that take real time, such as a file, and how far in the future
   * a `setTimeout` timer may fire; 2 seconds by default. A run that exceeds it is reported with `CheckFailed`.
   */
  readonly patience?: DurationInput;
  /** Services that steps need. */
  readonly services?: Context<any>;
  /** Options of each run. */
  readonly run?: Omit<RunOptions, "store" | "runId">;
}

/**
 * The result of one law.
 *
 * @public
 */
export type LawReport = {
  /** The name of the law. */
  readonly law: LawName;
  /** The law in one sentence. */
  readonly sentence: string;
  /** The number of inputs it was checked with. */
  readonly runs: number;
  /** The seed of the inputs. */
  readonly seed: number;
  /** Whether the deadline passed before all inputs were checked. */
  readonly isCutShort?: boolean;
} & (
  | {
      /** It held, and some input could have broken it. */
      readonly result: "passed";
      /** The number of those inputs that could have broken the law. */
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
 * The largest expansion in a check.
 *
 * @public
 */
export interface Growth {
  /** The total number of steps in all expansions of that run. */
  readonly steps: number;
  /** Their depth of nesting. */
  readonly depth: number;
  /** The number of items in all arrays, Maps and Sets of the input. */
  readonly items: number;
}

/**
 * The report of a check in which no law was broken.
 *
 * @public
 */
export interface Report {
  /** The name of the step or pipeline that was checked. */
  readonly subject: string;
  /** The seed of the inputs. */
  readonly seed: number;
  /** The result of each law, in the order in which they were checked. */
  readonly laws: ReadonlyArray<LawReport>;
  /** Gaps in the check's coverage, as sentences: cases that were never taken, fallbacks always used, runs that failed. */
  readonly notes: ReadonlyArray<string>;
  /** The laws that were not requested. */
  readonly notChecked: ReadonlyArray<LawName>;
  /** The largest expansion. */
  readonly growth?: Growth;
  /** The report as readable text. */
  readonly toString: () => string;
}
