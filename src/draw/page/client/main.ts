/** The page: its heading, its views, the search, and the panel of the step that was chosen. */
import { stepKinds } from "../../../graph/kinds.ts";
import type { PageData, PageState, PageStep } from "../data.ts";
import { button, count, el, soon, time } from "./dom.ts";
import { graphView } from "./graph-view.ts";
import { virtualList } from "./list.ts";
import { errorChain, panelOf } from "./panel.ts";
import { timeline } from "./timeline.ts";
import { brief } from "./value-tree.ts";

interface View {
  readonly name: string;
  readonly title: string;
  readonly element: HTMLElement;
  /** Called when the view is shown, and whenever the search or the choice has changed while it is. */
  readonly refresh?: () => void;
}

const start = (data: PageData): void => {
  const { steps, run } = data;
  let selected = -1;
  let query = "";
  let found: ReadonlyArray<number> = [];
  let foundAt = -1;

  const panel = el("aside", "panel");
  panel.hidden = true;
  const main = el("main");

  const choose = (step: number): void => {
    selected = step;
    panel.hidden = step === -1;
    if (step !== -1) {
      panel.replaceChildren(
        panelOf(data, step, { go, toggle, isOpen: graph.isOpen, close: () => choose(-1) }),
      );
      panel.scrollTop = 0;
    }
    graph.select(step);
    times?.select(step);
    for (const view of views) if (!view.element.hidden) view.refresh?.();
  };
  const go = (step: number): void => {
    choose(step);
    graph.reveal(step);
  };
  const toggle = (step: number): void => {
    graph.toggle(step);
    if (selected === step) choose(step);
  };

  const graph = graphView(data, choose);
  const times = run === undefined ? undefined : timeline(data, choose);

  const matches = (step: PageStep): boolean => {
    const text = query.toLowerCase();
    return (
      step.path.toLowerCase().includes(text) ||
      (step.outputs !== "all" && step.outputs.some((name) => name.toLowerCase().includes(text)))
    );
  };
  const isFound = (step: PageStep): boolean => query === "" || matches(step);

  const rowOf = (step: number, ...cells: ReadonlyArray<HTMLElement>): HTMLElement => {
    const row = el("div", step === selected ? "line selected" : "line", ...cells);
    row.tabIndex = 0;
    row.dataset["step"] = String(step);
    row.addEventListener("click", () => choose(step));
    row.addEventListener("keydown", (event) => {
      if (event.key === "Enter") choose(step);
    });
    return row;
  };

  /** A view that is a list of steps; `heading` names its columns, and a step has as many lines as `linesOf` says. */
  const listView = (
    name: string,
    title: string,
    heading: ReadonlyArray<string>,
    linesOf: (step: PageStep) => number,
    cells: (step: PageStep, line: number) => ReadonlyArray<HTMLElement>,
  ): View => {
    const list = virtualList(28);
    const empty = el("p", "empty faint", "none");
    const head = el("div", "line heading", ...heading.map((text) => el("span", "", text)));
    const element = el("div", `rows ${name}`, head, list.element, empty);
    let shown: ReadonlyArray<readonly [step: number, line: number]> = [];
    let shownQuery: string | undefined = undefined;
    return {
      name,
      title,
      element,
      refresh: () => {
        if (shownQuery !== query) {
          shown = steps.flatMap((step, i) =>
            Array.from({ length: isFound(step) ? linesOf(step) : 0 }, (_, line) => [i, line] as const),
          );
        }
        empty.hidden = shown.length > 0;
        const { scrollTop } = list.element;
        list.show(shown.length, (i) => {
          const [step, line] = shown[i]!;
          return rowOf(step, ...cells(steps[step]!, line));
        });
        if (shownQuery === query) list.element.scrollTop = scrollTop;
        shownQuery = query;
      },
    };
  };

  // What failed because something inside of it did is told by that.
  const around = new Set(steps.flatMap(({ run, parent }) => (run?.error === undefined ? [] : [parent])));
  const failed = steps.flatMap((step, i) => (step.run?.error === undefined || around.has(i) ? [] : [i]));

  const views: Array<View> = [{ name: "graph", title: "Graph", element: graph.element }];
  const cell = (text: string, className = ""): HTMLElement => {
    const span = el("span", className, text);
    span.title = text;
    return span;
  };
  const stateCell = ({ run }: PageStep): HTMLElement =>
    el("span", "", el("span", `chip ${run?.state ?? "pending"}`, run?.state ?? "pending"));

  if (run === undefined) {
    views.push(
      listView(
        "steps",
        `Steps ${steps.length.toLocaleString("en")}`,
        ["step", "kind", "reads", "provides"],
        () => 1,
        (step) => [
          cell(step.path, "name"),
          cell(step.kind),
          cell(step.inputs.map(([name]) => name).join(", ")),
          cell(step.outputs === "all" ? "all" : step.outputs.join(", ")),
        ],
      ),
    );
  } else {
    views.push({ name: "time", title: "Time line", element: times!.element });
    views.push(
      listView(
        "steps",
        "Steps",
        ["step", "state", "waited", "ran", "attempts"],
        () => 1,
        (step) => {
          const { began, ended, ready, attempt = 0 } = step.run ?? {};
          return [
            cell(step.path, "name"),
            stateCell(step),
            cell(
              began === undefined || ready === undefined ? "" : time(Math.max(0, began - ready)),
              "number",
            ),
            cell(began === undefined || ended === undefined ? "" : time(ended - began), "number"),
            cell(attempt === 0 ? "" : String(attempt), "number"),
          ];
        },
      ),
      listView(
        "values",
        "Values",
        ["step", "output", "value"],
        (step) => step.run?.values?.length ?? 0,
        (step, line) => {
          const [name, value] = step.run!.values![line]!;
          return [cell(step.path, "name"), cell(name), cell(brief(value), "leaf")];
        },
      ),
    );
    const errors = el("div", "rows error-list");
    // The run fails with the error of a step, as a rule: that is told once.
    const ofRun = JSON.stringify(run.error);
    const isOfRun = (step: number): boolean => JSON.stringify(steps[step]!.run!.error) === ofRun;
    const fatal = run.error === undefined ? undefined : failed.find(isOfRun);
    if (run.error !== undefined && fatal === undefined) {
      errors.append(el("section", "", el("h3", "", "The run failed"), errorChain(run.error)));
    }
    const mostErrors = 100;
    const told = fatal === undefined ? failed : [fatal, ...failed.filter((step) => step !== fatal)];
    for (const step of told.slice(0, mostErrors)) {
      const link = button(steps[step]!.path, "Show this step", () => choose(step), "link");
      const heading = el("h3", "", link, step === fatal ? " failed, and the run with it" : "");
      errors.append(el("section", "", heading, errorChain(steps[step]!.run!.error!)));
    }
    if (failed.length > mostErrors) {
      errors.append(
        el("p", "faint", `${count(failed.length - mostErrors, "more step")} failed: see the list of steps.`),
      );
    }
    if (errors.childElementCount === 0) errors.append(el("p", "empty faint", "Nothing failed."));
    views.push({
      name: "errors",
      title: failed.length === 0 ? "Errors" : `Errors ${failed.length}`,
      element: errors,
    });
    views.push(
      listView(
        "expansions",
        "Expansions",
        ["step", "became", "declared", "gave", ""],
        (step) => (step.run?.became === undefined ? 0 : 1),
        (step) => {
          const { what, declared, gave } = step.run!.became!;
          const state = step.run!.state;
          const isAsDeclared =
            Array.isArray(gave) &&
            (declared === "all" ||
              (declared.length === gave.length && declared.every((name) => gave.includes(name))));
          const chip = !Array.isArray(gave)
            ? el("span", `chip ${state}`, state)
            : isAsDeclared
              ? el("span", "chip done", "as declared")
              : el("span", "chip failed", "otherwise");
          return [
            cell(step.path, "name"),
            cell(what),
            cell(declared === "all" ? "all that it gives" : declared.join(", ")),
            cell(gave === undefined ? "nothing" : typeof gave === "string" ? gave : gave.join(", ")),
            el("span", "", chip),
          ];
        },
      ),
    );
  }

  // The graph as it grew: what was there, and how it stood, at any time of the run.
  if (run !== undefined && run.took > 0) {
    const slider = el("input");
    slider.type = "range";
    slider.min = "0";
    slider.max = "1000";
    slider.value = "1000";
    slider.title = "The graph as it was at a time of the run";
    slider.setAttribute("aria-label", slider.title);
    const said = el("span", "at", "at its end");
    const stateAt =
      (at: number) =>
      (index: number): PageState | undefined => {
        const step = steps[index]!;
        const mine = step.run;
        const born = step.parent === -1 ? 0 : (steps[step.parent]!.run?.became?.at ?? 0);
        if (mine === undefined || born > at) return undefined;
        if (mine.ended !== undefined && mine.ended <= at) return mine.state;
        return mine.began !== undefined && mine.began <= at ? "running" : "pending";
      };
    const show = soon(() => {
      const at = (Number(slider.value) / 1000) * run.took;
      const isEnd = slider.value === "1000";
      said.textContent = isEnd ? "at its end" : `at ${time(at)}`;
      graph.showStates(isEnd ? undefined : stateAt(at));
    });
    slider.addEventListener("input", show);
    graph.foot.append(el("div", "grown", el("span", "faint", "as it grew"), slider, said));
  }

  const search = el("input");
  search.type = "search";
  search.placeholder = "search";
  search.setAttribute("aria-label", "Search for steps and outputs");
  const counted = el("span", "counted faint");
  const tell = (): void => {
    header.classList.toggle("searching", query !== "");
    counted.textContent =
      query === ""
        ? ""
        : found.length === 0
          ? "none"
          : `${foundAt + 1} of ${found.length.toLocaleString("en")}`;
  };
  const next = (by: number): void => {
    if (found.length === 0) return;
    foundAt = (foundAt + by + found.length) % found.length;
    tell();
    if (!graph.element.hidden) graph.reveal(found[foundAt]!);
    choose(found[foundAt]!);
  };
  const findNow = (): void => {
    query = search.value.trim();
    found = query === "" ? [] : steps.flatMap((step, i) => (isFound(step) ? [i] : []));
    foundAt = -1;
    graph.mark(new Set(found));
    for (const view of views) if (!view.element.hidden) view.refresh?.();
    if (found.length > 0 && !graph.element.hidden) {
      foundAt = 0;
      graph.reveal(found[0]!);
    }
    tell();
  };
  const isStale = (): boolean => query !== search.value.trim();
  const find = soon(() => {
    if (isStale()) findNow();
  });
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    // Who types fast presses it before there was a picture in which the search was made.
    if (isStale()) {
      findNow();
      next(foundAt === -1 ? 1 : 0);
    } else next(event.shiftKey ? -1 : 1);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (document.activeElement === search && search.value !== "") {
        search.value = "";
        find();
      } else choose(-1);
    } else if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    }
  });

  const tabs = el("nav", "");
  const show = (view: View): void => {
    for (const [i, other] of views.entries()) {
      other.element.hidden = other !== view;
      tabs.children[i]!.setAttribute("aria-pressed", String(other === view));
    }
    view.refresh?.();
  };
  for (const view of views) {
    view.element.hidden = true;
    main.append(view.element);
    const tab = button(view.title, view.title, () => show(view));
    tab.dataset["view"] = view.name;
    tabs.append(tab);
  }

  const heading = el("h1", "", data.title);
  heading.title = data.title;
  const header = el("header", "", heading);
  if (run !== undefined) {
    const began = new Date(run.began);
    const when = Number.isNaN(began.getTime()) ? "" : began.toISOString().replace("T", " ").slice(0, 19);
    const grown = steps.filter((step) => step.run?.became !== undefined).length;
    const facts = [
      `${count(steps.length - grown, "step")}, ${count(grown, "expansion")}`,
      `${time(run.took)}, ${time(run.summed)} of steps`,
      ...(failed.length === 0 ? [] : [`${failed.length.toLocaleString("en")} failed`]),
      ...(run.leftOut === 0 ? [] : [`${count(run.leftOut, "more step")} left out of this page`]),
      when,
      `run ${run.id}`,
    ].filter((text) => text !== "");
    const said = el("span", "facts faint", facts.join(" · "));
    said.title = facts.join("\n");
    header.append(el("span", `chip ${run.state}`, run.state), said);
  }
  header.append(
    el(
      "div",
      "search",
      search,
      counted,
      button("‹", "The one before", () => next(-1)),
      button("›", "The next one", () => next(1)),
    ),
  );
  // The kinds that wait are rare: they are explained where the plan has them.
  const kinds = (Object.keys(stepKinds) as Array<keyof typeof stepKinds>).filter(
    (kind) => stepKinds[kind].returns !== "wait" || steps.some((step) => step.kind === kind),
  );
  // Those that are seen at the end; what is done has no sign.
  const seen = new Set(steps.map(({ run }) => run?.state));
  const states = (
    [
      "failed",
      "leaked",
      "stopped",
      "running",
      "retrying",
      "waiting",
      "pending",
      "skipped",
      "recalled",
    ] as const
  ).filter((state) => seen.has(state));
  const legend = el(
    "div",
    "kinds",
    el("span", "key input", "given from outside"),
    ...kinds.map((kind) => el("span", `key ${kind}`, stepKinds[kind].label)),
    ...(run === undefined ? [] : [el("span", "key critical", "critical path")]),
    ...states.map((state) => el("span", `key state ${state}`, state)),
  );
  graph.foot.prepend(legend);
  document.body.replaceChildren(header, tabs, el("div", "content", main, panel));
  show(views[0]!);
  // For whoever measures: the page can be used from here on.
  performance.mark("ready");
};

const source = document.querySelector("script[type='application/json']");
start(JSON.parse(source?.textContent ?? "") as PageData);
