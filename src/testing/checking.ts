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
export interface CheckOptions<Input> {
  /** Where inputs come from. */
  readonly input: Arbitrary<Input>;
  /** Which laws; by default all but `crashSafe`, `monotone` and `stable`. */
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
  /** The longest that the whole check may take; a minute by default. */
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
  /** `"fail"`: a law without signal is an error. */
  readonly vacuous?: "report" | "fail";
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
}
