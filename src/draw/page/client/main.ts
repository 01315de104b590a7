/** Starts the page: reads its embedded data, and draws it whenever the reader navigates. */
import { h, render } from "preact";
import type { PageData } from "../data.ts";
import type { Change, Look } from "./look.ts";
import { choose, firstLook } from "./look.ts";
import { Page } from "./page.ts";
import { modelOf } from "./page-model.ts";

const start = (data: PageData): void => {
  const model = modelOf(data);
  let look: Look = firstLook(data);
  const draw = (): void => render(h(Page, { model, look, change }), document.body);
  const change = (next: Change): void => {
    const before = look;
    look = next(look);
    if (look !== before) draw();
  };
  document.addEventListener("keydown", (event) => {
    const search = document.querySelector<HTMLInputElement>("input[type='search']");
    if (event.key === "Escape") change(choose(-1));
    else if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search?.focus();
    }
  });
  document.body.replaceChildren();
  draw();
  // For measurements: the page is usable from here on, once pending updates are drawn.
  setTimeout(() => performance.mark("ready"));
};

const source = document.querySelector("script[type='application/json']");
start(JSON.parse(source?.textContent ?? "") as PageData);
