import type { Plan, PlanStep } from "../../types/plan.ts";
import { describe } from "../values/describe.ts";
import { terminalText } from "./draw.ts";

/**
 * A shape differs from the expected one. Any test runner shows its message.
 *
 * @public
 */
export class ShapeMismatch extends Error {
  /** As runners print it. */
  override readonly name = "ShapeMismatch";
}

/**
 * Assertions about a graph. Each throws a `ShapeMismatch` if it does not hold, and otherwise returns the same object for chaining.
 *
 * @public
 */
export interface ShapeExpectation<Output extends string> {
  /** The graph has the steps with these names, in any order, and no others. */
  readonly toHaveSteps: (...names: ReadonlyArray<string>) => ShapeExpectation<Output>;
  /** The graph provides these outputs, possibly among others. */
  readonly toExpose: (...names: ReadonlyArray<Output>) => ShapeExpectation<Output>;
  /** The step reads from these steps (or inputs of the pipeline), possibly among others. */
  readonly toDependOn: (step: string, ...sources: ReadonlyArray<string>) => ShapeExpectation<Output>;
}

/**
 * The names of the outputs that a pipeline provides; none for any other value.
 *
 * @public
 */
export type OutputNames<Sub> = Sub extends {
  readonly runPromise: (...parameters: Array<any>) => Promise<infer Outputs>;
}
  ? keyof Outputs & string
  : Sub extends { readonly plan: () => Plan }
    ? string
    : never;

const list = (names: ReadonlyArray<string>): string =>
  names.length === 0 ? "nothing" : names.map((name) => `"${name}"`).join(", ");

const refuse = (plan: Plan, declared: string, actual: string, failing?: string): never => {
  throw new ShapeMismatch(
    [
      `"${plan.name}" has another shape.`,
      "",
      `  expected  ${declared}`,
      `  actual    ${actual}`,
      "",
      terminalText(plan, failing),
    ].join("\n"),
  );
};

/** The multiset difference of two lists of names. */
const without = (names: ReadonlyArray<string>, others: ReadonlyArray<string>): ReadonlyArray<string> => {
  const left = [...others];
  return names.filter((name) => {
    const at = left.indexOf(name);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
};

/** The names of the steps and inputs that a step reads. */
const sourcesOf = (plan: Plan, step: PlanStep): ReadonlyArray<string> => [
  ...new Set(
    step.inputs.flatMap(({ from, name }) => {
      const source = plan.steps.find(({ path }) => path === from)?.name;
      return source === undefined ? [name] : [source, name];
    }),
  ),
];

/**
 * Makes assertions about the graph of a pipeline, or of the result of calling a dynamic step directly.
 * Runs no step.
 *
 * @example
 * ```ts
 * import { dynamic, pipeline, step } from "espalier";
 * import { expectShape } from "espalier/testing";
 *
 * const total = dynamic("total", ["prices"], ({ prices }: { prices: ReadonlyArray<number> }) =>
 *   pipeline("sum")
 *     .addAll(prices.map((price, i) => step(`price-${i}`, [], () => price)))
 *     .step("total", ["price-*"], (read) => Object.values(read["price-*"]).reduce((a, b) => a + b, 0)),
 * );
 *
 * expectShape(total.expand({ prices: [3, 4] }))
 *   .toHaveSteps("price-0", "price-1", "total")
 *   .toExpose("total")
 *   .toDependOn("total", "price-0", "price-1");
 * ```
 *
 * @public
 */
export const expectShape = <Sub>(sub: Sub): ShapeExpectation<OutputNames<Sub>> => {
  if (typeof sub !== "object" || sub === null || !("plan" in sub) || typeof sub.plan !== "function") {
    throw new ShapeMismatch(`expectShape takes a pipeline; got ${describe(sub)}`);
  }
  const plan = (sub as unknown as { readonly plan: () => Plan }).plan();
  const names = plan.steps.map((step) => step.name);
  const expectation: ShapeExpectation<string> = {
    toHaveSteps: (...expected) => {
      const missing = without(expected, names);
      const more = without(names, expected);
      if (missing.length > 0 || more.length > 0) {
        const says = [
          ...(missing.length > 0 ? [`it lacks ${list(missing)}`] : []),
          ...(more.length > 0 ? [`it also has ${list(more)}`] : []),
        ];
        refuse(plan, `the steps ${list(expected)}`, says.join(", and "));
      }
      return expectation;
    },
    toExpose: (...expected) => {
      const missing = without(expected, plan.returns);
      if (missing.length > 0)
        refuse(plan, `the outputs ${list(expected)}`, `the outputs ${list(plan.returns)}`);
      return expectation;
    },
    toDependOn: (name, ...expected) => {
      const step = plan.steps.find((each) => each.name === name);
      if (step === undefined) return refuse(plan, `a step "${name}"`, `the steps ${list(names)}`);
      const sources = sourcesOf(plan, step);
      if (without(expected, sources).length > 0) {
        refuse(plan, `"${name}" reads from ${list(expected)}`, `it reads from ${list(sources)}`, step.path);
      }
      return expectation;
    },
  };
  return expectation;
};
