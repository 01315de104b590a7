/** All that is known of one step, beside the graph. */
import type { PageData, PageError, PageStep, StepRun } from "../data.ts";
import { button, count, el, time } from "./dom.ts";
import { valueTree } from "./value-tree.ts";

export interface Actions {
  readonly go: (step: number) => void;
  readonly toggle: (step: number) => void;
  readonly isOpen: (step: number) => boolean;
  readonly close: () => void;
}

const section = (title: string, ...children: ReadonlyArray<Node | string>): HTMLElement =>
  el("section", "", el("h3", "", title), ...children);

const row = (name: string, ...value: ReadonlyArray<Node | string>): HTMLElement =>
  el("div", "row", el("span", "key", name), el("span", "", ...value));

/** An error and its causes, the outermost first. */
export const errorChain = (errors: ReadonlyArray<PageError>): HTMLElement => {
  const list = el("div", "errors");
  errors.forEach(({ text, value }, i) => {
    const line = el(
      "div",
      "error",
      el("span", "faint", i === 0 ? "" : "caused by "),
      el("span", "what", text),
    );
    if (value !== undefined) line.append(valueTree("", value));
    list.append(line);
  });
  return list;
};

const times = ({ ready, began, ended }: StepRun, took: number): ReadonlyArray<HTMLElement> => {
  const rows: Array<HTMLElement> = [];
  if (began === undefined) return rows;
  if (ready !== undefined) rows.push(row("waited", time(Math.max(0, began - ready))));
  rows.push(row("ran", ended === undefined ? `${time(took - began)}, and did not end` : time(ended - began)));
  rows.push(row("from, to", `${time(began)} – ${ended === undefined ? "" : time(ended)} after the start`));
  return rows;
};

const expansionOf = ({ became, state }: StepRun): ReadonlyArray<HTMLElement> => {
  if (became === undefined) return [];
  const { declared, gave, what, at } = became;
  const rows = [
    row("became", what),
    row("at", `${time(at)} after the start`),
    row("declared", declared === "all" ? "all that it gives" : declared.join(", ") || "no outputs"),
  ];
  if (gave === undefined) rows.push(row("gave", state === "failed" ? "nothing: it failed" : "nothing"));
  else if (gave === "not looked into") rows.push(row("gave", "what is not looked into"));
  else {
    rows.push(row("gave", gave.join(", ") || "no outputs"));
    const missing = declared === "all" ? [] : declared.filter((name) => !gave.includes(name));
    const extra = declared === "all" ? [] : gave.filter((name) => !declared.includes(name));
    if (missing.length > 0) rows.push(row("missing", missing.join(", ")));
    if (extra.length > 0) rows.push(row("not declared", extra.join(", ")));
  }
  return rows;
};

/** What a run did with a step. */
const ranAs = (data: PageData, run: StepRun): ReadonlyArray<HTMLElement> => {
  const sections: Array<HTMLElement> = [];
  const state = row("state", el("span", `chip ${run.state}`, run.state));
  const rows = [state, ...times(run, data.run?.took ?? 0)];
  if (run.attempt > 1 || run.attempts !== undefined) rows.push(row("attempts", String(run.attempt)));
  if (run.isCritical === true) rows.push(row("critical", "on the critical path"));
  if (run.because !== undefined) rows.push(row("because of", run.because));
  if (run.from !== undefined) rows.push(row("from", run.from));
  sections.push(section("Run", ...rows));
  if (run.error !== undefined) sections.push(section("Error", errorChain(run.error)));
  if (run.attempts !== undefined) {
    const list = run.attempts.map(({ began, ended, error }, i) =>
      el(
        "div",
        "attempt",
        el("span", "key", `${i + 1}`),
        el("span", "", `${time(ended - began)}, at ${time(began)}`),
        el("div", "what", error),
      ),
    );
    sections.push(section("Attempts that failed", ...list));
  }
  if (run.became !== undefined) sections.push(section("Expansion", ...expansionOf(run)));
  if (run.values !== undefined && run.values.length > 0) {
    sections.push(section("Values", ...run.values.map(([name, value]) => valueTree(name, value, true))));
  }
  if (run.logs !== undefined) {
    const lines = run.logs.map(([at, text]) => el("div", "log", el("span", "key", time(at)), text));
    sections.push(section("Log", ...lines));
  }
  return sections;
};

const mostNames = 60;

const planned = (data: PageData, step: PageStep, actions: Actions): ReadonlyArray<HTMLElement> => {
  const sections: Array<HTMLElement> = [];
  const inputs = step.inputs.slice(0, mostNames).map(([name, from]) => {
    const source = data.steps[from];
    const where =
      source === undefined
        ? el("span", "faint", "given from outside")
        : button(source.name, `Show ${source.path}`, () => actions.go(from), "link");
    return el("div", "row", el("span", "key name", name), el("span", "", where));
  });
  const more = step.inputs.length - inputs.length;
  if (more > 0) inputs.push(el("div", "faint", count(more, "more input")));
  if (step.kind !== "item") {
    sections.push(section("Reads", ...(inputs.length > 0 ? inputs : [el("div", "faint", "nothing")])));
  }
  const outputs =
    step.outputs === "all"
      ? ["all that it gives, once it has expanded"]
      : step.outputs
          .slice(0, mostNames)
          .map((name) => (data.returns.includes(name) ? `${name} (returned)` : name));
  if (step.kind === "item") return sections;
  sections.push(section("Provides", ...outputs.map((name) => el("div", "name", name))));
  if (step.cases !== undefined)
    sections.push(section("Cases", ...step.cases.map((name) => el("div", "name", name))));
  return sections;
};

/** The panel of a step. */
export const panelOf = (data: PageData, index: number, actions: Actions): HTMLElement => {
  const step = data.steps[index]!;
  const head = el("div", "head", el("h2", "", step.name), button("×", "Close", actions.close, "close"));
  const parent = data.steps[step.parent];
  const parts: Array<HTMLElement> = [head];
  if (step.path !== step.name) parts.push(el("div", "path", step.path));
  if (parent !== undefined) {
    const link = button(parent.path, "Show what it is inside of", () => actions.go(step.parent), "link");
    parts.push(el("div", "faint", "in ", link));
  }
  parts.push(el("div", "", el("span", `kind ${step.kind}`, step.kind)));
  if (step.description !== undefined) parts.push(el("p", "", step.description));
  if (step.tags !== undefined && step.tags.length > 0) parts.push(row("tags", step.tags.join(", ")));
  if (step.graph !== undefined || step.items !== undefined) {
    const isOpen = actions.isOpen(index);
    parts.push(
      button(
        isOpen ? "fold" : "unfold",
        "Fold or unfold what it became",
        () => actions.toggle(index),
        "wide",
      ),
    );
  }
  if (step.run !== undefined) parts.push(...ranAs(data, step.run));
  parts.push(...planned(data, step, actions));
  return el("div", "panel-inside", ...parts);
};
