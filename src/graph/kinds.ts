/**
 * The kinds of steps, one entry each, with everything that other modules must know about a kind.
 * Code that treats kinds differently reads this table, or has its own exhaustive table (`Record<StepKind, …>`), so that
 * a new kind is a compile error at every place that must handle it.
 *
 * No imports but types: the page's script contains this module.
 */
import type { StepKind } from "../../types/plan.ts";

export interface KindOfStep {
  /** The name of the kind in legends and messages. */
  readonly label: string;
  /** The name of its function parameter in the builder's signatures and messages. */
  readonly call: "run" | "expand" | "each" | "on" | "start" | "contenders" | "condition";
  /**
   * What a call of its function returns: the step's output (`value`); a pipeline or a direct value (`expansion`); the
   * same, once for each item of a list (`items`); a literal that chooses one of its cases (`choice`); the state that its
   * turns continue (`turns`); a pipeline or a direct value, once for each of its contenders (`contenders`); or an output
   * that comes from outside at some time (`wait`), for which the step holds no slot of the concurrency limit.
   */
  readonly returns: "value" | "expansion" | "items" | "choice" | "turns" | "contenders" | "wait";
  /** How many expansions one step of the kind can become: each of many has a path of its own, `name[key]`. */
  readonly expansions: "none" | "one" | "many";
  /** The name of one of many. */
  readonly part?: "item" | "turn" | "contender";
  /** The names that it provides: only its own, the names in its option `outputs`, or those or `"all"`. */
  readonly provides: "name" | "outputs" | "outputs or all";
  /** The events that report it: `step.started` and `step.succeeded`, or `expansion.started`, `.expanded`, `.succeeded`. */
  readonly events: "step" | "expansion";
  /** Whether its builder method takes options. */
  readonly takesOptions: boolean;
}

export const stepKinds: Readonly<Record<StepKind, KindOfStep>> = {
  step: {
    label: "step",
    call: "run",
    returns: "value",
    expansions: "none",
    provides: "outputs",
    events: "step",
    takesOptions: true,
  },
  dynamic: {
    label: "dynamic step",
    call: "expand",
    returns: "expansion",
    expansions: "one",
    provides: "outputs or all",
    events: "expansion",
    takesOptions: true,
  },
  map: {
    label: "map",
    call: "each",
    returns: "items",
    expansions: "many",
    part: "item",
    provides: "name",
    events: "expansion",
    takesOptions: true,
  },
  switch: {
    label: "switch",
    call: "on",
    returns: "choice",
    expansions: "one",
    provides: "name",
    events: "expansion",
    takesOptions: true,
  },
  loop: {
    label: "loop",
    call: "start",
    returns: "turns",
    expansions: "many",
    part: "turn",
    provides: "name",
    events: "expansion",
    takesOptions: true,
  },
  race: {
    label: "race",
    call: "contenders",
    returns: "contenders",
    expansions: "many",
    part: "contender",
    provides: "name",
    events: "expansion",
    takesOptions: true,
  },
  await: {
    label: "await",
    call: "run",
    returns: "wait",
    expansions: "none",
    provides: "name",
    events: "step",
    takesOptions: true,
  },
  sleep: {
    label: "sleep",
    call: "run",
    returns: "wait",
    expansions: "none",
    provides: "name",
    events: "step",
    takesOptions: true,
  },
  when: {
    label: "condition",
    call: "condition",
    returns: "value",
    expansions: "none",
    provides: "name",
    events: "step",
    takesOptions: false,
  },
  finally: {
    label: "finally",
    call: "run",
    returns: "value",
    expansions: "none",
    provides: "name",
    events: "step",
    takesOptions: false,
  },
};

/** Can a step of this kind become a graph of its own in a run? */
export const canExpand = (kind: StepKind): boolean => stepKinds[kind].expansions !== "none";

/** Can it become many, each with a key in its path? */
export const expandsMany = (kind: StepKind): boolean => stepKinds[kind].expansions === "many";

/** Do most plans have such steps? A legend explains the other kinds only if its plan has them. */
export const isUsual = (kind: StepKind): boolean => {
  const { returns, takesOptions } = stepKinds[kind];
  return takesOptions && returns !== "wait" && returns !== "turns" && returns !== "contenders";
};

/** Do its options apply to each item or turn, and not to the step as a whole? */
export const hasOptionsForEach = (kind: StepKind): boolean => {
  const { returns } = stepKinds[kind];
  return returns === "items" || returns === "turns";
};
