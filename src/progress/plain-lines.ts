/** Shows runs where nothing can update in place: one line per event, for logs and pipes. */
import { visible } from "../draw/escape.ts";
import type { PipelineEvent } from "../events.ts";
import { apply } from "../fold/apply.ts";
import type { StepState } from "../fold/run-state.ts";
import { partsText, RunState } from "../fold/run-state.ts";
import { isItem, isWithinItem } from "../path.ts";
import { counted, took } from "./amounts.ts";
import { asText } from "./frame.ts";
import { said } from "./said.ts";
import { summary } from "./summary.ts";

/** The interval between progress lines of long steps, so that a log stays readable. */
const millisBetween = 10_000;
const fractionBetween = 0.1;

/** Lines for the events of runs. */
export const plainLines = (
  write: (line: string) => void,
): { readonly event: (event: PipelineEvent) => void } => {
  const runs = new Map<string, (event: PipelineEvent) => void>();
  return {
    event: (event) => {
      let tell = runs.get(event.runId);
      if (tell === undefined) runs.set(event.runId, (tell = linesOfRun((line) => write(visible(line)))));
      tell(event);
      if (/^run\.(?:succeeded|failed|interrupted)$/.test(event.type)) runs.delete(event.runId);
    },
  };
};

type EventOf<Type extends PipelineEvent["type"]> = Extract<PipelineEvent, { readonly type: Type }>;

/** The line for an event, after it has been applied to the state; undefined for events without a line. */
type Lines = {
  readonly [Type in PipelineEvent["type"]]:
    | undefined
    | ((event: EventOf<Type>, step: StepState | undefined) => ReadonlyArray<string> | undefined);
};

const since = (step: StepState | undefined, time: number): string =>
  step?.began === undefined ? "" : ` (${took(time - step.began)})`;

/** The time of the last progress line of each step, and the progress at that time. */
class Progress {
  readonly #written = new Map<string, { readonly time: number; readonly fraction: number }>();

  isDue(path: string, time: number, fraction: number): boolean {
    const last = this.#written.get(path);
    const isNews =
      last === undefined ||
      time - last.time >= millisBetween ||
      Math.abs(fraction - last.fraction) >= fractionBetween;
    if (isNews) this.#written.set(path, { time, fraction });
    return isNews;
  }

  /** A line every ten seconds with the number of map items or loop turns that have ended. */
  itemsLine(step: StepState | undefined, time: number): string | undefined {
    if (step === undefined || step.kind === "race" || isWithinItem(step.path)) return undefined;
    const done = step.itemsDone + step.itemsFailed;
    const last = this.#written.get(step.path)?.time ?? step.began ?? time;
    if (done >= (step.items ?? Infinity) || time - last < millisBetween) return undefined;
    this.#written.set(step.path, { time, fraction: 0 });
    return step.items === undefined
      ? `  ${step.path}: ${partsText(step)}`
      : `  ${step.path}: ${done.toLocaleString("en")} of ${counted(step.items, "item")}`;
  }

  end(path: string): void {
    this.#written.delete(path);
  }
}

const linesFor = (state: RunState, progress: Progress): Lines => {
  const ended = (
    { path, time }: EventOf<"step.succeeded" | "expansion.succeeded">,
    step: StepState | undefined,
  ): ReadonlyArray<string> | undefined => {
    progress.end(path);
    // Map items are counted, not listed: there may be a million.
    const news = isItem(path) ? progress.itemsLine(step?.parent, time) : undefined;
    if (isWithinItem(path)) return news === undefined ? undefined : [news];
    const parts = step === undefined ? undefined : partsText(step);
    const items = parts === undefined ? "" : `: ${parts}`;
    const emitted =
      step === undefined || step.emitted === 0
        ? ""
        : `, ${counted(step.emitted, "value")} emitted, the last: ${said(step.lastEmitted)}`;
    return [`✓ ${path}${items}${since(step, time)}${emitted}`];
  };
  const failed = (
    { path, time }: EventOf<"step.failed" | "expansion.failed">,
    step: StepState | undefined,
  ): ReadonlyArray<string> => {
    progress.end(path);
    return [`✗ ${path}${isWithinItem(path) ? "" : since(step, time)}`];
  };
  const end = (how: string, { time }: PipelineEvent): ReadonlyArray<string> => [
    `${how} ${took(time - (state.root.began ?? time))}`,
    ...summary(state, 110, false).map((line) => `  ${asText(line)}`),
  ];
  return {
    "run.started": ({ pipeline }) => [`▶ ${pipeline}`],
    "run.succeeded": (event) => end("✓ done in", event),
    "run.interrupted": (event) => end("✗ interrupted after", event),
    // The error itself is reported by the caller, once, as a sentence.
    "run.failed": (event) => end("✗ failed after", event),
    "run.compensating": ({ steps }) => [`↶ undoing ${counted(steps, "step")}`],
    "run.paused": ({ error }) => [`‖ paused: ${error.message}`],
    "run.resumed": () => ["▶ resumed"],
    "step.started": undefined,
    "step.recalled": undefined,
    "step.succeeded": ended,
    "step.failed": failed,
    "step.retried": ({ path, attempt, error, delayMillis }) => [
      `↻ ${path}: attempt ${attempt} failed (${said(error)}), the next in ${took(delayMillis)}`,
    ],
    "step.fallback": ({ path, error }) => [`↷ ${path}: its fallback is used (${said(error)})`],
    "step.skipped": ({ path }) => (isWithinItem(path) ? undefined : [`- ${path}: skipped`]),
    "step.interrupted": undefined,
    "step.leaked": ({ path }) => [`! ${path} did not stop when it was interrupted, and was abandoned`],
    "step.logged": ({ path, message }) => [`  ${path}: ${message.map(said).join(" ")}`],
    "step.progressed": ({ path, time, fraction, note }) =>
      progress.isDue(path, time, fraction)
        ? [`  ${path}: ${Math.round(fraction * 100)} %${note === undefined ? "" : ` ${note}`}`]
        : undefined,
    "step.emitted": ({ path, time, value }, step) =>
      step !== undefined && progress.isDue(path, time, 0)
        ? [`  ${path}: ${counted(step.emitted, "value")} emitted, the last: ${said(value)}`]
        : undefined,
    "step.waiting": ({ path, ask }) => [
      `… ${path} waits for a value${ask === undefined ? "" : `: ${said(ask)}`}`,
    ],
    "signal.refused": ({ path, reason }) => [`! ${path}: a value that was sent is refused: ${reason}`],
    "cache.hit": ({ path, fromRun }) => (isWithinItem(path) ? undefined : [`= ${path}: from run ${fromRun}`]),
    "cache.missed": undefined,
    "expansion.started": undefined,
    "expansion.expanded": ({ path, plan }) =>
      isWithinItem(path) || plan === undefined
        ? undefined
        : [`+ ${path}: ${plan.name}, ${counted(plan.steps.length, "step")}`],
    "expansion.succeeded": ended,
    "expansion.failed": failed,
    "compensation.started": undefined,
    "compensation.succeeded": ({ path }) => [`↶ ${path}: undone`],
    "compensation.failed": ({ error }) => [`✗ ${said(error)}`],
  };
};

const linesOfRun = (say: (line: string) => void): ((event: PipelineEvent) => void) => {
  const state = new RunState("run");
  const lines = linesFor(state, new Progress());
  return (event) => {
    const step = apply(state, event);
    // Each entry takes the events of its own type.
    const written = lines[event.type]?.(event as never, step);
    for (const line of written ?? []) say(line);
  };
};
