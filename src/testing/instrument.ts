/**
 * Middleware for laws, mocks and simulations: applies it to every call of a graph, also in its expansions, and
 * helps it to handle values that may be asynchronous.
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

/** The parameters of the user's function before its context: the inputs, preceded by the item of a map or the state of a turn. */
export const parametersOf = ({ phase, item, inputs }: StepCall): ReadonlyArray<unknown> =>
  phase === "each" || phase === "turn" ? [item, inputs] : [inputs];

/** The same call with these instead of `parametersOf`. */
export const withParameters = (call: StepCall, parameters: ReadonlyArray<unknown>): StepCall => ({
  ...call,
  item: parameters.length === 2 ? parameters[0] : undefined,
  inputs: parameters.at(-1) as StepCall["inputs"],
});

/** The same graph with this middleware around it; existing middleware is closer to the user's functions. */
export const withMiddleware = (
  graph: Graph,
  middleware: Middleware,
  policyFor?: (definition: StepDefinition) => Policy | undefined,
): Graph => ({
  ...graph,
  around: [middleware, ...(graph.around ?? [])],
  ...(policyFor === undefined ? {} : { policyFor }),
});

/** A function's result (an Effect, a promise or a value) as an Effect. */
export const asEffect = (given: unknown): Effect.Effect<unknown, unknown> => {
  if (Effect.isEffect(given)) return given as Effect.Effect<unknown, unknown>;
  if (!isThenable(given)) return Effect.succeed(given);
  // As in the engine, a promise continues and is awaited even if its result is no longer needed.
  return Effect.uninterruptible(
    Effect.flatMap(
      Effect.promise(() => promiseOf(given)),
      asEffect,
    ),
  );
};

/** Continues with a value that may be asynchronous, as the engine would. */
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
