/** A plan for a terminal: a line for each step, with its inputs and its possible expansion. */
import type { Plan, PlanStep } from "../../types/plan.ts";
import { expandsMany } from "../graph/kinds.ts";
import { cells, fitted } from "./cells.ts";
import { visible } from "./escape.ts";
import { outlineOf } from "./outline.ts";
import { lastOf } from "../path.ts";

/** Names are padded to the same width, unless they are longer than this many cells. */
const widestName = 30;

/** The inputs of a step, each name once. */
const readsOf = ({ inputs }: PlanStep): string => {
  const names = [...new Set(inputs.map(({ name }) => name))];
  return names.length === 0 ? "" : `← ${names.map(visible).join(", ")}`;
};

const heading = ({ name, inputs, returns }: Plan): string => {
  const takes = inputs.length === 0 ? "" : ` (${inputs.map((input) => visible(input.name)).join(", ")})`;
  const gives = returns.length === 0 ? "" : ` → ${returns.map(visible).join(", ")}`;
  return `${visible(name)}${takes}${gives}`;
};

/** A line, or a plan whose lines belong here. */
type Task = { readonly text: string } | { readonly plan: Plan; readonly lead: string };

/** Branches are not indented any further: a plan nested a thousand deep would otherwise be out of sight. */
const deepest = 60;

const tasksOf = (plan: Plan, lead: string): ReadonlyArray<Task> => {
  const rows = outlineOf(plan).flatMap(({ step, note, label }) =>
    step === undefined ? [] : [{ step, note, label, reads: readsOf(step) }],
  );
  const width = Math.min(widestName, Math.max(0, ...rows.map(({ label }) => cells(label))));
  return rows.flatMap(({ step, note, label, reads }, i): ReadonlyArray<Task> => {
    const isLast = i === rows.length - 1;
    const padding = " ".repeat(Math.max(0, width - cells(label)));
    const more = note === "" ? "" : `  (${note})`;
    const text = `${lead}${isLast ? "└─ " : "├─ "}${label}${padding}  ${reads}${more}`.trimEnd();
    const inner = lead.length >= deepest ? lead : `${lead}${isLast ? "   " : "│  "}`;
    const grown = (step.expansions ?? []).flatMap(({ path, plan }): ReadonlyArray<Task> => {
      if (plan === undefined) return [];
      const key = expandsMany(step.kind) ? `${lastOf(path)} ` : "";
      return [{ text: `${inner}+ ${visible(key)}${heading(plan)}` }, { plan, lead: `${inner}  ` }];
    });
    return [{ text }, ...grown];
  });
};

/**
 * The plan as lines that end with a line break, none of them wider than `columns` cells.
 *
 * ```text
 * training (rates, name) → best, models
 * ├─ doubled  ← rates
 * ├─ models   ← doubled, name  (for each of doubled)
 * └─ best     ← models
 * ```
 */
export const toListing = (plan: Plan, columns = Infinity): string => {
  const lines: Array<string> = [];
  const tasks: Array<Task> = [{ plan, lead: "" }, { text: heading(plan) }];
  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    if ("plan" in task) tasks.push(...tasksOf(task.plan, task.lead).toReversed());
    else lines.push(columns === Infinity ? task.text : fitted(task.text, columns));
  }
  return `${lines.join("\n")}\n`;
};
