/** A value as a tree that the reader unfolds; folded parts are not in the page. */
import type { UiElement } from "./elements.ts";
import { h } from "preact";
import { useState } from "preact/hooks";
import type { Shown, ShownParts } from "../data.ts";
import { count } from "./page-text.ts";

/** The value on one line. */
export const brief = (value: Shown): string => (typeof value === "string" ? value : value.is);

/** Longer texts are folded. */
const longest = 240;
const atOnce = 100;

interface ValueProps {
  readonly name: string;
  readonly value: Shown;
  readonly isOpen?: boolean;
}

const label = (name: string): UiElement => h("span", { class: "name" }, name);

const Text = ({ name, value }: { readonly name: string; readonly value: string }): UiElement =>
  value.length <= longest
    ? h("div", { class: "value" }, label(name), h("span", { class: "leaf" }, value))
    : h(
        "details",
        { class: "value" },
        h("summary", null, label(name), h("span", { class: "leaf" }, `${value.slice(0, longest / 2)}…`)),
        h("div", { class: "parts" }, value),
      );

const Parts = ({ value }: { readonly value: ShownParts }): UiElement => {
  const [shown, setShown] = useState(atOnce);
  const left = value.parts.length - shown;
  return h(
    "div",
    { class: "parts" },
    value.parts.slice(0, shown).map(([name, part], i) => h(ValueTree, { key: i, name, value: part })),
    left > 0
      ? h(
          "button",
          { type: "button", class: "link", onClick: () => setShown(shown + atOnce) },
          `${count(left, "more part")}…`,
        )
      : value.more === undefined
        ? null
        : h("div", { class: "faint" }, `${count(value.more, "more part")} left out`),
  );
};

export const ValueTree = ({ name, value, isOpen = false }: ValueProps): UiElement => {
  const [open, setOpen] = useState(isOpen);
  if (typeof value === "string") return h(Text, { name, value });
  return h(
    "details",
    {
      class: "value",
      open,
      onToggle: (event: Event) => setOpen((event.currentTarget as HTMLDetailsElement).open),
    },
    h("summary", null, label(name), h("span", { class: "is" }, value.is)),
    open ? h(Parts, { value }) : h("div", { class: "parts" }),
  );
};
