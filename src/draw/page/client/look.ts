/** The reader's view of the page: what is selected, searched for, and unfolded. Changed only by the functions here. */
import type { PageData } from "../data.ts";
import { canUnfold, matches } from "./page-model.ts";

export interface Look {
  /** The name of the view that is shown. */
  readonly view: string;
  /** The views that have been shown. */
  readonly seen: ReadonlySet<string>;
  /** The step whose panel is shown; -1 for none. */
  readonly selected: number;
  readonly query: string;
  readonly found: ReadonlyArray<number>;
  /** Which of them was visited last. */
  readonly foundAt: number;
  readonly unfolded: ReadonlySet<number>;
  /** The reader has unfolded all: steps that are added later are unfolded too. */
  readonly isAllOpen: boolean;
  /** The step that was folded or unfolded last, which stays where it is. */
  readonly toggled: number;
  /** The step that the graph moves to, and the number of times it was asked to move. */
  readonly revealed: { readonly step: number; readonly times: number };
  /** The time of the run that the graph shows; undefined for its end. */
  readonly at: number | undefined;
}

export type Change = (look: Look) => Look;

/** A page opens with about as many boxes as a reader can take in at once. */
const boxesAtFirst = 60;

/** The steps that are unfolded at first: from the outside inward, up to that many boxes. */
const openAtFirst = ({ graphs, steps }: PageData): ReadonlySet<number> => {
  const open = new Set<number>();
  let boxes = graphs[0]!.boxes.length;
  const queue = graphs[0]!.boxes.map(({ step }) => step);
  for (let next = 0; next < queue.length; next++) {
    const step = steps[queue[next]!];
    if (step === undefined) continue;
    const inner = step.graph === undefined ? step.items : graphs[step.graph]!.boxes.map(({ step }) => step);
    if (inner === undefined || boxes + inner.length > boxesAtFirst) continue;
    open.add(queue[next]!);
    boxes += inner.length;
    queue.push(...inner);
  }
  return open;
};

export const firstLook = (data: PageData): Look => ({
  view: "graph",
  seen: new Set(["graph"]),
  selected: -1,
  query: "",
  found: [],
  foundAt: -1,
  unfolded: openAtFirst(data),
  isAllOpen: false,
  toggled: -1,
  revealed: { step: -1, times: 0 },
  at: undefined,
});

export const showView =
  (view: string): Change =>
  (look) => ({ ...look, view, seen: new Set([...look.seen, view]) });

export const choose =
  (selected: number): Change =>
  (look) => ({ ...look, selected });

export const toggle =
  (data: PageData, step: number): Change =>
  (look) => {
    if (!canUnfold(data.steps[step])) return look;
    const unfolded = new Set(look.unfolded);
    if (!unfolded.delete(step)) unfolded.add(step);
    return { ...look, unfolded, isAllOpen: false, toggled: step };
  };

/** All steps that can be unfolded. */
export const unfoldable = (steps: PageData["steps"]): ReadonlySet<number> =>
  new Set(steps.flatMap((step, i) => (canUnfold(step) ? [i] : [])));

export const unfoldAll =
  ({ steps }: PageData, isOpen: boolean): Change =>
  (look) => ({
    ...look,
    toggled: -1,
    isAllOpen: isOpen,
    unfolded: isOpen ? unfoldable(steps) : new Set(),
  });

/** Unfolds the steps that contain a step, and moves the graph to it. */
const reveal =
  ({ steps }: PageData, step: number): Change =>
  (look) => {
    let unfolded: ReadonlySet<number> = look.unfolded;
    for (let at = steps[step]?.parent ?? -1; at !== -1; at = steps[at]!.parent) {
      if (!unfolded.has(at)) unfolded = new Set([...unfolded, at]);
    }
    return { ...look, unfolded, toggled: -1, revealed: { step, times: look.revealed.times + 1 } };
  };

/** Selects a step and shows it in the graph. */
export const goTo =
  (data: PageData, step: number): Change =>
  (look) =>
    reveal(data, step)(choose(step)(look));

export const search =
  (data: PageData, query: string): Change =>
  (look) => {
    const found = query === "" ? [] : data.steps.flatMap((step, i) => (matches(step, query) ? [i] : []));
    const searched = { ...look, query, found, foundAt: -1 };
    return found.length === 0 || look.view !== "graph"
      ? searched
      : reveal(data, found[0]!)({ ...searched, foundAt: 0 });
  };

/** The next step that was found, or the one before. */
export const nextFound =
  (data: PageData, by: number): Change =>
  (look) => {
    const { found, foundAt } = look;
    if (found.length === 0) return look;
    const next = (foundAt + by + found.length) % found.length;
    const step = found[next]!;
    const chosen = choose(step)({ ...look, foundAt: next });
    return look.view === "graph" ? reveal(data, step)(chosen) : chosen;
  };

export const showTime =
  (at: number | undefined): Change =>
  (look) => ({ ...look, at });
