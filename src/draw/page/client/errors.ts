/** Errors: the failure that a report leads with, the list of all of them, and the chain of causes of each. */
import type { UiElement } from "./elements.ts";
import { h } from "preact";
import type { PageError } from "../data.ts";
import { button } from "./elements.ts";
import type { PageModel } from "./page-model.ts";
import { count } from "./page-text.ts";
import { ValueTree } from "./value-tree.ts";

const Stack = ({ stack }: { readonly stack: ReadonlyArray<string> }): UiElement =>
  h(
    "details",
    { class: "stack" },
    h("summary", null, h("span", { class: "at" }, stack[0])),
    stack.slice(1).map((frame) => h("div", { class: "frame" }, frame)),
  );

/** An error and its causes, outermost first. */
export const ErrorChain = ({ errors }: { readonly errors: ReadonlyArray<PageError> }): UiElement =>
  h(
    "div",
    { class: "errors" },
    errors.map(({ text, value, stack }, i) =>
      h(
        "div",
        { class: "error" },
        h("span", { class: "faint" }, i === 0 ? "" : "caused by "),
        h("span", { class: "what" }, text),
        stack === undefined || stack.length === 0 ? null : h(Stack, { stack }),
        value === undefined ? null : h(ValueTree, { name: "", value }),
      ),
    ),
  );

/** The error without the part that only repeats that this step failed. */
const withoutHeading = (errors: ReadonlyArray<PageError>, path: string): ReadonlyArray<PageError> => {
  const [first, ...causes] = errors;
  const isRepeated =
    first !== undefined &&
    (first.text === `StepFailed: step "${path}"` ||
      first.text.startsWith(`StepFailed: Step "${path}" failed`));
  return isRepeated && causes.length > 0 ? causes : errors;
};

interface ErrorProps {
  readonly model: PageModel;
  readonly onChoose: (step: number) => void;
}

/** The beginning of a failed run's report: which step failed, why, and where in the code. */
export const Failure = ({ model, onChoose }: ErrorProps): UiElement | null => {
  const { run, steps } = model.data;
  if (run?.error === undefined || run.state !== "failed") return null;
  const { fatal } = run;
  const heading =
    fatal === undefined
      ? "The run failed"
      : [button(steps[fatal]!.path, `Show ${steps[fatal]!.path}`, () => onChoose(fatal), "link"), " failed"];
  return h(
    "section",
    { class: "failure", role: "alert", "aria-label": "Why the run failed" },
    h("h2", null, heading),
    h(ErrorChain, {
      errors: fatal === undefined ? run.error : withoutHeading(run.error, steps[fatal]!.path),
    }),
  );
};

const mostErrors = 100;

export const ErrorList = ({ model, onChoose }: ErrorProps): UiElement => {
  const { data, failed } = model;
  const { steps, run } = data;
  const told = failed.slice(0, mostErrors);
  const ofRun =
    run?.error === undefined || run.fatal !== undefined
      ? null
      : h("section", null, h("h3", null, "The run failed"), h(ErrorChain, { errors: run.error }));
  return h(
    "div",
    { class: "rows error-list" },
    ofRun,
    told.map((step) => {
      const { path, run: mine } = steps[step]!;
      const isFatal = step === run?.fatal;
      const link = button(path, `Show ${path}`, () => onChoose(step), "link");
      const errors = isFatal ? run.error! : mine!.error!;
      return h(
        "section",
        { key: step },
        h("h3", null, link, isFatal ? " failed, and the run with it" : ""),
        h(ErrorChain, { errors: withoutHeading(errors, path) }),
      );
    }),
    failed.length > mostErrors
      ? h(
          "p",
          { class: "faint" },
          `${count(failed.length - mostErrors, "more step")} failed: see the list of steps.`,
        )
      : null,
    ofRun === null && told.length === 0 ? h("p", { class: "empty faint" }, "Nothing failed.") : null,
  );
};
