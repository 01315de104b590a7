/** A list of any length, of which only the rows that are seen are in the page. */
import { el, soon } from "./dom.ts";

export interface List {
  readonly element: HTMLElement;
  /** Shows other rows, from the first one on. */
  readonly show: (count: number, row: (index: number) => HTMLElement) => void;
}

export const virtualList = (rowHeight: number): List => {
  const inside = el("div", "inside");
  const element = el("div", "list", inside);
  let count = 0;
  let row: (index: number) => HTMLElement = () => el("div");
  const draw = (): void => {
    const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - 8);
    const last = Math.min(count, Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + 8);
    const rows: Array<HTMLElement> = [];
    for (let i = first; i < last; i++) {
      const next = row(i);
      next.style.top = `${i * rowHeight}px`;
      next.style.height = `${rowHeight}px`;
      rows.push(next);
    }
    inside.replaceChildren(...rows);
  };
  const drawSoon = soon(draw);
  element.addEventListener("scroll", drawSoon, { passive: true });
  new ResizeObserver(drawSoon).observe(element);
  return {
    element,
    show: (newCount, newRow) => {
      count = newCount;
      row = newRow;
      inside.style.height = `${count * rowHeight}px`;
      element.scrollTop = 0;
      draw();
    },
  };
};
