/**
 * Shows runs at the bottom of a terminal, as trees that update in place.
 *
 * To avoid flicker, each frame is one write, each line is overwritten rather than erased, and terminals that support
 * synchronised updates use one. Other output of the program goes above the trees, untruncated.
 */
import type { Plan } from "../../types/plan.ts";
import { cells } from "../draw/cells.ts";
import { visible } from "../draw/escape.ts";
import type { PipelineEvent } from "../events.ts";
import { apply } from "../fold/apply.ts";
import { RunState } from "../fold/run-state.ts";
import { written } from "./colours.ts";
import type { Line } from "./frame.ts";
import { asText, frame, spinnerMillis } from "./frame.ts";
import { said } from "./said.ts";
import { summary } from "./summary.ts";

/**
 * The output on which runs are shown: the members of a Node stream that are used. `process.stderr` is one.
 *
 * @public
 */
export interface ProgressOutput {
  /** Is it a terminal, where written text can be overwritten? */
  readonly isTTY?: boolean | undefined;
  /** The width of a line, in characters. */
  readonly columns?: number | undefined;
  /** The height of the screen, in lines. */
  readonly rows?: number | undefined;
  /** Writes text. */
  write: (chunk: string) => unknown;
}

export interface View {
  readonly event: (event: PipelineEvent) => void;
  readonly close: () => void;
}

interface ViewOptions {
  readonly hasColours: boolean;
  /** Does the tree end with the reason for the run's failure? */
  readonly tellsFailure: boolean;
  /** The graph of the run, if it is known before the run starts. */
  readonly plan: Plan | undefined;
}

/** Makes the terminal show the text in one update; terminals without support ignore the codes. */
const together = (text: string): string => `\u001b[?2026h${text}\u001b[?2026l`;

class Screen {
  readonly #output: ProgressOutput;
  readonly #others: ReadonlyArray<ProgressOutput>;
  readonly #options: ViewOptions;
  readonly #write: (text: string) => void;
  readonly #restore: Array<() => void> = [];
  readonly #runs = new Map<string, RunState>();
  /** The lines that are on the screen. */
  #shown: ReadonlyArray<Line> = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  /** Another writer's last line has not ended. */
  #isMidLine = false;
  /** The time of the latest event, and the local time at which it arrived: a run's clock need not be this machine's. */
  #time = 0;
  #timeAt = 0;
  #dirty = false;

  constructor(output: ProgressOutput, others: ReadonlyArray<ProgressOutput>, options: ViewOptions) {
    this.#output = output;
    this.#others = others;
    this.#options = options;
    const write = output.write;
    this.#write = (text) => void write.call(output, text);
  }

