/**
 * A list of steps of any length; only the visible rows are in the page. Clicking a column heading sorts by it: first
 * ascending, then descending, then in the order of the run.
 */
import type { ComponentChildren } from "preact";
import type { UiElement } from "./elements.ts";
import { h } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PageData, PageStep } from "../data.ts";
import { matches } from "./page-model.ts";

export interface Column {
  readonly title: string;
  readonly text: (step: PageStep, line: number) => string;
  /** Replaces the text. */
  readonly element?: (step: PageStep, line: number) => ComponentChildren;
  /** The sort key of rows, if that is not the text; rows without it come last. */
  readonly value?: (step: PageStep, line: number) => number | undefined;
  readonly className?: string;
}

export interface TableProps {
  readonly name: string;
  readonly data: PageData;
  readonly columns: ReadonlyArray<Column>;
  /** The number of lines of a step. */
  readonly linesOf: (step: PageStep) => number;
  readonly query: string;
  readonly selected: number;
  readonly onChoose: (step: number) => void;
  /** Below the rows. */
  readonly foot?: UiElement | null;
}

type Line = readonly [step: number, line: number];

interface Sorting {
  readonly column: number;
  readonly isDown: boolean;
}

/** On a narrow screen the first cell has a row of its own. */
const heights = { wide: 28, narrow: 50 };
const isNarrow = (): boolean => matchMedia("(max-width: 700px)").matches;

const sorted = (
  lines: ReadonlyArray<Line>,
  { steps }: PageData,
  { text, value }: Column,
  isDown: boolean,
): ReadonlyArray<Line> => {
  const sign = isDown ? -1 : 1;
  if (value === undefined) {
    const collator = new Intl.Collator(undefined, { numeric: true });
    const keyed = lines.map((of): [Line, string] => [of, text(steps[of[0]]!, of[1])]);
    return keyed.sort((a, b) => sign * collator.compare(a[1], b[1])).map(([line]) => line);
  }
  const keyed = lines.map((of): [Line, number | undefined] => [of, value(steps[of[0]]!, of[1])]);
  return keyed
    .sort(([, a], [, b]) =>
      a === undefined ? (b === undefined ? 0 : 1) : b === undefined ? -1 : sign * (a - b),
    )
    .map(([line]) => line);
};

const Heading = ({
  columns,
  sorting,
  onSort,
}: {
  readonly columns: ReadonlyArray<Column>;
  readonly sorting: Sorting | undefined;
  readonly onSort: (column: number) => void;
}): UiElement =>
  h(
    "div",
    { class: "line heading", role: "row" },
    columns.map(({ title, className = "" }, i) => {
      const isBy = sorting?.column === i;
      const order = !isBy ? "none" : sorting.isDown ? "descending" : "ascending";
      return h(
        "span",
        { key: i, class: className, role: "columnheader", "aria-sort": order },
        title === ""
          ? null
          : h(
              "button",
              { type: "button", class: "sort", title: `Sort by ${title}`, onClick: () => onSort(i) },
              title,
              h("span", { class: "order", "aria-hidden": "true" }, !isBy ? "" : sorting.isDown ? " ▾" : " ▴"),
            ),
      );
    }),
  );

/** The visible part of a list. */
const useScroll = (reset: unknown) => {
  const list = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ top: 0, height: 0, narrow: isNarrow() });
  useLayoutEffect(() => {
    const element = list.current!;
    const look = (): void =>
      setPlace({ top: element.scrollTop, height: element.clientHeight, narrow: isNarrow() });
    element.addEventListener("scroll", look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    look();
    return () => observer.disconnect();
  }, []);
  // Other rows are shown from the first one.
  useLayoutEffect(() => {
    list.current!.scrollTop = 0;
  }, [reset]);
  return { list, ...place };
};

export const StepTable = (props: TableProps): UiElement => {
  const { name, data, columns, linesOf, query, selected, onChoose, foot = null } = props;
  const [sorting, setSorting] = useState<Sorting | undefined>(undefined);
  const found = useMemo(
    () =>
      data.steps.flatMap((step, i) =>
        Array.from({ length: matches(step, query) ? linesOf(step) : 0 }, (_, line): Line => [i, line]),
      ),
    [query, data.steps],
  );
  const lines = useMemo(
    () => (sorting === undefined ? found : sorted(found, data, columns[sorting.column]!, sorting.isDown)),
    [found, sorting],
  );
  const { list, top, height, narrow } = useScroll(`${query} ${sorting?.column} ${sorting?.isDown}`);
  const rowHeight = narrow ? heights.narrow : heights.wide;
  const first = Math.max(0, Math.floor(top / rowHeight) - 8);
  const last = Math.min(lines.length, Math.ceil((top + height) / rowHeight) + 8);
  const rows: Array<UiElement> = [];
  for (let i = first; i < last; i++) {
    const [step, line] = lines[i]!;
    const of = data.steps[step]!;
    const look = {
      key: `${step} ${line}`,
      class: step === selected ? "line selected" : "line",
      role: "row",
      tabIndex: 0,
      "data-step": step,
      style: { top: `${i * rowHeight}px`, height: `${rowHeight}px` },
      onClick: () => onChoose(step),
      onKeyDown: ({ key }: KeyboardEvent) => {
        if (key === "Enter") onChoose(step);
      },
    };
    const cells = columns.map(({ text, element, className = "" }, column) =>
      h(
        "span",
        { key: column, role: "cell", class: className, title: text(of, line) },
        element === undefined ? text(of, line) : element(of, line),
      ),
    );
    rows.push(h("div", look, cells));
  }
  const sortBy = (column: number): void =>
    setSorting((now) =>
      now?.column !== column ? { column, isDown: false } : now.isDown ? undefined : { column, isDown: true },
    );
  return h(
    "div",
    { class: `rows ${name}`, role: "table", "aria-rowcount": lines.length },
    h(Heading, { columns, sorting, onSort: sortBy }),
    h(
      "div",
      { class: "list", ref: list, role: "rowgroup" },
      h(
        "div",
        { class: "inside", role: "presentation", style: { height: `${lines.length * rowHeight}px` } },
        rows,
      ),
    ),
    h("p", { class: "empty faint", hidden: lines.length > 0 }, "none"),
    foot,
  );
};
