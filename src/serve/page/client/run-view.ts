/** One run, live: the page of a report, drawn anew as things happen, and what can be done with the run. */
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import type { Change, Look } from "../../../draw/page/client/look.ts";
import { firstLook } from "../../../draw/page/client/look.ts";
import { modelOf } from "../../../draw/page/client/page-model.ts";
import { Page } from "../../../draw/page/client/page.ts";
import type { PageData } from "../../../draw/page/data.ts";
import type { WaitingInfo } from "../../api.ts";
import type { Schema, Texts } from "./forms.ts";
import { Fields, fieldsOf, recordOf } from "./forms.ts";
import { Action, Problem } from "./parts.ts";
import { follow, requests } from "./requests.ts";

interface Shown {
  readonly data: PageData;
  readonly look: Look;
}

/** Steps are known by their places, which change as the graph grows: the look is carried over by paths. */
const carried = ({ data: before, look }: Shown, data: PageData): Look => {
  const places = new Map(data.steps.map(({ path }, i) => [path, i]));
  const known = new Set(before.steps.map(({ path }) => path));
  const place = (step: number): number => places.get(before.steps[step]?.path ?? "") ?? -1;
  const kept = [...look.unfolded].map(place).filter((step) => step !== -1);
  // What is new is unfolded as it would be on a page that is opened now.
  const fresh = [...firstLook(data).unfolded].filter(
    (step) => !known.has(data.steps[step]!.path) || before.steps[place(step)]?.graph === undefined,
  );
  return {
    ...look,
    selected: place(look.selected),
    found: look.found.map(place).filter((step) => step !== -1),
    unfolded: new Set([...kept, ...fresh]),
    toggled: -1,
    revealed: { ...look.revealed, step: place(look.revealed.step) },
  };
};

/** As often as a reader can follow, and never so often that drawing is all that happens. */
const leastMillis = 200;

const useRun = (
  id: string,
): {
  readonly shown: Shown | undefined;
  readonly error: unknown;
  readonly change: (change: Change) => void;
  readonly again: () => void;
} => {
  const [shown, setShown] = useState<Shown | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const [round, setRound] = useState(0);
  const latest = useRef<string>("");
  useEffect(() => {
    const over = new AbortController();
    let isAsked = false;
    let timer = 0;
    const load = async (): Promise<void> => {
      const began = performance.now();
      isAsked = false;
      try {
        const data = await requests.view(id);
        if (over.signal.aborted) return;
        const text = JSON.stringify(data);
        if (text !== latest.current) {
          latest.current = text;
          setShown((before) =>
            before === undefined ? { data, look: firstLook(data) } : { data, look: carried(before, data) },
          );
        }
        setError(undefined);
      } catch (problem) {
        if (!over.signal.aborted) setError(problem);
      }
      const pause = Math.max(leastMillis, 3 * (performance.now() - began));
      timer = setTimeout(() => {
        timer = 0;
        if (isAsked) void load();
      }, pause) as unknown as number;
    };
    const told = (): void => {
      isAsked = true;
      if (timer === 0 && !over.signal.aborted) void load();
    };
    const watch = async (): Promise<void> => {
      while (!over.signal.aborted) {
        try {
          await follow(id, told, over.signal);
          told();
          return;
        } catch (problem) {
          if (over.signal.aborted) return;
          setError(problem);
          await new Promise((done) => setTimeout(done, 1_000));
        }
      }
    };
    told();
    void watch();
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [id, round]);
  return {
    shown,
    error,
    change: (change) => setShown((now) => (now === undefined ? now : { ...now, look: change(now.look) })),
    again: () => setRound((now) => now + 1),
  };
};

const Answer = ({ step, done }: { readonly step: WaitingInfo; readonly done: () => void }): UiElement => {
  const { runId, path, ask } = step;
  const [texts, setTexts] = useState<Texts>({});
  const [error, setError] = useState<unknown>(undefined);
  const schema = step.schema as Schema | undefined;
  const fields = fieldsOf(schema);
  const single = [{ name: "value", required: true, schema }];
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const value = fields === undefined ? recordOf(single, texts)["value"] : recordOf(fields, texts);
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
      fields: fields ?? single,
      texts,
      wrong: undefined,
      onText: (name, text) => setTexts((now) => ({ ...now, [name]: text })),
    }),
    h(Problem, { error }),
    h("button", { type: "submit", class: "main" }, "Answer"),
  );
};

const useWaiting = (id: string, data: PageData | undefined): ReadonlyArray<WaitingInfo> => {
  const [steps, setSteps] = useState<ReadonlyArray<WaitingInfo>>([]);
  const waits = data?.steps.some(({ run }) => run?.state === "waiting") === true;
  useEffect(() => {
    if (!waits) return setSteps([]);
    void requests.waiting().then(
      (all) => setSteps(all.filter(({ runId }) => runId === id)),
      () => {},
    );
  }, [id, waits, data]);
  return steps;
};

export const RunView = ({ id }: { readonly id: string }): UiElement => {
  const { shown, error, change, again } = useRun(id);
  const waiting = useWaiting(id, shown?.data);
  if (shown === undefined)
    return h(
      "main",
      { class: "list" },
      h(Problem, { error }),
      error === undefined ? h("p", { class: "faint" }, "Loading…") : null,
    );
  const { data, look } = shown;
  const isOver =
    data.run?.state !== "running" && data.run?.state !== "pending" && data.run?.state !== "waiting";
  const selected = data.steps[look.selected];
  return h(
    "div",
    { class: "run" },
    h(
      "div",
      { class: "actions", role: "toolbar", "aria-label": "What can be done with this run" },
      isOver
        ? data.run?.state === "done"
          ? null
          : h(Action, { text: "Resume", run: () => requests.resume(id).then(again) })
        : h(Action, { text: "Cancel", run: () => requests.cancel(id).then(again) }),
      isOver && selected !== undefined
        ? h(Action, {
            text: `Retry from ${selected.path}`,
            run: () => requests.resume(id, selected.path).then(again),
          })
        : null,
      h(Problem, { error }),
    ),
    waiting.map((step) => h(Answer, { step, done: again, key: step.path })),
    h("div", { class: "report" }, h(Page, { model: modelOf(data), look, change })),
  );
};
