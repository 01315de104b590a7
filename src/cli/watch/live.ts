/** The part of a served page that listens to the server: reloads the page when its graph changes, and shows errors. */
import { createHash } from "node:crypto";
import type { Addition } from "../../draw/page/shell.ts";

/** Runs in the browser. `version` is the version that the page shows; everything it receives is set as text. */
const listening = (version: string): string => `(() => {
"use strict";
const said = document.createElement("pre");
said.setAttribute("role", "status");
said.id = "live";
Object.assign(said.style, {
  position: "fixed", left: "0", right: "0", bottom: "0", margin: "0", padding: "0.6rem 1rem", zIndex: "9",
  maxHeight: "40vh", overflow: "auto", whiteSpace: "pre-wrap", overflowWrap: "anywhere",
  background: "#7a1f1f", color: "#ffffff", font: "13px ui-monospace, monospace",
});
const say = (text) => {
  said.textContent = text;
  said.hidden = text === "";
};
say("");
document.body.append(said);
const source = new EventSource("/events");
source.addEventListener("plan", ({ data }) => {
  if (data === ${JSON.stringify(version)}) say("");
  else location.reload();
});
source.addEventListener("broken", ({ data }) => say(JSON.parse(data)));
source.addEventListener("error", () => say("The command that serves this page is not running; this is its last state."));
})();`;

/** The script of a page that shows `version`, and its hash. */
export const liveScript = (version: string): Addition => {
  const script = listening(version);
  return { script, hash: `sha256-${createHash("sha256").update(script).digest("base64")}` };
};
