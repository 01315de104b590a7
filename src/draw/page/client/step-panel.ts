/** All details of one step, next to the views. */
import type { UiElement } from "./elements.ts";
import { h } from "preact";
import type { PageData, PageStep, StepRun } from "../data.ts";
import { button, chip, row, section } from "./elements.ts";
import { ErrorChain } from "./errors.ts";
import { canUnfold } from "./page-model.ts";
import { count, time, undoneLabels } from "./page-text.ts";
import { ValueTree } from "./value-tree.ts";

interface PanelProps {
  readonly data: PageData;
  readonly index: number;
  readonly isOpen: boolean;
  readonly onGo: (step: number) => void;
  readonly onToggle: (step: number) => void;
  readonly onClose: () => void;
  readonly more: ((step: PageStep) => UiElement | null) | undefined;
}

type Parts = ReadonlyArray<UiElement | null>;

const isActive = ({ state }: StepRun): boolean =>
  state === "running" || state === "waiting" || state === "retrying";

const timesOf = (run: StepRun, took: number): Parts => {
  const { ready, began, ended } = run;
  if (began === undefined) return [];
  const notEnded = isActive(run) ? "so far" : "and did not end";
  return [
    ready === undefined ? null : row("waited", time(Math.max(0, began - ready))),
    row("ran", ended === undefined ? `${time(took - began)}, ${notEnded}` : time(ended - began)),
    ended === undefined
      ? row("since", `${time(began)} after the start`)
      : row("from, to", `${time(began)} – ${time(ended)} after the start`),
  ];
};

const providedBy = (declared: ReadonlyArray<string> | "all", gave: ReadonlyArray<string>): Parts => {
  const missing = declared === "all" ? [] : declared.filter((name) => !gave.includes(name));
  const extra = declared === "all" ? [] : gave.filter((name) => !declared.includes(name));
  return [
    row("provided", gave.join(", ") || "no outputs"),
    missing.length > 0 ? row("missing", missing.join(", ")) : null,
    extra.length > 0 ? row("not declared", extra.join(", ")) : null,
  ];
};

const Expansion = ({ run }: { readonly run: StepRun }): UiElement | null => {
  const { became, state } = run;
  if (became === undefined) return null;
  const { declared, gave, what, at } = became;
  return section(
    "Expansion",
    row("became", what),
    row("at", `${time(at)} after the start`),
    row("declared", declared === "all" ? "all that it provides" : declared.join(", ") || "no outputs"),
    gave === undefined
      ? row("provided", state === "failed" ? "nothing: it failed" : "nothing")
      : gave === "not looked into"
        ? row("provided", "outputs that are not looked into")
        : providedBy(declared, gave as ReadonlyArray<string>),
  );
};

const Attempts = ({ run: { attempts } }: { readonly run: StepRun }): UiElement | null =>
  attempts === undefined
    ? null
    : section(
        "Attempts that failed",
        attempts.map(({ began, ended, error }, i) =>
          h(
            "div",
            { class: "attempt", key: i },
            h("span", { class: "key" }, `${i + 1}`),
            h("span", null, `${time(ended - began)}, at ${time(began)}`),
            h("div", { class: "what" }, error),
          ),
        ),
      );

const Logs = ({ run: { logs } }: { readonly run: StepRun }): UiElement | null =>
  logs === undefined
    ? null
    : section(
        "Log",
        logs.map(([at, text], i) =>
          h("div", { class: "log", key: i }, h("span", { class: "key" }, time(at)), text),
        ),
      );

