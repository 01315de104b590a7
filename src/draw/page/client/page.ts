/** The page: its heading, its views, the search, and the panel of the selected step. A function of the look. */
import type { ComponentChildren } from "preact";
import type { UiElement } from "./elements.ts";
import { Component, h } from "preact";
import { ErrorList, Failure } from "./errors.ts";
import { GraphLegend, GrownSlider } from "./graph-foot.ts";
import { GraphView } from "./graph/graph-view.ts";
import type { PageStep } from "../data.ts";
import type { Change, Look } from "./look.ts";
import { choose, goTo, nextFound, search, showTime, showView, toggle, unfoldAll } from "./look.ts";
import { PageHeader } from "./page-header.ts";
import type { PageModel } from "./page-model.ts";
import { StepPanel } from "./step-panel.ts";
import type { TableProps } from "./step-table.ts";
import { StepTable } from "./step-table.ts";
import { expansionsTable, planTable, stepsTable, valuesTable } from "./tables.ts";
import { Timeline } from "./time/timeline.ts";

interface PageProps {
  readonly model: PageModel;
  readonly look: Look;
  readonly change: (change: Change) => void;
  /** Additional content about a step, which is not in the data. */
  readonly more?: (step: PageStep) => UiElement | null;
  /** Below the list of steps: the steps that the data leaves out. */
  readonly leftOut?: UiElement | null;
}

interface ViewOf {
  readonly name: string;
  readonly title: string;
  readonly element: (props: PageProps) => UiElement;
}

const Graph = ({ model, look, change }: PageProps): UiElement => {
  const { data } = model;
  const took = data.run?.took ?? 0;
  const isLive = data.run?.state === "running";
  return h(
    GraphView,
    {
      model,
      look,
      onChoose: (step) => change(choose(step)),
      onToggle: (step) => change(toggle(data, step)),
      onUnfoldAll: (isOpen) => change(unfoldAll(data, isOpen)),
    },
    h(GraphLegend, { data }),
    took > 0 ? h(GrownSlider, { took, isLive, at: look.at, onTime: (at) => change(showTime(at)) }) : null,
  );
};

const tableView = (
  name: string,
  title: string,
  table: Pick<TableProps, "columns" | "linesOf">,
  footOf: (props: PageProps) => UiElement | null = () => null,
): ViewOf => ({
  name,
  title,
  element: (props) => {
    const { model, look, change } = props;
    const { query, selected } = look;
    const onChoose = (step: number): void => change(choose(step));
    return h(StepTable, { ...table, name, data: model.data, query, selected, onChoose, foot: footOf(props) });
  },
});

const viewsOf = ({ data, failed }: PageModel): ReadonlyArray<ViewOf> => {
  const graph: ViewOf = { name: "graph", title: "Graph", element: (props) => h(Graph, props) };
  if (data.run === undefined) {
    return [graph, tableView("steps", `Steps ${data.steps.length.toLocaleString("en")}`, planTable)];
  }
  return [
    graph,
    {
      name: "time",
      title: "Time line",
      element: ({ model, look: { selected }, change }) =>
        h(Timeline, { data: model.data, selected, onChoose: (step) => change(choose(step)) }),
    },
    tableView("steps", "Steps", stepsTable, ({ leftOut = null }) => leftOut),
    tableView("values", "Values", valuesTable),
    {
      name: "errors",
      title: failed.length === 0 ? "Errors" : `Errors ${failed.length}`,
      element: ({ model, change }) => h(ErrorList, { model, onChoose: (step) => change(choose(step)) }),
    },
    tableView("expansions", "Expansions", expansionsTable),
  ];
};

interface KeptProps {
  readonly isShown: boolean;
  readonly children?: ComponentChildren;
}

/** A view that has been shown keeps its state, and is not redrawn until it is shown again. */
class Kept extends Component<KeptProps> {
  override shouldComponentUpdate(next: KeptProps): boolean {
    return next.isShown || this.props.isShown;
  }

  override render({ isShown, children }: KeptProps): UiElement {
    return h("div", { class: "view", hidden: !isShown }, children);
  }
}

const Tabs = ({
  views,
  look,
  change,
}: Pick<PageProps, "look" | "change"> & { readonly views: ReadonlyArray<ViewOf> }): UiElement =>
  h(
    "nav",
    { "aria-label": "Views" },
    views.map(({ name, title }) =>
      h(
        "button",
        {
          key: name,
          type: "button",
          title,
          "data-view": name,
          "aria-pressed": name === look.view ? "true" : "false",
          onClick: () => change(showView(name)),
        },
        title,
      ),
    ),
  );

const Panel = ({ model: { data }, look, change, more }: PageProps): UiElement =>
  h(
    "aside",
    { class: "panel", hidden: look.selected === -1, "aria-label": "The step that was chosen" },
    look.selected === -1
      ? null
      : h(StepPanel, {
          key: data.steps[look.selected]!.path,
          data,
          index: look.selected,
          isOpen: look.unfolded.has(look.selected),
          more,
          onGo: (step) => change(goTo(data, step)),
          onToggle: (step) => change(toggle(data, step)),
          onClose: () => change(choose(-1)),
        }),
  );

export const Page = (props: PageProps): UiElement => {
  const { model, look, change } = props;
  const { data } = model;
  const views = viewsOf(model);
  return h(
    "div",
    { class: "page" },
    h(PageHeader, {
      model,
      look,
      onSearch: (query) => change(search(data, query)),
      onNext: (by) => change(nextFound(data, by)),
    }),
    h(Failure, { model, onChoose: (step) => change(goTo(data, step)) }),
    h(Tabs, { views, look, change }),
    h(
      "div",
      { class: "content" },
      h(
        "main",
        null,
        views.map(({ name, element }) =>
          look.seen.has(name) ? h(Kept, { key: name, isShown: name === look.view }, element(props)) : null,
        ),
      ),
      h(Panel, props),
    ),
  );
};
