/**
 * The one place that calls a user's function. Every call of a step goes through an `Executor`: the call itself, or that
 * within layers of `Middleware`. Spans, mocks, faults and laws are middleware; so is what executes a step elsewhere.
 *
 * A frame without middleware has no layers, and the engine's hot path then calls `callStep` or `callItem` directly: a call
 * as data (`StepCall`) is made only for middleware.
 */
import type { StepContext } from "../../types/context.ts";
import type { StepDefinition, UserFunction } from "../graph/definition.ts";
import { hasOptionsForEach } from "../graph/kinds.ts";
import { spreadable } from "./context.ts";
import { streamed } from "./generators.ts";
import type { Phase } from "./phase.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** One call of one of a step's functions. */
export interface StepCall {
  readonly definition: StepDefinition;
  readonly path: string;
  /** From 1. */
  readonly attempt: number;
  readonly inputs: Inputs;
  /** In the phase "each": the item of the map. In the phase "turn": the state of the loop. */
  readonly item?: unknown;
  /** In the phase "compensate": the output that is to be undone. */
  readonly output?: unknown;
  /** In the phases "case" and "contender": its name. */
  readonly choice?: string | undefined;
  readonly context: StepContext;
  readonly phase: Phase;
  /** Which node of which `Frame` is called: what finds the expansions around it. */
  readonly frame: object;
  readonly index: number;
  /** Told that the function runs now, by middleware that lets calls wait: a timeout counts from then. */
  readonly began: (() => void) | undefined;
}

/** Performs a call: returns a value, a Promise or an Effect, or throws. */
export type Executor = (call: StepCall) => unknown;

/** Wraps an executor. It can change the call, what it returns, or perform it in another way. */
export type Middleware = (next: Executor) => Executor;

/** Calls the function of a step that reads inputs only. */
export const callStep = (
  { call, takesContext }: StepDefinition,
  inputs: Inputs,
  context: StepContext,
): unknown => (takesContext ? call(inputs, spreadable(context)) : call(inputs, context));

/** Calls a map's function for one item. */
export const callItem = (
  { call, takesContext }: StepDefinition,
  item: unknown,
  inputs: Inputs,
  context: StepContext,
): unknown => (takesContext ? call(item, inputs, spreadable(context)) : call(item, inputs, context));

/** Calls a loop's function for its next turn. */
export const callTurn = (
  { turns }: StepDefinition,
  state: unknown,
  inputs: Inputs,
  context: StepContext,
): unknown => {
  const { turn, takesContext } = turns!;
  return takesContext ? turn(state, inputs, spreadable(context)) : turn(state, inputs, context);
};

/** Calls the function of one case of a switch, or of one contender of a race. */
export const callCase = (
  { cases, inputs: names }: StepDefinition,
  choice: string,
  inputs: Inputs,
  context: StepContext,
): unknown => {
  const { [choice]: run } = cases!;
  const { length } = run!;
  // As far as its declaration says: one without parameters may read the context by a rest.
  const takesContext = length > 1 || (length === 0 && names.length > 0);
  return takesContext ? run!(inputs, spreadable(context)) : run!(inputs, context);
};

type DirectCall = Pick<
  StepCall,
  "definition" | "inputs" | "item" | "output" | "choice" | "context" | "phase"
>;

/** Calls what undoes a step, with what the step's function was called with behind the output. */
const callCompensation = ({ definition, output, item, inputs, context }: DirectCall): unknown => {
  const { kind, options } = definition;
  const compensate = options.compensate as UserFunction;
  return hasOptionsForEach(kind)
    ? compensate(output, item, inputs, spreadable(context))
    : compensate(output, inputs, spreadable(context));
};

/** Calls the function itself: the executor within all middleware. */
export const direct = (call: DirectCall): unknown => {
  const { definition, inputs, item, choice, context, phase } = call;
  switch (phase) {
    case "run":
    case "expand":
    case "choose":
    case "start":
      return callStep(definition, inputs, context);
    case "each":
      return callItem(definition, item, inputs, context);
    case "turn":
      return callTurn(definition, item, inputs, context);
    case "case":
    case "contender":
      return callCase(definition, choice!, inputs, context);
    case "compensate":
      return callCompensation(call);
  }
};

/** Middleware sees a Promise where a function is an async generator. */
export const settling: Executor = (call) => streamed(direct(call), call.context);

/** The middleware of a frame, outermost first, and the executor that it makes. */
export interface Layers {
  readonly around: ReadonlyArray<Middleware>;
  /** Within all others, those of mocks and laws too: what executes steps elsewhere. */
  readonly innermost: Middleware | undefined;
  readonly execute: Executor;
}

const layersOf = (around: ReadonlyArray<Middleware>, innermost: Middleware | undefined): Layers => ({
  around,
  innermost,
  execute: around.reduceRight(
    (next, middleware) => middleware(next),
    innermost === undefined ? settling : innermost(settling),
  ),
});

/** The layers of a run; undefined where there is no middleware. */
export const layersOfRun = (
  around: Middleware | undefined,
  innermost: Middleware | undefined,
): Layers | undefined =>
  around === undefined && innermost === undefined
    ? undefined
    : layersOf(around === undefined ? [] : [around], innermost);

/** Adds middleware inside of what is there already. */
export const layered = (outer: Layers | undefined, around: ReadonlyArray<Middleware>): Layers | undefined =>
  around.length === 0 ? outer : layersOf([...(outer?.around ?? []), ...around], outer?.innermost);
