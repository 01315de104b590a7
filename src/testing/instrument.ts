/**
 * A graph whose every function is called through another one, in whatever it expands to as well. The engine runs it as
 * it runs any graph: so laws, mocks and faults need no place of their own in the engine.
 */
import * as Effect from "effect/Effect";
import type { StepContext } from "../../types/context.ts";
import type { Graph } from "../engine/compile.ts";
import { expandable, graphOf } from "../engine/expand.ts";
import type { Policy } from "../engine/policy.ts";
import { policyOf } from "../engine/policy.ts";
import type { StepDefinition, UserFunction } from "../graph/definition.ts";
import { planOf } from "../plan.ts";
import { isThenable, promiseOf } from "../values/thenable.ts";

/** One call of a user's function. */
export interface StepCall {
  readonly definition: StepDefinition;
  readonly context: StepContext;
  /** What the function is given; for an item of a map, the item and the inputs. */
  readonly parameters: ReadonlyArray<unknown>;
  /** Whether what it gives may be a pipeline. */
  readonly expands: boolean;
  /** Calls the user's function. */
  readonly run: (parameters: ReadonlyArray<unknown>) => unknown;
}

export interface Instrument {
  /** Called in place of each of the user's functions. */
  readonly call: (call: StepCall) => unknown;
  /** Gives a step another policy. */
  readonly policy?: (definition: StepDefinition) => StepDefinition;
}

/** What a function gave, as an Effect: it is one, or a promise, or a value. */
export const asEffect = (given: unknown): Effect.Effect<unknown, unknown> => {
  if (Effect.isEffect(given)) return given as Effect.Effect<unknown, unknown>;
  if (!isThenable(given)) return Effect.succeed(given);
  // As for the engine, a promise goes on, and is waited for, whether or not anybody still wants what it gives.
  return Effect.uninterruptible(
    Effect.flatMap(
      Effect.promise(() => promiseOf(given)),
      asEffect,
    ),
  );
};

/** Goes on with a value that may take its time, as the engine would. */
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

const wrapped = (
  definition: StepDefinition,
  call: UserFunction,
  expands: boolean,
  instrument: Instrument,
): UserFunction => {
  const isItem = definition.kind === "map";
  return (...all) => {
    const context = all[isItem ? 2 : 1] as StepContext;
    const given = instrument.call({
      definition,
      context,
      parameters: all.slice(0, isItem ? 2 : 1),
      expands,
      run: (parameters) => call(...parameters, context),
    });
    return expands ? whenGiven(given, (value) => instrumentedValue(value, instrument)) : given;
  };
};

const instrumentedDefinition = (definition: StepDefinition, instrument: Instrument): StepDefinition => {
  const { kind, call, cases } = definition;
  return {
    ...definition,
    call: wrapped(definition, call, kind === "dynamic" || kind === "map", instrument),
    cases:
      cases === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(cases).map(([name, each]) => [name, wrapped(definition, each, true, instrument)]),
          ),
  };
};

/** How `instrumented` says what it was made from. */
const originals = new WeakMap<Graph, Graph>();

/** The graph that an instrumented one was made from. */
export const originalOf = (graph: Graph): Graph => originals.get(graph) ?? graph;

export const instrumented = (graph: Graph, instrument: Instrument): Graph => {
  const { policy } = instrument;
  let policies = graph.policies;
  if (policy !== undefined) {
    const made = graph.nodes.map((node): Policy | undefined => policyOf(policy(node.definition)));
    policies = made.every((each) => each === undefined) ? undefined : made;
  }
  const nodes = graph.nodes.map((node) => ({
    ...node,
    definition: instrumentedDefinition(
      policy === undefined ? node.definition : policy(node.definition),
      instrument,
    ),
  }));
  const made: Graph = { ...graph, nodes, policies };
  originals.set(made, originalOf(graph));
  return made;
};

/** What looks to the engine like the pipeline that it was made from. */
const instrumentedValue = (value: unknown, instrument: Instrument): unknown => {
  const graph = expandable(value);
  if (graph === undefined) return value;
  return {
    name: graph.name,
    plan: () => planOf(graph.draft),
    [graphOf]: instrumented(graph, instrument),
  };
};
