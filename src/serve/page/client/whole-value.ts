/** The whole value of a step as JSON, as `espalier show RUN PATH` prints it: shown on request, and copied. */
import { h } from "preact";
import { useRef, useState } from "preact/hooks";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import { Action } from "./parts.ts";
import { requests } from "./requests.ts";

/** A browser takes seconds to lay out more than this; copying takes the whole value. */
const mostShown = 200_000;

/** A page that was loaded over plain HTTP from another machine has no clipboard. Its text is selected instead. */
const copy = async (text: string, shown: HTMLElement): Promise<void> => {
  const { clipboard } = navigator as { readonly clipboard?: Clipboard };
  if (clipboard !== undefined) return clipboard.writeText(text);
  getSelection()?.selectAllChildren(shown);
  throw new Error(
    "The browser does not let this page copy. The text is selected: copy it with the keyboard.",
  );
};

export const WholeValue = ({ id, path }: { readonly id: string; readonly path: string }): UiElement => {
  const [text, setText] = useState<string | undefined>(undefined);
  const [isCopied, setCopied] = useState(false);
  const shown = useRef<HTMLPreElement>(null);
  const show = async (): Promise<void> => {
    const { value } = await requests.value(id, path);
    setText(value === undefined ? "undefined" : JSON.stringify(value, null, 2));
  };
  if (text === undefined)
    return h("section", { class: "whole" }, h(Action, { text: "Show the whole value", run: show }));
  const left = text.length - mostShown;
  return h(
    "section",
    { class: "whole", "aria-label": "The whole value" },
    h("h3", null, "The whole value"),
    h(Action, { text: "Copy", run: () => copy(text, shown.current!).then(() => setCopied(true)) }),
    h("span", { role: "status" }, isCopied ? "copied" : ""),
    h(
      "pre",
      { ref: shown, tabIndex: 0, "aria-label": `The whole value of ${path}` },
      text.slice(0, mostShown),
    ),
    left > 0 ? h("p", { class: "faint" }, `${left.toLocaleString("en")} more characters: copy them.`) : null,
  );
};
