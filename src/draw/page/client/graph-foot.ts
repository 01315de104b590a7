/** Below the graph: the meaning of its boxes and marks, and the time of the run that it shows. */
import type { UiElement } from "./elements.ts";
import { h } from "preact";
import { isUsual, stepKinds } from "../../../graph/kinds.ts";
import type { PageData, PageState } from "../data.ts";
import { stateLabels, time } from "./page-text.ts";

export const GraphLegend = ({ data: { steps, run } }: { readonly data: PageData }): UiElement => {
  // Rare kinds are explained only if the plan has them.
  const kinds = (Object.keys(stepKinds) as Array<keyof typeof stepKinds>).filter(
    (kind) => isUsual(kind) || steps.some((step) => step.kind === kind),
  );
  // The states at the end of the run; steps that are done have no mark.
  const seen = new Set(steps.map(({ run }) => run?.state));
  const states = (Object.keys(stateLabels) as Array<PageState>).filter(
    (state) => state !== "done" && seen.has(state),
  );
  return h(
    "div",
    { class: "kinds" },
    h("span", { class: "key input" }, "input"),
    kinds.map((kind) => h("span", { key: kind, class: `key ${kind}` }, stepKinds[kind].label)),
    run === undefined ? null : h("span", { class: "key critical" }, "critical path"),
    states.map((state) => h("span", { key: state, class: `key state ${state}` }, stateLabels[state])),
  );
};

interface GrownProps {
  readonly took: number;
  /** Is the run still under way? */
  readonly isLive: boolean;
  readonly at: number | undefined;
  readonly onTime: (at: number | undefined) => void;
}

const steps = 1_000;

/** The graph as it grew: the steps that existed, and their states, at any time of the run. */
export const GrownSlider = ({ took, isLive, at, onTime }: GrownProps): UiElement => {
  const shown = at !== undefined ? `at ${time(at)}` : isLive ? "now" : "at its end";
  return h(
    "div",
    { class: "grown" },
    h("span", { class: "faint" }, "as it grew"),
    h("input", {
      type: "range",
      min: 0,
      max: steps,
      value: at === undefined ? steps : (at / took) * steps,
      title: "The graph as it was at a time of the run",
      "aria-label": "The graph as it was at a time of the run",
      "aria-valuetext": shown,
      onInput: (event: Event) => {
        const value = Number((event.currentTarget as HTMLInputElement).value);
        onTime(value === steps ? undefined : (value / steps) * took);
      },
    }),
    h("span", { class: "at" }, shown),
  );
};
