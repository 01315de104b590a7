/** One run, live: the page of a report, updated as things happen, and the actions for the run. */
import { h } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import type { Change } from "../../../draw/page/client/look.ts";
import { choose, goTo, showView } from "../../../draw/page/client/look.ts";
import { modelOf } from "../../../draw/page/client/page-model.ts";
import { Page } from "../../../draw/page/client/page.ts";
import type { PageData } from "../../../draw/page/data.ts";
import type { WaitingInfo } from "../../api.ts";
import type { Texts } from "./forms.ts";
import { Fields, recordOf } from "./forms.ts";
import { MoreSteps, stepAt } from "./more-steps.ts";
import type { LiveRun } from "./live-run.ts";
import { useRun } from "./live-run.ts";
import { Action, againLink, Problem, runLink } from "./parts.ts";
import { requests } from "./requests.ts";
import { field } from "./schemas.ts";
import { WholeValue } from "./whole-value.ts";

const Answer = ({ step, done }: { readonly step: WaitingInfo; readonly done: () => void }): UiElement => {
  const { runId, path, ask } = step;
  const [texts, setTexts] = useState<Texts>({});
  const [error, setError] = useState<unknown>(undefined);
  const answer = field("value", true, step.schema);
  const { control } = answer;
  const fields = control.is === "fields" ? control.fields : [answer];
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const record = recordOf(fields, texts);
      const value = control.is === "fields" ? record : record["value"];
      await requests.signal(runId, path, value);
      done();
    } catch (problem) {
      setError(problem);
    }
  };
  return h(
    "form",
    { class: "answer", "aria-label": `Answer ${path}`, onSubmit: (event: Event) => void send(event) },
    h("strong", null, `${path} waits for an answer`),
    ask === undefined ? null : h("pre", null, typeof ask === "string" ? ask : JSON.stringify(ask, null, 2)),
    h(Fields, {
      prefix: `answer-${path}`,
      fields,
      texts,
      wrong: undefined,
      onText: (name, text) => setTexts((now) => ({ ...now, [name]: text })),
    }),
    h(Problem, { error }),
    h("button", { type: "submit", class: "main" }, "Answer"),
  );
};

/** How often a waiting step is looked up among those that can be answered. */
const againMillis = 300;

const useWaiting = (id: string, data: PageData | undefined): ReadonlyArray<WaitingInfo> => {
  const [steps, setSteps] = useState<ReadonlyArray<WaitingInfo>>([]);
  const waits =
    data?.steps
      .filter(({ run, kind }) => run?.state === "waiting" && kind === "await")
      .map(({ path }) => path)
      .join("\n") ?? "";
  useEffect(() => {
    if (waits === "") return setSteps([]);
    let timer = 0;
    const load = async (): Promise<void> => {
      const all = await requests.waiting().catch(() => []);
      const mine = all.filter(({ runId }) => runId === id);
      setSteps(mine);
      // The event of a waiting step arrives a moment before the step can be answered.
      if (waits.split("\n").some((path) => mine.every((step) => step.path !== path)))
        timer = setTimeout(() => void load(), againMillis) as unknown as number;
    };
    void load();
    return () => clearTimeout(timer);
  }, [id, waits]);
  return steps;
};

interface Place {
  /** The name of the view; empty for the first. */
  readonly view: string;
  /** The path of the selected step; empty for none. */
  readonly step: string;
}

/**
 * Keeps the address and the view in step: the address contains what the reader selects, and the view follows the address. A
 * step that does not exist yet is selected once it does.
 */
const usePlace = (id: string, place: Place, { shown, change, add }: LiveRun): ((change: Change) => void) => {
  const { view, step } = place;
  /** The step that was looked up in the store. */
  const sought = useRef("");
  useEffect(() => {
    if (shown === undefined) return;
    const { data, look } = shown;
    if (look.view !== (view || "graph")) change(showView(view || "graph"));
    if ((data.steps[look.selected]?.path ?? "") === step) return;
    const at = data.steps.findIndex(({ path }) => path === step);
    if (at !== -1 || step === "") change(at === -1 ? choose(-1) : goTo(data, at));
    else if (sought.current !== step && (data.run?.leftOut ?? 0) > 0) {
      sought.current = step;
      void stepAt(id, step).then(add);
    }
  }, [view, step, shown?.data]);
  return (made) => {
    change(made);
    if (shown === undefined) return;
    const look = made(shown.look);
    const chosen = shown.data.steps[look.selected]?.path ?? "";
    const isChosen = look.selected !== shown.look.selected;
    if (look.view !== shown.look.view || isChosen)
      location.hash = runLink(id, look.view, isChosen ? chosen : step);
  };
};

interface RunViewProps extends Place {
  readonly id: string;
}

const isUnder = (state: string | undefined): boolean =>
  state === "running" || state === "pending" || state === "waiting";

const Actions = ({
  id,
  data,
  selected,
  again,
}: {
  readonly id: string;
  readonly data: PageData;
  readonly selected: string | undefined;
  readonly again: () => void;
}): ReadonlyArray<UiElement | null> => {
  const isOver = !isUnder(data.run?.state);
  return [
    isOver
      ? data.run?.state === "done"
        ? null
        : h(Action, { key: "resume", text: "Resume", run: () => requests.resume(id).then(again) })
      : h(Action, { key: "cancel", text: "Cancel", run: () => requests.cancel(id).then(again) }),
    isOver && selected !== undefined
      ? h(Action, {
          key: "retry",
          text: `Retry from ${selected}`,
          run: () => requests.resume(id, selected).then(again),
        })
      : null,
    h("a", { key: "again", href: againLink(id) }, "Run again with other inputs"),
  ];
};

export const RunView = ({ id, ...place }: RunViewProps): UiElement => {
  const live = useRun(id);
  const { shown, error, again } = live;
  const change = usePlace(id, place, live);
  const waiting = useWaiting(id, shown?.data);
  const model = useMemo(() => (shown === undefined ? undefined : modelOf(shown.data)), [shown?.data]);
  if (shown === undefined || model === undefined)
    return h(
      "main",
      { class: "list" },
      h(Problem, { error }),
      error === undefined ? h("p", { class: "faint" }, "Loading…") : null,
    );
  const { data, look } = shown;
  const selected = data.steps[look.selected]?.path;
  return h(
    "div",
    { class: "live-run" },
    h(
      "section",
      { class: "actions", "aria-label": "What can be done with this run" },
      Actions({ id, data, selected, again }),
      h(Problem, { error }),
    ),
    waiting.length === 0
      ? null
      : h(
          "div",
          { class: "answers", role: "region", "aria-label": "Waiting for an answer", tabIndex: 0 },
          waiting.map((step) => h(Answer, { step, done: again, key: step.path })),
        ),
    h(
      "div",
      { class: "report" },
      h(Page, {
        model,
        look,
        change,
        leftOut: h(MoreSteps, { id, data, query: look.query, add: live.add }),
        more: ({ path, run }) =>
          run?.values === undefined && (run?.became === undefined || run.state !== "done")
            ? null
            : h(WholeValue, { id, path, key: path }),
      }),
    ),
  );
};
