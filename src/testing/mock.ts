import type { Effect } from "effect/Effect";
import type { StepContext } from "../../types/context.ts";
import type { IsOne } from "../../types/names.ts";
import type { AnyStep, InOf, OutOf } from "../../types/step.ts";
import type { Graph } from "../engine/graph.ts";
import type { StepCall } from "../engine/executor.ts";
import { graphOf } from "../engine/graph.ts";
import { GraphError } from "../errors.ts";
import { standalone } from "../graph/steps.ts";
import { withMiddleware } from "./instrument.ts";

/**
 * A replacement for a step.
 *
 * @public
 */
export interface Mock {
  /** The name of the step that is replaced. */
  readonly name: string;
  /** The function that is called instead. */
  readonly run: (inputs: any, context: StepContext) => unknown;
}

/**
 * The value that a mock returns instead of the step: that of its one output, or a record of several.
 *
 * @public
 */
export type MockResult<S> = [keyof OutOf<S>] extends [never]
  ? unknown
  : IsOne<keyof OutOf<S>> extends true
    ? OutOf<S>[keyof OutOf<S>]
    : OutOf<S>;

/**
 * Replaces a step with a function of the same type, wherever a step with its name runs: in a pipeline, or in the
 * expansion of a dynamic step.
 *
 * @example
 * ```ts
 * import { dynamic, pipeline, step } from "espalier";
 * import { checkDynamic, mock } from "espalier/testing";
 * import * as fc from "fast-check";
 *
 * const price = step("price", [], async () => (await fetch("https://example.com/price")).json() as Promise<number>);
 * const total = dynamic("total", ["count"], ({ count }: { count: number }) =>
 *   pipeline("sum").add(price).step("total", ["price"], ({ price }) => price * count),
 * );
 *
 * await checkDynamic(total, {
 *   input: fc.record({ count: fc.nat() }),
 *   mocks: [mock(price, () => 3)],
 * });
 * ```
 *
 * @public
 */
export const mock = <S extends AnyStep>(
  step: S,
  run: (
    inputs: InOf<S>,
    context: StepContext,
  ) => MockResult<S> | PromiseLike<MockResult<S>> | Effect<MockResult<S>, unknown>,
): Mock => {
  const definition = standalone(step);
  if (definition === undefined) throw new TypeError("mock takes a standalone step.");
  return { name: definition.name, run };
};

/** The graph with its steps replaced, also within its expansions. */
export const withMocks = (graph: Graph, replaced: ReadonlyArray<Mock>): Graph => {
  if (replaced.length === 0) return graph;
  const byName = new Map(replaced.map((each) => [each.name, each]));
  return withMiddleware(graph, (next) => (call) => {
    const found = byName.get(call.definition.name);
    return found === undefined ? next(call) : replacement(found, call);
  });
};

/**
 * Calls the mock. The mock of a switch replaces its cases, so it does not matter which one is chosen; that of a race
 * replaces its contenders; that of a loop, its turns.
 */
const replacement = ({ run }: Mock, { phase, definition, item, inputs, context }: StepCall): unknown => {
  switch (phase) {
    case "run":
    case "expand":
    case "case":
    case "contender":
      return run(inputs, context);
    case "start":
    // A replaced step has done nothing to undo.
    case "compensate":
      return undefined;
    case "each":
    case "turn":
      return (run as (...parameters: ReadonlyArray<unknown>) => unknown)(item, inputs, context);
    case "choose":
      return Object.keys(definition.cases!)[0];
  }
};

/**
 * The pipeline with these steps replaced. It has the same type and runs like any other.
 *
 * @example
 * ```ts
 * import { pipeline, step } from "espalier";
 * import { mock, mocks } from "espalier/testing";
 *
 * const now = step("now", [], () => Date.now());
 * const report = pipeline("report")
 *   .add(now)
 *   .step("line", ["now"], ({ now }) => `at ${now}`);
 *
 * const tested = mocks(report, [mock(now, () => 0)]);
 * console.log((await tested.runPromise({})).line); // at 0
 * ```
 *
 * @public
 */
export const mocks = <P extends object>(pipeline: P, replaced: ReadonlyArray<Mock>): P => {
  const graph = (pipeline as { readonly [graphOf]?: Graph })[graphOf];
  if (graph === undefined)
    throw new GraphError({ pipeline: "", step: "", reason: "mocks takes a pipeline." });
  // Everything else stays: it is the same pipeline with other functions.
  return Object.create(pipeline, { [graphOf]: { value: withMocks(graph, replaced) } }) as P;
};