  event(event: PipelineEvent): void {
    this.#time = event.time;
    this.#timeAt = performance.now();
    let run = this.#runs.get(event.runId);
    if (run === undefined) {
      run = new RunState(event.type === "run.started" ? event.pipeline : "run", this.#options.plan);
      this.#runs.set(event.runId, run);
      this.#start();
    }
    apply(run, event);
    this.#dirty = true;
    if (event.type === "step.logged") {
      this.#above([
        [
          { role: "faint", text: `${visible(event.path)}: ` },
          { role: "plain", text: visible(event.message.map(said).join(" ")) },
        ],
      ]);
    } else if (event.type === "step.leaked") {
      this.#above([
        [
          {
            role: "bad",
            text: `! ${visible(event.path)} did not stop when it was interrupted, and was abandoned`,
          },
        ],
      ]);
    } else if (
      event.type === "run.succeeded" ||
      event.type === "run.failed" ||
      event.type === "run.interrupted"
    ) {
      this.#finish(event.runId, run);
    }
  }

  /** Keeps the text on the screen, and restores everything else. */
  close(): void {
    if (this.#timer === undefined) return;
    for (const [id, run] of this.#runs) this.#finish(id, run);
    this.#stop();
  }

  get #size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#output.columns || 80, rows: this.#output.rows || 24 };
  }

  get #now(): number {
    return this.#time + (performance.now() - this.#timeAt);
  }

  #start(): void {
    if (this.#timer !== undefined) return;
    // `unref` where it exists: redrawing must not keep a program alive.
    const timer: unknown = (this.#timer = setInterval(() => this.#draw(), spinnerMillis));
    if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as { unref(): void }).unref();
    this.#write("\u001b[?25l");
    for (const other of new Set([this.#output, ...this.#others])) this.#watch(other);
    // The cursor is restored however the process ends.
    const { process } = globalThis as { process?: { on?: unknown; once?: Function; off?: Function } };
    if (typeof process?.once === "function") {
      const show = (): void => this.#write("\u001b[?25h");
      process.once("exit", show);
      this.#restore.push(() => process.off?.("exit", show));
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const restore of this.#restore.splice(0)) restore();
    this.#write("\u001b[?25h");
  }

  /** Text that others write to the same terminal goes above the trees. */
  #watch(other: ProgressOutput): void {
    const isOwn = Object.hasOwn(other, "write");
    const { write } = other;
    const before = (chunk: unknown): void => {
      const text =
        typeof chunk === "string"
          ? chunk
          : chunk instanceof Uint8Array
            ? new TextDecoder().decode(chunk)
            : "";
      if (text === "") return;
      this.#erase();
      this.#isMidLine = !text.endsWith("\n");
      this.#dirty = true;
    };
    other.write = (...args: Array<unknown>): unknown => {
      before(args[0]);
      return (write as (...args: Array<unknown>) => unknown).apply(other, args);
    };
    const mine = other.write;
    this.#restore.push(() => {
      if (other.write !== mine) return; // Other code has wrapped the writer.
      if (isOwn) other.write = write;
      else delete (other as { write?: unknown }).write;
    });
  }

  /** The number of terminal rows that the frame takes: more than its lines, once the terminal has become narrower. */
  get #rowsShown(): number {
    const { columns } = this.#size;
    return this.#shown.reduce(
      (rows, line) => rows + Math.max(1, Math.ceil(cells(asText(line)) / columns)),
      0,
    );
  }

  get #up(): string {
    const rows = this.#rowsShown;
    return rows === 0 ? "" : `\u001b[${rows}A\r`;
  }

  #erase(): void {
    if (this.#shown.length > 0) this.#write(`${this.#up}\u001b[J`);
    this.#shown = [];
  }

  #above(lines: ReadonlyArray<Line>): void {
    const text = lines.map((line) => `${written(line, this.#options.hasColours)}\u001b[K\n`).join("");
    const before = this.#begin();
    const { drawn, picture } = this.#picture();
    this.#write(together(`${before}${text}${picture}\u001b[J`));
    this.#shown = drawn;
  }

  #begin(): string {
    const newLine = this.#isMidLine && this.#shown.length === 0 ? "\n" : "";
    this.#isMidLine = false;
    return newLine + this.#up;
  }

  #picture(): { readonly drawn: ReadonlyArray<Line>; readonly picture: string } {
    const { columns, rows } = this.#size;
    const runs = [...this.#runs.values()];
    const most = Math.max(1, rows - 1);
    const drawn = runs
      .flatMap((run) => frame(run, { columns, rows: Math.max(1, Math.floor(most / runs.length)) }, this.#now))
      .slice(0, most);
    const picture = drawn.map((line) => `${written(line, this.#options.hasColours)}\u001b[K\n`).join("");
    return { drawn, picture };
  }

  #draw(): void {
    const isSpinning = [...this.#runs.values()].some(({ root }) => root.isActive);
    if (!this.#dirty && !isSpinning) return;
    this.#dirty = false;
    this.#above([]);
  }

  /** The last frame of a run, which stays, and the summary of the run. */
  #finish(id: string, run: RunState): void {
    this.#runs.delete(id);
    const { columns, rows } = this.#size;
    const lines = frame(run, { columns, rows: Math.max(rows - 8, 10) }, this.#now);
    this.#above([...lines, ...summary(run, columns, this.#options.tellsFailure)]);
    if (this.#runs.size === 0) this.#stop();
  }
}

/** Shows every run whose events it receives on a terminal. */
export const terminalView = (
  output: ProgressOutput,
  others: ReadonlyArray<ProgressOutput>,
  options: ViewOptions,
): View => {
  const screen = new Screen(output, others, options);
  return { event: (event) => screen.event(event), close: () => screen.close() };
};
