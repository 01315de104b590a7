/** A terminal without a window: receives a program's output and returns the text that a person would see. */
import xterm from "@xterm/headless";
import type { ProgressOutput } from "../../src/progress/terminal.ts";

export interface Screen {
  readonly output: ProgressOutput & { readonly isTTY: true; columns: number; rows: number };
  readonly chunks: Array<string>;
  /** Every line, starting with those that have scrolled away. */
  readonly lines: () => Promise<ReadonlyArray<string>>;
  /** The visible lines. */
  readonly seen: () => Promise<ReadonlyArray<string>>;
  readonly resize: (columns: number, rows: number) => void;
}

export const screen = (columns: number, rows: number): Screen => {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    allowProposedApi: true,
    scrollback: 10_000,
    convertEol: true,
  });
  const chunks: Array<string> = [];
  const output = {
    isTTY: true as const,
    columns,
    rows,
    write: (chunk: string) => {
      chunks.push(chunk);
      terminal.write(chunk);
      return true;
    },
  };
  const settled = () => new Promise<void>((done) => terminal.write("", done));
  const read = (from: number): ReadonlyArray<string> => {
    const { active } = terminal.buffer;
    const lines: Array<string> = [];
    for (let y = from; y < active.length; y++) lines.push(active.getLine(y)!.translateToString(true));
    while (lines.at(-1) === "") lines.pop();
    return lines;
  };
  return {
    output,
    chunks,
    lines: async () => {
      await settled();
      return read(0);
    },
    seen: async () => {
      await settled();
      return read(terminal.buffer.active.baseY);
    },
    resize: (columns, rows) => {
      output.columns = columns;
      output.rows = rows;
      terminal.resize(columns, rows);
    },
  };
};
