/** Steps whose functions are replaced in a check or a simulation. The types are those of the steps that are replaced. */
import type { Effect } from "effect/Effect";
import type { StepContext } from "../../types/context.ts";
import type { OutputsOf } from "../../types/pipeline.ts";
import type { AnyPipeline } from "../../types/provided.ts";
import type { InOf, OutOf, Step } from "../../types/step.ts";
import type { StepDefinition } from "../definition.ts";
import { globMatcher } from "../names.ts";
import type { UserCall } from "./sim/instrument.ts";

/**
 * A replacement for the function of each step of a name. Made by `mock` and `mocks`.
 *
 * @public
 */
export interface Mock {
  /** The name of the steps that it replaces; `*` stands for any characters. */
  readonly name: string;
  /** Called in the place of the step's function. */
  readonly replace: (inputs: any, context: StepContext) => unknown;
}

/** A value as a step may give it. */
type Giving<Value> = Value | PromiseLike<Value> | Effect<Value, any>;

type IsUnion<Type, Whole = Type> = [Type] extends [never]
  ? false
  : Type extends unknown
    ? [Whole] extends [Type]
      ? false
      : true
    : never;

/** One output is the value itself; several are a record. */
type Provided<Out> = true extends IsUnion<keyof Out> ? Out : Out[keyof Out];

/**
 * Replaces a standalone step, wherever a step of its name runs: also in what a dynamic step returns. What the
 * replacement reads and gives has the step's own types.
 *
 * @example
 * ```ts
 * import { dynamic, pipeline, step } from "espalier";
 * import { Simulation, mock } from "espalier/testing";
 *
 * const load = step("rows", ["url"], async ({ url }: { url: string }) => {
 *   const answer = await fetch(url);
 *   return (await answer.json()) as ReadonlyArray<number>;
 * });
 * const count = dynamic("count", ["url"], ({ url }: { url: string }) =>
 *   pipeline("counting")
 *     .step("url", [], () => url)
 *     .add(load)
 *     .step("count", ["rows"], ({ rows }) => rows.length),
 * );
 * console.log(count.name, mock(load, () => [1, 2, 3]).name); // count rows
 * ```
 *
 * @public
 */
export const mock = <const S extends Step<string, any, any, any, any>>(
  step: S,
  replace: (inputs: InOf<S>, context: StepContext) => Giving<Provided<OutOf<S>>>,
): Mock => ({ name: step.name, replace });

/** A replacement for some of the outputs of a pipeline. */
type Replacements<Outputs> = {
  readonly [Name in keyof Outputs]?: (
    inputs: Readonly<Record<string, any>>,
    context: StepContext,
  ) => Giving<Outputs[Name]>;
};

/**
 * Replaces steps of a pipeline by name. What each replacement gives has the type of the output of that name.
 *
 * @example
 * ```ts
 * import { pipeline } from "espalier";
 * import { mocks } from "espalier/testing";
 *
 * const report = pipeline("report")
 *   .step("rows", [], async () => [3, 4, 5])
 *   .step("sum", ["rows"], ({ rows }) => rows.reduce((sum, row) => sum + row, 0));
 *
 * console.log(mocks(report, { rows: () => [1, 2] }).map(({ name }) => name)); // [ "rows" ]
 * ```
 *
 * @public
 */
export const mocks = <const P extends AnyPipeline>(
  _pipeline: P,
  replacements: Replacements<OutputsOf<P>>,
): ReadonlyArray<Mock> =>
  Object.entries(replacements).map(([name, replace]) => ({ name, replace: replace as Mock["replace"] }));


/** All mocks of a check, ready to be asked. */
export interface Mocks {
  readonly find: (definition: StepDefinition) => ((call: UserCall) => unknown) | undefined;
}

export const noMocks: Mocks = { find: () => undefined };

export const mocksOf = (list: ReadonlyArray<Mock> | undefined): Mocks => {
  if (list === undefined || list.length === 0) return noMocks;
  const all = list.map((mock) => ({
    matches: mock.name.includes("*") ? globMatcher(mock.name) : (name: string) => name === mock.name,
    replace: (call: UserCall) => mock.replace(call.inputs, call.context),
  }));
  return { find: ({ name }) => all.find(({ matches }) => matches(name))?.replace };
};
