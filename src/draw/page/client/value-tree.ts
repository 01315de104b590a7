/** A value as a tree that is unfolded by hand; what is folded is not in the page. */
import type { Shown } from "../data.ts";
import { count, el } from "./dom.ts";

/** The value on one line. */
export const brief = (value: Shown): string => (typeof value === "string" ? value : value.is);

/** A longer text is folded. */
const longest = 240;
const atOnce = 100;

export const valueTree = (name: string, value: Shown, isOpen = false): HTMLElement => {
  const label = el("span", "name", name);
  if (typeof value === "string") {
    if (value.length <= longest) return el("div", "value", label, el("span", "leaf", value));
    const start = `${value.slice(0, longest / 2)}…`;
    return el(
      "details",
      "value",
      el("summary", "", label, el("span", "leaf", start)),
      el("div", "parts", value),
    );
  }
  const parts = el("div", "parts");
  const details = el("details", "value", el("summary", "", label, el("span", "is", value.is)), parts);
  const fill = (): void => {
    if (parts.firstChild !== null) return;
    const more = (from: number): void => {
      for (const [key, part] of value.parts.slice(from, from + atOnce)) parts.append(valueTree(key, part));
      const left = value.parts.length - from - atOnce;
      if (left > 0) {
        const next = el("button", "link", `${count(left, "more part")}…`);
        next.type = "button";
        next.addEventListener("click", () => {
          next.remove();
          more(from + atOnce);
        });
        parts.append(next);
      } else if (value.more !== undefined) {
        parts.append(el("div", "faint", `${count(value.more, "more part")} left out`));
      }
    };
    more(0);
  };
  details.addEventListener("toggle", fill);
  if (isOpen) {
    fill();
    details.open = true;
  }
  return details;
};
