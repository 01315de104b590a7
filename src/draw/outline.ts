/** The boxes of one graph, and the size of each while nothing is drawn inside it. */
import type { Plan, PlanStep, StepKind } from "../../types/plan.ts";
import { canExpand } from "../graph/kinds.ts";
import { keyOf, lastOf } from "../path.ts";
import { labelOf, widthOf } from "./label.ts";

export interface OutlineBox {
  readonly kind: StepKind | "input";
  readonly label: string;
  /** The form of its possible expansion, if it has not expanded yet. */
  readonly note: string;
  /** May it still grow? */
  readonly mayGrow: boolean;
  /** The text shown on a closer look. */
  readonly detail: string;
  /** Its parents, as indexes in the list. */
  readonly parents: ReadonlyArray<number>;
  /** The step that it represents; undefined for an input. */
  readonly step: PlanStep | undefined;
  readonly width: number;
  readonly height: number;
}

export const lineHeight = 30;
const noteHeight = 14;

const listed = (names: ReadonlyArray<string>, between: string): string => {
  const text = names.slice(0, 3).join(between) + (names.length > 3 ? `${between}…` : "");
  return labelOf(text);
};

const noteOf = ({ kind, inputs, outputs, cases, maxTurns, expansions, when }: PlanStep): string => {
  const values = expansions?.length ?? 0;
  // If it has expanded, none of its expansions has a graph: they are values.
  switch (kind) {
    case "step":
      return when === undefined ? "" : `only if ${lastOf(when)}`;
    case "when":
      return "decides what runs";
    case "finally":
      return "always runs";
    case "await":
      return "waits for a value";
    case "sleep":
      return "waits for time to pass";
    case "map":
      return values > 0 ? `${values} values` : labelOf(`for each of ${inputs[0]?.name ?? "an output"}`);
    case "switch":
      if (values > 0) return "a direct value";
      return cases === undefined ? "one of its cases" : `may be ${listed(cases, " | ")}`;
    case "loop":
      if (values > 0) return `${values.toLocaleString("en")} ${values === 1 ? "turn" : "turns"}`;
      return maxTurns === undefined ? "repeats" : `repeats, at most ${maxTurns.toLocaleString("en")} turns`;
    case "race":
      if (values === 1) return labelOf(`${keyOf(expansions![0]!.path) ?? "a contender"} was the first`);
      return cases === undefined ? "the first of its contenders" : `the first of ${listed(cases, ", ")}`;
    case "dynamic":
      if (values > 0) return "a direct value";
      return outputs === "all"
        ? "may grow, and give any outputs"
        : `may grow, gives ${listed(outputs, ", ")}`;
  }
};

const boxOf = (
  kind: OutlineBox["kind"],
  name: string,
  detail: string,
  parents: ReadonlyArray<number>,
  step: PlanStep | undefined,
): OutlineBox => {
  const label = labelOf(name);
  const hasGraph = step?.expansions?.some(({ plan }) => plan !== undefined) === true;
  const note = step === undefined || hasGraph ? "" : noteOf(step);
  const mayGrow = step !== undefined && canExpand(step.kind) && step.expansions === undefined;
  const height = lineHeight + (note === "" ? 0 : noteHeight);
  return { kind, label, note, mayGrow, detail, parents, step, width: widthOf(label, note), height };
};

/** The boxes of one graph: its inputs, then its steps in their order. */
export const outlineOf = (plan: Plan): ReadonlyArray<OutlineBox> => {
  const boxes: Array<OutlineBox> = [];
  const inputs = new Map<string, number>();
  const input = (name: string): number => {
    let place = inputs.get(name);
    if (place === undefined) {
      place = boxes.length;
      inputs.set(name, place);
      boxes.push(boxOf("input", name, `input ${name}`, [], undefined));
    }
    return place;
  };
  const known = new Set(plan.steps.map(({ path }) => path));
  for (const { name } of plan.inputs) input(name);
  // A plan made by hand may name a step that it does not have: that is drawn as an external input.
  for (const step of plan.steps) {
    for (const { name, from } of step.inputs) if (!known.has(from)) input(from === "" ? name : from);
  }
  const first = boxes.length;
  const steps = new Map(plan.steps.map(({ path }, i) => [path, first + i]));
  for (const step of plan.steps) {
    const parents = step.inputs.map(({ name, from }) => steps.get(from) ?? input(from === "" ? name : from));
    const detail = step.description === undefined ? step.path : `${step.path}: ${step.description}`;
    boxes.push(boxOf(step.kind, step.name, detail, [...new Set(parents)], step));
  }
  return boxes;
};
