/**
 * A graph whose functions are called through somebody else: to count, to freeze, to fail on purpose. The graph itself
 * stays as it is, and so does what a dynamic step returns, at any depth.
 */
import * as Effect from "effect/Effect";
import type { Graph } from "../../compile.ts";
import type { StepDefinition, UserFunction } from "../../definition.ts";
import { expandable, graphOf } from "../../expand.ts";
import { planOf } from "../../plan.ts";
import type { Policy } from "../../policy.ts";
import type { StepContext } from "../../../types/context.ts";

/** A function of a user that is about to be called. */
export interface UserCall {
  readonly definition: StepDefinition;
  /** `on` of a switch chooses; what its case gives is asked for by a call of its own. */
  readonly role: "call" | "choice" | "case";
  readonly path: string;
  readonly context: StepContext;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** For a map: the item. */
  readonly item: { readonly value: unknown } | undefined;
  /** Calls the user's function. */
  readonly proceed: () => unknown;
}

export interface Instruments {
  /** Stands in the place of a call: a value, a Promise or an Effect. */
  readonly around: (call: UserCall) => unknown;
  /** What an expansion returned, before anything is done with it. */
  readonly expanded: (call: UserCall, value: unknown) => void;
  /** The retry, timeout and fallback of each step. */
  readonly policy: (definition: StepDefinition, policy: Policy | undefined) => Policy | undefined;
}

type Inputs = Readonly<Record<string, unknown>>;

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  (typeof value === "object" || typeof value === "function") &&
  value !== null &&
  typeof (value as { then?: unknown }).then === "function";

/** Applies `f` to what comes of a value, at once or in the end. */
const whenThere = (value: unknown, f: (value: unknown) => unknown): unknown => {
  if (Effect.isEffect(value)) return Effect.map(value, f);
  if (!isThenable(value)) return f(value);
  return Promise.resolve(value).then((settled) =>
    Effect.isEffect(settled) ? Effect.map(settled, f) : f(settled),
  );
};

const wrapped = (definition: StepDefinition, instruments: Instruments): StepDefinition => {
  const { kind, call, cases } = definition;
  const around = (
    role: UserCall["role"],
    f: UserFunction,
    item: UserCall["item"],
    inputs: Inputs,
    context: StepContext,
  ): unknown => {
    const proceed = item === undefined ? () => f(inputs, context) : () => f(item.value, inputs, context);
    const made: UserCall = { definition, role, path: context.path, context, inputs, item, proceed };
    const value = instruments.around(made);
    if (kind === "step" || role === "choice") return value;
    return whenThere(value, (value) => {
      instruments.expanded(made, value);
      const graph = expandable(value);
      return graph === undefined ? value : instrumented(graph, instruments);
    });
  };
  if (kind === "map") {
    const each = (item: unknown, inputs: Inputs, context: StepContext) =>
      around("call", call, { value: item }, inputs, context);
    return { ...definition, call: each };
  }
  const role = kind === "switch" ? "choice" : "call";
  const one = (inputs: Inputs, context: StepContext) => around(role, call, undefined, inputs, context);
  if (cases === undefined) return { ...definition, call: one };
  const entries = Object.entries(cases).map(([name, f]) => {
    const chosen: UserFunction = (inputs: Inputs, context: StepContext) =>
      around("case", f, undefined, inputs, context);
    return [name, chosen] as const;
  });
  return { ...definition, call: one, cases: Object.fromEntries(entries) };
};

/** What the engine takes for a pipeline. */
interface Instrumented {
  readonly name: string;
  readonly plan: () => ReturnType<typeof planOf>;
  readonly [graphOf]: Graph;
}

export const instrumentedGraph = (graph: Graph, instruments: Instruments): Graph => {
  const nodes = graph.nodes.map((node) => ({ ...node, definition: wrapped(node.definition, instruments) }));
  const policies = graph.nodes.map(({ definition }, i) =>
    instruments.policy(definition, graph.policies?.[i]),
  );
  return { ...graph, nodes, policies: policies.every((policy) => policy === undefined) ? undefined : policies };
};

const instrumented = (graph: Graph, instruments: Instruments): Instrumented => ({
  name: graph.name,
  plan: () => planOf(graph.draft),
  [graphOf]: instrumentedGraph(graph, instruments),
});
