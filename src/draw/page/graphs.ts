/**
 * A plan in the form that a page shows: flat lists of its graphs and steps, each graph laid out once. The page computes
 * the positions itself, again whenever something is folded.
 */
import type { Plan, PlanStep } from "../../../types/plan.ts";
import { expandsMany } from "../../graph/kinds.ts";
import { arrange } from "../arrange.ts";
import { shortened, visible } from "../escape.ts";
import { forcedLabel, forcedNote, labelOf, widthOf } from "../label.ts";
import type { OutlineBox } from "../outline.ts";
import { lineHeight, outlineOf } from "../outline.ts";
import type { PageBox, PageForm, PageGraph, PageStep } from "./data.ts";
import { isItem, lastOf } from "../../path.ts";
import type { Writable } from "../../values/writable.ts";

/** The part of a page's data that comes from a plan. `paths` has the path of each step in the run. */
export interface Graphs {
  readonly graphs: ReadonlyArray<PageGraph>;
  readonly forms: ReadonlyArray<PageForm>;
  readonly steps: ReadonlyArray<PageStep>;
  readonly paths: ReadonlyArray<string>;
}

export const text = (value: string): string => shortened(visible(shortened(value, 2_000)), 300);

/** The width of the sign that a box can be unfolded. */
const foldSign = 18;

const round = (value: number): number => Math.round(value * 10) / 10;

/** Forms by their boxes' widths and parents: most items of a map have graphs of the same form. */
class Forms {
  readonly list: Array<PageForm> = [];
  readonly #known = new Map<string, number>();

  of(boxes: ReadonlyArray<OutlineBox>, widths: ReadonlyArray<number>): number {
    const key = JSON.stringify([widths, boxes.map(({ parents }) => parents)]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { layers, above, wished, lines } = arrange(
      widths,
      boxes.map(({ parents }) => parents),
    );
    this.list.push({ layers, above, wished: wished.map(round), lines });
    this.#known.set(key, this.list.length - 1);
    return this.list.length - 1;
  }
}

/** A graph to lay out, and its owner. */
interface Task {
  readonly plan: Plan;
  readonly owner: number;
}

const itemName = (path: string): string => (isItem(path) ? lastOf(path) : path);

const grownNote = (step: PlanStep): string => {
  const grown = (step.expansions ?? []).flatMap(({ plan }) => (plan === undefined ? [] : [plan]));
  if (grown.length === 0) return "";
  const [first] = grown;
  if (step.kind === "loop")
    return `${labelOf(first!.name)}, ${grown.length.toLocaleString("en")} ${grown.length === 1 ? "turn" : "turns"}`;
  if (expandsMany(step.kind)) return `${grown.length.toLocaleString("en")} × ${labelOf(first!.name)}`;
  const steps = first!.steps.length;
  return `${labelOf(first!.name)}, ${steps.toLocaleString("en")} ${steps === 1 ? "step" : "steps"}`;
};

/** A label, and the width to draw it with if fonts differ in that. */
const labelled = (label: string): Pick<PageBox, "label" | "labelWidth"> => {
  const labelWidth = forcedLabel(label);
  return labelWidth === undefined ? { label } : { label, labelWidth: round(labelWidth) };
};

const noted = (note: string): Pick<PageBox, "note" | "noteWidth"> => {
  const noteWidth = forcedNote(note);
  return noteWidth === undefined ? { note } : { note, noteWidth: round(noteWidth) };
};

const openOf = (label: string, step: PlanStep): NonNullable<PageBox["open"]> => {
  const grown = step.expansions!.filter(({ plan }) => plan !== undefined);
  const only = grown.length === 1 && !expandsMany(step.kind) ? grown[0]!.plan!.name : undefined;
  const open = only === undefined ? label : labelOf(`${label} → ${only}`);
  return { ...labelled(open), width: widthOf(open) + foldSign };
};

const stepOf = (step: PlanStep, parent: number, found: ReadonlyMap<string, number>): Writable<PageStep> => {
  const { path, name, kind, inputs, outputs, description, tags, cases } = step;
  return {
    path: text(path),
    name: text(name),
    kind,
    parent,
    inputs: inputs.map(({ name, from }) => [text(name), found.get(from) ?? -1]),
    outputs: outputs === "all" ? outputs : outputs.map(text),
    ...(description === undefined ? {} : { description: text(description) }),
    ...(tags === undefined ? {} : { tags: tags.map(text) }),
    ...(cases === undefined ? {} : { cases: cases.map(text) }),
  };
};

/** All graphs of a plan, the outer before the inner ones. */
export const graphsOf = (root: Plan): Graphs => {
  const graphs: Array<PageGraph> = [];
  const steps: Array<Writable<PageStep>> = [];
  const paths: Array<string> = [];
  const forms = new Forms();
  const tasks: Array<Task> = [{ plan: root, owner: -1 }];
  // The list grows during the loop: plans can nest as deeply as the data says, too deeply for recursion.
  for (let next = 0; next < tasks.length; next++) {
    const { plan, owner } = tasks[next]!;
    const found = new Map(plan.steps.map(({ path }, i) => [path, steps.length + i]));
    const first = steps.length;
    for (const step of plan.steps) {
      steps.push(stepOf(step, owner, found));
      paths.push(step.path);
    }
    const outline = outlineOf(plan);
    let at = first;
    const boxes = outline.map(({ kind, label, note, mayGrow, height, step }) => {
      const grown = step === undefined ? "" : grownNote(step);
      const said = grown === "" ? note : grown;
      const isTall = grown === "" ? 0 : 14;
      const sign = grown === "" ? 0 : foldSign;
      const width = widthOf(label, said) + sign;
      return {
        kind,
        ...labelled(label),
        ...noted(said),
        mayGrow,
        width: round(width),
        height: height + isTall,
        step: step === undefined ? -1 : at++,
        ...(grown === "" ? {} : { open: openOf(label, step!) }),
      };
    });
    const form = forms.of(
      outline,
      boxes.map(({ width }) => width),
    );
    graphs.push({ name: text(plan.name), owner, form, boxes });
    if (owner !== -1) steps[owner]!.graph = graphs.length - 1;
    plan.steps.forEach((step, i) => {
      const grown = (step.expansions ?? []).filter(({ plan }) => plan !== undefined);
      if (grown.length === 0) return;
      const own = first + i;
      const single = grown.length === 1 && !expandsMany(step.kind);
      const items: Array<number> = [];
      for (const { path, plan } of grown) {
        if (single) {
          tasks.push({ plan: plan!, owner: own });
          continue;
        }
        items.push(steps.length);
        const label = labelOf(`${itemName(path)} ${plan!.name}`);
        const width = widthOf(label) + foldSign;
        const shown = labelled(label);
        const box = { kind: "item", ...shown, note: "", mayGrow: false, width, height: lineHeight } as const;
        tasks.push({ plan: plan!, owner: steps.length });
        paths.push(path);
        steps.push({
          path: text(path),
          name: text(itemName(path)),
          kind: "item",
          parent: own,
          inputs: [],
          outputs: steps[own]!.outputs,
          box: { ...box, step: steps.length, open: { ...shown, width } },
        });
      }
      if (!single) steps[own]!.items = items;
    });
  }
  return { graphs, forms: forms.list, steps, paths };
};
