/**
 * Middleware for laws, mocks and simulations: a graph whose every call, in its expansions as well, goes through it, and
 * what such middleware needs to act on a value that may take its time.
 */
import * as Effect from "effect/Effect";
import type { Graph } from "../engine/graph.ts";
import type { Middleware, StepCall } from "../engine/executor.ts";
import { returnsOf } from "../engine/phase.ts";
import type { Policy } from "../engine/policy.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { isThenable, promiseOf } from "../values/thenable.ts";

/** Whether what the call returns may be a pipeline. */
export const mayExpand = ({ phase }: StepCall): boolean => returnsOf[phase] === "expansion";

/** What the user's function receives before its context: the inputs, for a map after the item, for a turn after the state. */
export const parametersOf = ({ phase, item, inputs }: StepCall): ReadonlyArray<unknown> =>
  phase === "each" || phase === "turn" ? [item, inputs] : [inputs];

/** The same call with these instead of `parametersOf`. */
export const withParameters = (call: StepCall, parameters: ReadonlyArray<unknown>): StepCall => ({
  ...call,
  item: parameters.length === 2 ? parameters[0] : undefined,
  inputs: parameters.at(-1) as StepCall["inputs"],
});

/** The same graph, run within this middleware; what it was run within already is nearer to the user's functions. */
export const withMiddleware = (
  graph: Graph,
  middleware: Middleware,
  policyFor?: (definition: StepDefinition) => Policy | undefined,
): Graph => ({
  ...graph,
  around: [middleware, ...(graph.around ?? [])],
  ...(policyFor === undefined ? {} : { policyFor }),
});

/** What a function returned, as an Effect: it is one, or a promise, or a value. */
export const asEffect = (given: unknown): Effect.Effect<unknown, unknown> => {
  if (Effect.isEffect(given)) return given as Effect.Effect<unknown, unknown>;
  if (!isThenable(given)) return Effect.succeed(given);
  // As for the engine, a promise continues, and is waited for, whether or not anyone still wants what it gives.
  return Effect.uninterruptible(
    Effect.flatMap(
      Effect.promise(() => promiseOf(given)),
      asEffect,
    ),
  );
};

/** Continues with a value that may take its time, as the engine would. */
export const whenGiven = (value: unknown, next: (value: unknown) => unknown): unknown => {
  if (Effect.isEffect(value)) {
    return Effect.flatMap(value, (given) => {
      const made = next(given);
      return made === given ? Effect.succeed(made) : asEffect(made);
    });
  }
  if (isThenable(value)) {
    return promiseOf(value).then((given) => whenGiven(given, next));
  }
  return next(value);
};
