/**
 * A step as data: what the builder records for each call and what the engine reads. All kinds are one shape,
 * because they differ only in how the value that the function returns is used: see `kinds.ts`.
 *
 * Functions are untyped here: the types have checked them at compile time, or else the engine does.
 */
import type {
  CacheOptions,
  DynamicOptions,
  LoopOptions,
  MapOptions,
  StepOptions,
} from "../../types/options.ts";
import type { StepKind } from "../../types/plan.ts";
import type { PoolValue } from "./pool.ts";

/** Any function that a user passed. */
export type UserFunction = (...parameters: ReadonlyArray<any>) => unknown;

/** The options that a user passed with the function. */
export type AnyOptions = Partial<
  Omit<StepOptions<any, any, any>, "outputs" | "pool" | "cache" | "compensate"> &
    Omit<MapOptions<any, any, any>, "outputs" | "pool" | "cache" | "compensate"> &
    Omit<LoopOptions, "pool" | "cache" | "compensate">
> & {
  readonly pool?: string | PoolValue | undefined;
  readonly outputs?: DynamicOptions<any, any, any>["outputs"];
  readonly cache?: true | CacheOptions | undefined;
  readonly compensate?: UserFunction | undefined;
};

export interface StepDefinition {
  readonly kind: StepKind;
  readonly name: string;
  /** The names that the function reads, globs among them. */
  readonly inputs: ReadonlyArray<string>;
  /** For a map: the output whose items it runs over. */
  readonly over: string | undefined;
  /** The names that the step provides; `"all"` are known only once the step has expanded. */
  readonly outputs: ReadonlyArray<string> | "all";
  /** The function: `kinds.ts` has its name and says what it returns. A race has none: its contenders are its `cases`. */
  readonly call: UserFunction;
  /** Whether the function may read its last parameter, the context, according to its declaration. */
  readonly takesContext: boolean;
  /** For a switch: a function for each literal that `call` may return. For a race: its contenders. */
  readonly cases: Readonly<Record<string, UserFunction>> | undefined;
  /** For a loop: the functions that make the next state and decide when it ends. */
  readonly turns: Turns | undefined;
  /** For a standalone step with schemas instead of names: the decoders of its inputs. */
  readonly schemas: Readonly<Record<string, unknown>> | undefined;
  readonly options: AnyOptions;
  /** A step of one output, with only names and a function: the hot loop checks this for each step. */
  readonly isPlain: boolean;
}

/** The parts of a loop other than the function that makes its first state. */
export interface Turns {
  readonly turn: UserFunction;
  /** Whether `turn` may read its last parameter, the context. */
  readonly takesContext: boolean;
  readonly until: UserFunction;
  readonly maxTurns: number;
}

/** The default maximum number of turns of a loop. */
export const defaultMaxTurns = 1000;

/** Most steps have no options and share this object. */
export const noOptions: AnyOptions = Object.freeze({});
