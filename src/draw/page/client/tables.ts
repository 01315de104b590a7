/** The columns of the page's lists of steps. */
import type { PageStep } from "../data.ts";
import { h } from "preact";
import { chip } from "./elements.ts";
import { stateLabels, time, undoneLabels } from "./page-text.ts";
import type { Column, TableProps } from "./step-table.ts";
import { brief } from "./value-tree.ts";

type Table = Pick<TableProps, "columns" | "linesOf">;

const path: Column = { title: "step", className: "name", text: (step) => step.path };

const waited = ({ run }: PageStep): number | undefined =>
  run?.began === undefined || run.ready === undefined ? undefined : Math.max(0, run.began - run.ready);

const ran = ({ run }: PageStep): number | undefined =>
  run?.began === undefined || run.ended === undefined ? undefined : run.ended - run.began;

const millis = (title: string, value: (step: PageStep) => number | undefined): Column => ({
  title,
  className: "number",
  value,
  text: (step) => {
    const found = value(step);
    return found === undefined ? "" : time(found);
  },
});

const stateOf = ({ run }: PageStep) => run?.state ?? "pending";

/** The outcome of its compensation, after its state. */
const undoneOf = ({ run }: PageStep): string =>
  run?.undone === undefined ? "" : `, ${undoneLabels[run.undone]}`;

const state: Column = {
  title: "state",
  text: (step) => stateLabels[stateOf(step)] + undoneOf(step),
  element: (step) => [chip(stateOf(step)), undoneOf(step)],
};

const attempts: Column = {
  title: "attempts",
  className: "number",
  value: ({ run }) => run?.attempt,
  text: ({ run }) => (run === undefined || run.attempt === 0 ? "" : String(run.attempt)),
};

/** The steps of a plan. */
export const planTable: Table = {
  linesOf: () => 1,
  columns: [
    path,
    { title: "kind", text: ({ kind }) => kind },
    { title: "reads", text: ({ inputs }) => inputs.map(([name]) => name).join(", ") },
    { title: "provides", text: ({ outputs }) => (outputs === "all" ? "all" : outputs.join(", ")) },
  ],
};

/** The steps of a run. */
export const stepsTable: Table = {
  linesOf: () => 1,
  columns: [path, state, millis("waited", waited), millis("ran", ran), attempts],
};

export const valuesTable: Table = {
  linesOf: ({ run }) => run?.values?.length ?? 0,
  columns: [
    path,
    { title: "output", text: ({ run }, line) => run!.values![line]![0] },
    { title: "value", className: "leaf", text: ({ run }, line) => brief(run!.values![line]![1]) },
  ],
};

const isAsDeclared = ({ run }: PageStep): boolean => {
  const { declared, gave } = run!.became!;
  return (
    Array.isArray(gave) &&
    (declared === "all" || (declared.length === gave.length && declared.every((name) => gave.includes(name))))
  );
};

const outcomeOf = (step: PageStep): string =>
  !Array.isArray(step.run!.became!.gave)
    ? stateLabels[stateOf(step)]
    : isAsDeclared(step)
      ? "as declared"
      : "otherwise";

export const expansionsTable: Table = {
  linesOf: ({ run }) => (run?.became === undefined ? 0 : 1),
  columns: [
    path,
    { title: "became", text: ({ run }) => run!.became!.what },
    {
      title: "declared",
      text: ({ run }) =>
        run!.became!.declared === "all" ? "all that it provides" : run!.became!.declared.join(", "),
    },
    {
      title: "provided",
      text: ({ run }) => {
        const { gave } = run!.became!;
        return gave === undefined ? "nothing" : typeof gave === "string" ? gave : gave.join(", ");
      },
    },
    {
      title: "outcome",
      text: outcomeOf,
      element: (step) =>
        !Array.isArray(step.run!.became!.gave)
          ? chip(stateOf(step))
          : h("span", { class: `chip ${isAsDeclared(step) ? "done" : "failed"}` }, outcomeOf(step)),
    },
  ],
};
