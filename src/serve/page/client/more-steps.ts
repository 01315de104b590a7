/** The steps that the view of a large run leaves out: requested a page at a time, by a search, or by the address. */
import { h } from "preact";
import { useRef } from "preact/hooks";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import { count } from "../../../draw/page/client/page-text.ts";
import type { PageData, PageStep } from "../../../draw/page/data.ts";
import { lastOf, parentOf } from "../../../path.ts";
import type { RecordedStep } from "../../api.ts";
import { Action } from "./parts.ts";
import { requests } from "./requests.ts";

/** The data with these steps appended. Steps that it already has are not added. */
export const withSteps = <Data extends PageData>(data: Data, steps: ReadonlyArray<RecordedStep>): Data => {
  const { run } = data;
  if (steps.length === 0 || run === undefined) return data;
  const places = new Map(data.steps.map(({ path }, i) => [path, i]));
  const all: Array<PageStep> = [...data.steps];
  for (const { path, status, began, ended, attempt } of steps) {
    if (places.has(path)) continue;
    let around = parentOf(path);
    while (around !== "" && !places.has(around)) around = parentOf(around);
    const parent = places.get(around) ?? -1;
    places.set(path, all.length);
    all.push({
      path,
      name: lastOf(path),
      kind: "item",
      parent,
      inputs: [],
      outputs: all[parent]?.outputs ?? [],
      run: {
        state: status === "failed" ? "failed" : "done",
        attempt,
        began: began - run.began,
        ended: ended - run.began,
      },
    });
  }
  const leftOut = Math.max(0, run.leftOut - (all.length - data.steps.length));
  return { ...data, steps: all, run: { ...run, leftOut } };
};

/** The step of an address. Its path is also that of steps inside it, which come before it. */
export const stepAt = async (id: string, path: string): Promise<ReadonlyArray<RecordedStep>> => {
  const { steps } = await requests.steps(id, { search: path, limit: "10000" });
  return steps.filter((step) => step.path === path);
};

/** The minimum number of steps to add, if there are that many. */
const leastMore = 1_000;

interface MoreStepsProps {
  readonly id: string;
  readonly data: PageData;
  readonly query: string;
  readonly add: (steps: ReadonlyArray<RecordedStep>) => void;
}

export const MoreSteps = ({ id, data, query, add }: MoreStepsProps): UiElement | null => {
  /** Where the steps that were requested end; undefined once all were. */
  const place = useRef<string | undefined>("0");
  const leftOut = data.run?.leftOut ?? 0;
  if (leftOut === 0) return null;
  const more = async (): Promise<void> => {
    const known = new Set(data.steps.map(({ path }) => path));
    const unknown: Array<RecordedStep> = [];
    // Most steps of the first pages are in the view.
    while (place.current !== undefined && unknown.length < leastMore) {
      const { steps, next } = await requests.steps(id, { limit: "10000", after: place.current });
      place.current = next;
      unknown.push(...steps.filter(({ path }) => !known.has(path)));
    }
    add(unknown);
  };
  const search = async (): Promise<void> =>
    add((await requests.steps(id, { search: query, limit: "1000" })).steps);
  return h(
    "div",
    { class: "paging left-out" },
    h("span", { class: "faint", role: "status" }, `${count(leftOut, "more step")} not listed`),
    h(Action, { text: "List more", run: more }),
    query === "" ? null : h(Action, { text: `Search all steps for "${query}"`, run: search }),
  );
};
