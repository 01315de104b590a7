/** A graph for the terminal: a line for each step, its expansion below it, and a mark on the failing one. */
import type { Plan, PlanStep } from "../../types/plan.ts";
import { toDot } from "../draw/dot.ts";
import { toMermaid } from "../draw/mermaid.ts";
import { itemLabel, keyOf } from "../path.ts";

/**
 * A graph as text: for a terminal, for Markdown and for Graphviz.
 *
 * @public
 */
export interface Drawing {
  /** For the terminal, the failing step marked with ✗. */
  readonly text: string;
  /** For Markdown. */
  readonly mermaid: string;
  /** For Graphviz. */
  readonly dot: string;
}

const mark = "✗";
/** The maximum number of lines, for readability. */
const mostLines = 60;

const oneLine = (text: string): string => JSON.stringify(text).slice(1, -1);

const readsOf = (step: PlanStep): string => {
  const names = [...new Set(step.inputs.map(({ name }) => name))];
  return names.length === 0 ? "" : `  ← ${names.map(oneLine).join(", ")}`;
};

/** Uses its own stack instead of recursion: the data determines how deeply expansions nest. */
export const terminalText = (plan: Plan, failing?: string): string => {
  type Line = {
    readonly text: string;
    readonly path: string | undefined;
    readonly inner: ReadonlyArray<Line>;
  };
  const lineOf = (step: PlanStep): Line => ({
    text: `${oneLine(step.name)}${step.kind === "step" ? "" : ` (${step.kind})`}${readsOf(step)}`,
    path: step.path,
    inner: (step.expansions ?? []).flatMap((expansion) =>
      expansion.path === step.path
        ? (expansion.plan?.steps.map(lineOf) ?? [])
        : [
            {
              text: itemLabel(oneLine(keyOf(expansion.path) ?? "")),
              path: expansion.path,
              inner: expansion.plan?.steps.map(lineOf) ?? [],
            },
          ],
    ),
  });
  const lines: Array<string> = [`  ${oneLine(plan.name)}`];
  const stack = plan.steps
    .map((step, i) => ({ line: lineOf(step), before: "", isLast: i === plan.steps.length - 1 }))
    .reverse();
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { line, before, isLast } = next;
    if (lines.length === mostLines) {
      lines.push(`  … and ${stack.length + 1} more`);
      break;
    }
    lines.push(`${line.path === failing ? mark : " "} ${before}${isLast ? "└─" : "├─"} ${line.text}`);
    const beneath = `${before}${isLast ? "   " : "│  "}`;
    const { inner } = line;
    for (let i = inner.length - 1; i >= 0; i--) {
      stack.push({ line: inner[i]!, before: beneath, isLast: i === inner.length - 1 });
    }
  }
  return lines.join("\n");
};

/** In Markdown and Graphviz, the mark is part of the failing step's name. */
const marked = (plan: Plan, failing: string | undefined): Plan =>
  failing === undefined
    ? plan
    : {
        ...plan,
        steps: plan.steps.map((step) => ({
          ...step,
          name: step.path === failing ? `${mark} ${step.name}` : step.name,
          ...(step.expansions === undefined
            ? {}
            : {
                expansions: step.expansions.map(({ path, plan: inner }) => ({
                  path,
                  plan: inner === undefined ? undefined : marked(inner, failing),
                })),
              }),
        })),
      };

export const drawingOf = (plan: Plan, failing: string | undefined): Drawing => {
  const shown = marked(plan, failing);
  return { text: terminalText(plan, failing), mermaid: toMermaid(shown), dot: toDot(shown) };
};