/** The execution of a step in a run. */
const Ran = ({
  data,
  index,
  run,
}: {
  readonly data: PageData;
  readonly index: number;
  readonly run: StepRun;
}): UiElement => {
  const error = data.run?.fatal === index ? data.run.error : run.error;
  return h(
    "div",
    null,
    section(
      "Run",
      row("state", chip(run.state)),
      run.undone === undefined ? null : row("compensation", undoneLabels[run.undone]),
      ...timesOf(run, data.run?.took ?? 0),
      run.progress === undefined ? null : row("progress", run.progress.text),
      run.attempt > 1 || run.attempts !== undefined ? row("attempts", String(run.attempt)) : null,
      run.isCritical === true ? row("critical", "on the critical path") : null,
      run.because === undefined ? null : row("because of", run.because),
      run.from === undefined ? null : row("from", run.from),
    ),
    error === undefined ? null : section("Error", h(ErrorChain, { errors: error })),
    h(Attempts, { run }),
    h(Expansion, { run }),
    run.values === undefined || run.values.length === 0
      ? null
      : section(
          "Values",
          run.values.map(([name, value], i) => h(ValueTree, { key: i, name, value, isOpen: true })),
        ),
    run.emitted === undefined
      ? null
      : section(
          "Emitted",
          row("values", run.emitted.count.toLocaleString("en")),
          h(ValueTree, { name: "the last", value: run.emitted.last, isOpen: true }),
        ),
    h(Logs, { run }),
  );
};

const mostNames = 60;

const Reads = ({
  data,
  step,
  onGo,
}: {
  readonly data: PageData;
  readonly step: PageStep;
  readonly onGo: PanelProps["onGo"];
}): UiElement => {
  const more = step.inputs.length - mostNames;
  return section(
    "Reads",
    step.inputs.slice(0, mostNames).map(([name, from], i) => {
      const source = data.steps[from];
      const where =
        source === undefined
          ? h("span", { class: "faint" }, "an input of the run")
          : button(source.name, `Show ${source.path}`, () => onGo(from), "link");
      return h(
        "div",
        { class: "row", key: i },
        h("span", { class: "key name" }, name),
        h("span", null, where),
      );
    }),
    step.inputs.length === 0 ? h("div", { class: "faint" }, "nothing") : null,
    more > 0 ? h("div", { class: "faint" }, count(more, "more input")) : null,
  );
};

const Planned = ({
  data,
  step,
  onGo,
}: {
  readonly data: PageData;
  readonly step: PageStep;
  readonly onGo: PanelProps["onGo"];
}): UiElement | null => {
  if (step.kind === "item") return null;
  const outputs =
    step.outputs === "all"
      ? ["everything that it provides, once it has expanded"]
      : step.outputs
          .slice(0, mostNames)
          .map((name) => (data.returns.includes(name) ? `${name} (returned)` : name));
  const names = (list: ReadonlyArray<string>): ReadonlyArray<UiElement> =>
    list.map((name, i) => h("div", { class: "name", key: i }, name));
  return h(
    "div",
    null,
    h(Reads, { data, step, onGo }),
    section("Provides", names(outputs)),
    step.cases === undefined ? null : section("Cases", names(step.cases)),
  );
};

/** The panel of a step. */
export const StepPanel = ({ data, index, isOpen, onGo, onToggle, onClose, more }: PanelProps): UiElement => {
  const step = data.steps[index]!;
  const parent = data.steps[step.parent];
  return h(
    "div",
    { class: "panel-inside" },
    h("div", { class: "head" }, h("h2", null, step.name), button("×", "Close", onClose, "close")),
    step.path === step.name ? null : h("div", { class: "path" }, step.path),
    parent === undefined
      ? null
      : h(
          "div",
          { class: "faint" },
          "in ",
          button(parent.path, "Show its parent", () => onGo(step.parent), "link"),
        ),
    h("div", null, h("span", { class: `kind ${step.kind}` }, step.kind)),
    step.description === undefined ? null : h("p", null, step.description),
    step.tags === undefined || step.tags.length === 0 ? null : row("tags", step.tags.join(", ")),
    canUnfold(step)
      ? button(isOpen ? "fold" : "unfold", "Fold or unfold what it became", () => onToggle(index), "wide")
      : null,
    step.run === undefined ? null : h(Ran, { data, index, run: step.run }),
    more?.(step) ?? null,
    h(Planned, { data, step, onGo }),
  );
};
