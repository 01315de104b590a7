/**
 * The one place that calls a user's function. Every call of a step goes through an `Executor`: the call itself, or that
 * within layers of `Middleware`. Spans, mocks, faults and laws are middleware; so is what executes a step elsewhere.
 *
 * A frame without middleware has no layers, and the engine's hot path then calls `callStep` or `callItem` directly: a call
 * as data (`StepCall`) is made only for middleware.
 */
import type { StepContext } from "../../types/context.ts";
import type { StepKind } from "../../types/plan.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { spreadable } from "./context.ts";
import { streamed } from "./generators.ts";

/** Which of a step's functions is called. */
export type Phase = "run" | "expand" | "each" | "choose" | "case" | "start" | "turn" | "contender";

/**
 * What becomes of the value that a function returns: it is the output, may be a pipeline, selects a case, or is the state
 * that a loop begins with.
 */
export type Returns = "output" | "expansion" | "choice" | "state";

export const returnsOf: Readonly<Record<Phase, Returns>> = {
  run: "output",
  expand: "expansion",
  each: "expansion",
  choose: "choice",
  case: "expansion",
  start: "state",
  turn: "expansion",
  contender: "expansion",
};

/** Which of a step's functions is called first; that of a map, for each of its items, and that of a race, for all contenders. */
export const firstPhase: Readonly<Record<StepKind, Phase>> = {
  step: "run",
  dynamic: "expand",
  map: "each",
  switch: "choose",
  loop: "start",
  race: "contender",
  await: "run",
  sleep: "run",
  when: "run",
  finally: "run",
};

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
  /** In the phases "case" and "contender": its name. */
  readonly choice?: string | undefined;
  readonly context: StepContext;
  readonly phase: Phase;
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
  { cases }: StepDefinition,
  choice: string,
  inputs: Inputs,
  context: StepContext,
): unknown => cases![choice]!(inputs, spreadable(context));

/** The executor within all middleware. */
const direct: Executor = ({ definition, inputs, item, choice, context, phase }) => {
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
  }
};

/** Middleware sees a Promise where a function is an async generator. */
const settling: Executor = (call) => streamed(direct(call), call.context);

/** The middleware of a frame, outermost first, and the executor that it makes. */
export interface Layers {
  readonly around: ReadonlyArray<Middleware>;
  readonly execute: Executor;
}

/** Adds middleware inside of what is there already. */
export const layered = (
  outer: Layers | undefined,
  around: ReadonlyArray<Middleware> | undefined,
): Layers | undefined => {
  if (around === undefined || around.length === 0) return outer;
  const all = outer === undefined ? around : [...outer.around, ...around];
  return { around: all, execute: all.reduceRight((next, middleware) => middleware(next), settling) };
};
