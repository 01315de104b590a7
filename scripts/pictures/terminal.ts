/** The terminal's view of a run at one moment, as SVG: the real view writes to a real terminal that has no window. */
import xterm from "@xterm/headless";
import type { PipelineEvent } from "espalier";
import { html } from "../../src/draw/escape.ts";
import { openView } from "../../src/progress/open.ts";

type Terminal = InstanceType<typeof xterm.Terminal>;

/** Calls `body` with a clock that only `body` moves: the view reads it and ticks by it. */
const withoutTime = (body: (go: (millis: number) => void) => void): void => {
  const { setInterval, performance } = globalThis;
  let now = 0;
  let tick = (): void => {};
  const patch = (more: object): void => void Object.assign(globalThis, more);
  patch({ setInterval: (call: () => void) => ((tick = call), 0) });
  Object.defineProperty(globalThis, "performance", { configurable: true, value: { now: () => now } });
  try {
    body((millis) => {
      now += millis;
      tick();
    });
  } finally {
    patch({ setInterval });
    Object.defineProperty(globalThis, "performance", { configurable: true, value: performance });
  }
};

const cell = { width: 7.85, height: 17 } as const;
const padding = 14;

/** Dark, as terminals are, regardless of the reader's page. */
const colours: Readonly<Record<number, string>> = { 1: "#f07178", 2: "#8bd17c", 6: "#6cc7d8" };

const style = `.t{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;fill:#dfe4ec}
.bold{font-weight:bold;fill:#fff}.dim{fill:#8b94a5}
${Object.entries(colours)
  .map(([colour, fill]) => `.c${colour}{fill:${fill}}`)
  .join("")}`;

const classOf = (terminal: Terminal, x: number, y: number): string => {
  const at = terminal.buffer.active.getLine(y)!.getCell(x)!;
  if (at.isFgPalette()) return `c${at.getFgColor()}`;
  return at.isBold() ? "bold" : at.isDim() ? "dim" : "";
};

/** The characters of a line that look alike, in one text each; as wide as their cells, whatever the font. */
const lineOf = (terminal: Terminal, y: number, top: number): string => {
  const line = terminal.buffer.active.getLine(y)!;
  const end = line.translateToString(true).length;
  let text = "";
  for (let from = 0; from < end; ) {
    const kind = classOf(terminal, from, y);
    let to = from;
    let said = "";
    while (to < end && classOf(terminal, to, y) === kind) said += line.getCell(to++)!.getChars() || " ";
    const shown = said.trimEnd();
    const wide = shown.length * cell.width;
    if (shown !== "") {
      text += `<text class="${`t ${kind}`.trim()}" x="${(padding + from * cell.width).toFixed(1)}" y="${top}" textLength="${wide.toFixed(1)}">${html(shown)}</text>`;
    }
    from = to;
  }
  return text;
};

const drawn = (terminal: Terminal, columns: number): string => {
  const { active } = terminal.buffer;
  let lines = active.length;
  while (lines > 0 && active.getLine(lines - 1)!.translateToString(true) === "") lines--;
  const first = active.baseY;
  const width = Math.ceil(columns * cell.width + 2 * padding);
  const height = Math.ceil((lines - first) * cell.height + 2 * padding);
  const rows = Array.from({ length: lines - first }, (_, i) =>
    lineOf(terminal, first + i, padding + 13 + i * cell.height),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<style>${style}</style>`,
    `<rect width="100%" height="100%" rx="8" fill="#161b24"/>`,
    ...rows.filter((row) => row !== ""),
    "</svg>",
    "",
  ].join("\n");
};

/** The terminal `millis` after the run began; at the run's end if `millis` is not given. */
export const terminalAt = async (
  events: ReadonlyArray<PipelineEvent>,
  columns: number,
  rows: number,
  millis = Infinity,
): Promise<string> => {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, convertEol: true });
  const began = events[0]!.time;
  withoutTime((go) => {
    const output = { isTTY: true, columns, rows, write: (chunk: string) => terminal.write(chunk) };
    const view = openView({ output, style: "tree", colors: true });
    const past = events.filter(({ time }) => time - began <= millis);
    for (const event of past) view.event(event);
    if (millis !== Infinity) go(began + millis - past.at(-1)!.time);
  });
  await new Promise<void>((done) => terminal.write("", done));
  return drawn(terminal, columns);
};
