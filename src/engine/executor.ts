/**
 * The one place that calls a user's function. Every call of a step goes through an `Executor`: the call itself, or the call
 * within layers of `Middleware`. Spans, mocks, faults and laws are middleware; so is the execution of a step elsewhere.
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
  /** In the phase "compensate": the output to undo. */
  readonly output?: unknown;
  /** In the phases "case" and "contender": its name. */
  readonly choice?: string | undefined;
  readonly context: StepContext;
  readonly phase: Phase;
  /** The `Frame` of the node that is called, to find the expansions around it. */
  readonly frame: object;
  readonly index: number;
  /** Called by middleware that lets calls wait, when the function starts: a timeout counts from then. */
  readonly began: (() => void) | undefined;
}

/** Performs a call: returns a value, a Promise or an Effect, or throws. */
export type Executor = (call: StepCall) => unknown;

/** Wraps an executor. It can change the call or its result, or perform it in another way. */
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
  // According to its declaration: one without parameters may read the context by a rest parameter.
  const takesContext = length > 1 || (length === 0 && names.length > 0);
  return takesContext ? run!(inputs, spreadable(context)) : run!(inputs, context);
};

type DirectCall = Pick<
  StepCall,
  "definition" | "inputs" | "item" | "output" | "choice" | "context" | "phase"
>;

/** Calls the compensation of a step, with the output followed by the arguments of the step's function. */
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

/** Middleware sees a Promise if a function is an async generator. */
export const settling: Executor = (call) => streamed(direct(call), call.context);

/** The middleware of a frame, outermost first, and the resulting executor. */
export interface Layers {
  readonly around: ReadonlyArray<Middleware>;
  /** Inside all others, including mocks and laws: the middleware that executes steps elsewhere. */
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

/** The layers of a run; undefined if there is no middleware. */
export const layersOfRun = (
  around: Middleware | undefined,
  innermost: Middleware | undefined,
): Layers | undefined =>
  around === undefined && innermost === undefined
    ? undefined
    : layersOf(around === undefined ? [] : [around], innermost);

/** Adds middleware inside the existing layers. */
export const layered = (outer: Layers | undefined, around: ReadonlyArray<Middleware>): Layers | undefined =>
  around.length === 0 ? outer : layersOf([...(outer?.around ?? []), ...around], outer?.innermost);
