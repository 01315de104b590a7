/** Small parts that the page's components share. Text is only ever a child, so that no label or value can become markup. */
import type { ComponentChildren, VNode } from "preact";
import { h } from "preact";
import type { PageState } from "../data.ts";
import { stateLabels } from "./page-text.ts";

/** Anything that Preact draws. */
export type UiElement = VNode<any>;

/** Users of speech control say the text on a button: its name contains that text, unless the text is a sign such as "×". */
const nameOf = (text: string, title: string): string =>
  !/\p{L}/u.test(text) || title.toLowerCase().includes(text.toLowerCase()) ? title : `${title}: ${text}`;

export const button = (text: string, title: string, onClick: () => void, className = ""): UiElement =>
  h("button", { type: "button", class: className, title, "aria-label": nameOf(text, title), onClick }, text);

export const chip = (state: PageState): UiElement =>
  h("span", { class: `chip ${state}` }, stateLabels[state]);

export const section = (title: string, ...children: ReadonlyArray<ComponentChildren>): UiElement =>
  h("section", null, h("h3", null, title), ...children);

/** A name and the content next to it. */
export const row = (name: string, ...value: ReadonlyArray<ComponentChildren>): UiElement =>
  h("div", { class: "row" }, h("span", { class: "key" }, name), h("span", null, ...value));
