/** The list of runs: those that wait for an answer on top, then all, newest first, with filters and pages. */
import { h } from "preact";
import { useState } from "preact/hooks";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import { addressOf } from "../../../path.ts";
import type { RunInfo, WaitingInfo } from "../../api.ts";
import { Problem, runLink, StatusChip, tookOf, useServer, when } from "./parts.ts";
import { requests } from "./requests.ts";

const statuses = ["", "submitted", "running", "succeeded", "failed", "interrupted", "crashed"];

const askedText = (ask: unknown): string =>
  ask === undefined ? "" : typeof ask === "string" ? ask : JSON.stringify(ask);

const Waiting = ({ steps }: { readonly steps: ReadonlyArray<WaitingInfo> }): UiElement | null =>
  steps.length === 0
    ? null
    : h(
        "section",
        { class: "waits", "aria-label": "Waiting for an answer" },
        h("h2", null, "Waiting for an answer"),
        h(
          "ul",
          null,
          steps.map(({ runId, path, ask }) =>
            h(
              "li",
              { key: addressOf(runId, path) },
              h("a", { href: runLink(runId) }, runId),
              ` ${path} `,
              h("span", { class: "faint" }, askedText(ask)),
            ),
          ),
        ),
      );

const Row = ({ run }: { readonly run: RunInfo }): UiElement =>
  h(
    "tr",
    null,
    h("td", null, h(StatusChip, { run })),
    h("td", null, h("a", { href: runLink(run.id) }, run.id)),
    h("td", null, run.pipeline),
    h("td", { class: "time" }, when(run.began)),
    h("td", { class: "number" }, tookOf(run)),
  );

/** What the list is reduced to, and where each of the pages up to this one begins. */
interface Chosen {
  readonly status: string;
  readonly search: string;
  readonly pages: ReadonlyArray<string>;
}

const chosenIn = (query: string): Chosen => {
  const given = new URLSearchParams(query);
  return {
    status: given.get("status") ?? "",
    search: given.get("search") ?? "",
    pages: given.getAll("after"),
  };
};

/** Keeps the choice in the address, so that the way back from a run leads to it. */
const keep = ({ status, search, pages }: Chosen): void => {
  const given = [
    ["status", status],
    ["search", search],
    ...pages.map((after): [string, string] => ["after", after]),
  ].filter(([, text]) => text !== "");
  const query = given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
  history.replaceState(null, "", `#/${query}`);
};

/** `query`: the choice that the address contains. */
export const RunsView = ({ query: given }: { readonly query: string }): UiElement => {
  const [chosen, setChosen] = useState(() => chosenIn(given));
  const { status, search, pages } = chosen;
  const choose = (change: Partial<Chosen>): void => {
    const next = { ...chosen, pages: [], ...change };
    setChosen(next);
    keep(next);
  };
  const after = pages.at(-1);
  const query = {
    limit: "50",
    ...(status === "" ? {} : { status }),
    ...(search === "" ? {} : { search }),
    ...(after === undefined ? {} : { after }),
  };
  const { value, error } = useServer(() => requests.runs(query), JSON.stringify(query));
  const waiting = useServer(requests.waiting, "waiting");
  const textOf = (event: Event): string => (event.currentTarget as HTMLInputElement).value;
  const runs = value?.runs ?? [];
  return h(
    "main",
    { class: "list" },
    h(Waiting, { steps: waiting.value ?? [] }),
    h(
      "div",
      { class: "filters" },
      h("h1", null, "Runs"),
      h(
        "select",
        {
          "aria-label": "Status",
          value: status,
          onChange: (event: Event) => choose({ status: textOf(event) }),
        },
        statuses.map((each) => h("option", { value: each, key: each }, each === "" ? "all" : each)),
      ),
      h("input", {
        type: "search",
        "aria-label": "Search for runs",
        placeholder: "id or pipeline",
        value: search,
        onInput: (event: Event) => choose({ search: textOf(event) }),
      }),
    ),
    h(Problem, { error }),
    h(
      "div",
      { class: "scrolls", tabIndex: 0, role: "region", "aria-label": "Runs" },
      h(
        "table",
        null,
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            ["status", "run", "pipeline", "began", "took"].map((name) =>
              h("th", { key: name, scope: "col", class: name === "took" ? "number" : undefined }, name),
            ),
          ),
        ),
        h(
          "tbody",
          null,
          runs.map((run) => h(Row, { run, key: run.id })),
        ),
      ),
    ),
    value !== undefined && runs.length === 0
      ? h("p", { class: "faint" }, "No runs here. ", h("a", { href: "#/start" }, "Start one."))
      : null,
    h(
      "div",
      { class: "paging" },
      h(
        "button",
        {
          type: "button",
          disabled: pages.length === 0,
          onClick: () => choose({ pages: pages.slice(0, -1) }),
        },
        "newer",
      ),
      h(
        "button",
        {
          type: "button",
          disabled: value?.next === undefined,
          onClick: () => choose({ pages: [...pages, value!.next!] }),
        },
        "older",
      ),
    ),
  );
};
