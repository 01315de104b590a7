/** The top of the page: what it shows, how the run went, and the search. */
import type { UiElement } from "./elements.ts";
import { h } from "preact";
import type { PageRun } from "../data.ts";
import { button, chip } from "./elements.ts";
import type { Look } from "./look.ts";
import type { PageModel } from "./page-model.ts";
import { count, time } from "./page-text.ts";

interface HeaderProps {
  readonly model: PageModel;
  readonly look: Look;
  readonly onSearch: (query: string) => void;
  readonly onNext: (by: number) => void;
}

const factsOf = ({ data: { steps }, failed }: PageModel, run: PageRun): ReadonlyArray<string> => {
  const began = new Date(run.began);
  const when = Number.isNaN(began.getTime())
    ? ""
    : `${began.toISOString().replace("T", " ").slice(0, 19)} UTC`;
  const grown = steps.filter((step) => step.run?.became !== undefined).length;
  return [
    `${count(steps.length - grown, "step")}, ${count(grown, "expansion")}`,
    `${time(run.took)}, ${time(run.summed)} of steps`,
    failed.length === 0 ? "" : `${failed.length.toLocaleString("en")} failed`,
    run.leftOut === 0 ? "" : `${count(run.leftOut, "more step")} left out of this page`,
    when,
    `run ${run.id}`,
  ].filter((text) => text !== "");
};

const countedText = ({ query, found, foundAt }: Look): string =>
  query === "" ? "" : found.length === 0 ? "none" : `${foundAt + 1} of ${found.length.toLocaleString("en")}`;

const Search = ({ look, onSearch, onNext }: Omit<HeaderProps, "model">): UiElement => {
  const onKeyDown = (event: KeyboardEvent): void => {
    const box = event.currentTarget as HTMLInputElement;
    if (event.key === "Enter") onNext(look.foundAt === -1 || !event.shiftKey ? 1 : -1);
    else if (event.key === "Escape" && box.value !== "") {
      event.stopPropagation();
      box.value = "";
      onSearch("");
    }
  };
  return h(
    "div",
    { class: "search" },
    h("input", {
      type: "search",
      placeholder: "search",
      "aria-label": "Search for steps and outputs",
      onInput: (event: Event) => onSearch((event.currentTarget as HTMLInputElement).value.trim()),
      onKeyDown,
    }),
    h("span", { class: "counted faint", role: "status" }, countedText(look)),
    button("‹", "The one before", () => onNext(-1)),
    button("›", "The next one", () => onNext(1)),
  );
};

export const PageHeader = ({ model, look, onSearch, onNext }: HeaderProps): UiElement => {
  const { title, run } = model.data;
  const facts = run === undefined ? [] : factsOf(model, run);
  return h(
    "header",
    { class: look.query === "" ? "" : "searching" },
    h("h1", { title }, title),
    run === undefined ? null : chip(run.state),
    run === undefined
      ? null
      : h("span", { class: "facts faint", title: facts.join("\n") }, facts.join(" · ")),
    h(Search, { look, onSearch, onNext }),
  );
};
