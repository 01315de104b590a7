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
    h("td", null, when(run.began)),
    h("td", { class: "number" }, tookOf(run)),
  );

export const RunsView = (): UiElement => {
  const [status, setStatus] = useState("");
  const [search, setSearch] = useState("");
  const [pages, setPages] = useState<ReadonlyArray<string>>([]);
  const after = pages.at(-1);
  const query = {
    limit: "50",
    ...(status === "" ? {} : { status }),
    ...(search === "" ? {} : { search }),
    ...(after === undefined ? {} : { after }),
  };
  const { value, error } = useServer(() => requests.runs(query), JSON.stringify(query));
  const waiting = useServer(requests.waiting, "waiting");
  const change = (set: (text: string) => void) => (event: Event) => {
    setPages([]);
    set((event.currentTarget as HTMLInputElement).value);
  };
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
        { "aria-label": "Status", value: status, onChange: change(setStatus) },
        statuses.map((each) => h("option", { value: each, key: each }, each === "" ? "all" : each)),
      ),
      h("input", {
        type: "search",
        "aria-label": "Search for runs",
        placeholder: "id or pipeline",
        onInput: change(setSearch),
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
        { type: "button", disabled: pages.length === 0, onClick: () => setPages(pages.slice(0, -1)) },
        "newer",
      ),
      h(
        "button",
        {
          type: "button",
          disabled: value?.next === undefined,
          onClick: () => setPages([...pages, value!.next!]),
        },
        "older",
      ),
    ),
  );
};
