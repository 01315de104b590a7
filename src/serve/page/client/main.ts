/** The page of a server: shows the view that the address names, and the links between views. */
import { h, render } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { UiElement } from "../../../draw/page/client/elements.ts";
import { RunView } from "./run-view.ts";
import { RunsView } from "./runs-view.ts";
import { SchedulesView } from "./schedules-view.ts";
import { StartView } from "./start-view.ts";
import { setToken } from "./requests.ts";

/** An address that a person has typed is possibly not encoded text. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

interface Route {
  readonly view: string;
  readonly id: string;
  readonly tab: string;
  readonly step: string;
  /** Of the list of runs. */
  readonly query: string;
  /** Counts the addresses: each is another visit. */
  readonly visit: number;
}

const routeOf = (visit: number): Route => {
  const [path = "", query = ""] = location.hash.split("?");
  const [, view = "", id = "", tab = "", step = ""] = path.split("/").map(decoded);
  return { view, id, tab, step, query, visit };
};

/** The page's title, by which its tabs and the history differ. */
const titleOf = ({ view, id }: Route): string => {
  const title = id === "" ? links.find(([to]) => to === view)?.[1] : id;
  return title === undefined ? "Espalier" : `${title} · Espalier`;
};

const links = [
  ["", "Runs"],
  ["start", "Start"],
  ["schedules", "Schedules"],
] as const;

const View = ({ route }: { readonly route: Route }): UiElement => {
  const { view, id, tab, step, query, visit } = route;
  switch (view) {
    case "run":
      return h(RunView, { id, view: tab, step, key: id });
    case "start":
      return h(StartView, { from: id, key: id });
    case "schedules":
      return h(SchedulesView, {});
    default:
      return h(RunsView, { query, key: visit });
  }
};

/** On a server that other machines can reach, the reader enters the token. */
const TokenField = (): UiElement | null =>
  document.querySelector("meta[name='espalier-token']") === null
    ? h(
        "label",
        { class: "token" },
        "token ",
        h("input", {
          type: "password",
          autocomplete: "off",
          onChange: (event: Event) => setToken((event.currentTarget as HTMLInputElement).value),
        }),
      )
    : null;

const App = (): UiElement => {
  const [route, setRoute] = useState(() => routeOf(0));
  const { view } = route;
  useEffect(() => {
    document.title = titleOf(route);
  }, [route]);
  useEffect(() => {
    const changed = (): void => setRoute(({ visit }) => routeOf(visit + 1));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return h(
    "div",
    { class: "app" },
    h(
      "nav",
      { class: "ways", "aria-label": "Server" },
      h("strong", null, "Espalier"),
      links.map(([to, title]) =>
        h("a", { key: to, href: `#/${to}`, "aria-current": to === view ? "page" : undefined }, title),
      ),
      h(TokenField, {}),
    ),
    h(View, { route }),
  );
};

document.body.replaceChildren();
render(h(App, {}), document.body);
setTimeout(() => performance.mark("ready"));
