/**
 * The data that a report keeps about an active run: the state that its events fold to, and descriptions of what
 * happened to each step. Values are described at once and not retained: the engine drops values that nothing reads any
 * more, and so does this.
 */
import { describeWithCauses } from "../../values/causes.ts";
import type { PipelineEvent } from "../../events.ts";
import { apply } from "../../fold/apply.ts";
import type { StepState } from "../../fold/run-state.ts";
import { RunState } from "../../fold/run-state.ts";
import { shortened, visible } from "../escape.ts";
import type { Became, PageAttempt, PageError, Shown } from "../page/data.ts";
import { errorChain } from "./error-chain.ts";
import type { Room } from "./shown-value.ts";
import { brief, entriesOf, show } from "./shown-value.ts";

type EventOf<Type extends PipelineEvent["type"]> = Extract<PipelineEvent, { readonly type: Type }>;

/** The details of a step, or of an item of a map, in addition to its state. */
export interface StepDetails {
  /** The attempts that failed and were followed by another. */
  readonly attempts: Array<PageAttempt>;
  values: ReadonlyArray<readonly [name: string, value: Shown]> | undefined;
  /** The names of its outputs, as they are. */
  gave: Became["gave"] | undefined;
  error: ReadonlyArray<PageError> | undefined;
  /** The origin of its output, if it did not run. */
  from: string | undefined;
  logs: Array<readonly [time: number, text: string]> | undefined;
}

/** The number of characters for all values of a report; each value may use this fraction of the remaining ones. */
const roomForAll = 4_000_000;
const mostForOne = 4_000;
const shareOfOne = 400;
/** The report of a run only counts the steps beyond this number. */
const mostInReport = 50_000;
const mostLogs = 20;

const oneLine = (text: string, length = 300): string => shortened(visible(shortened(text, 4_000)), length);

const logged = (message: ReadonlyArray<unknown>): string =>
  oneLine(
    message.map((part) => (typeof part === "string" ? part : brief(show(part, { left: 300 })))).join(" "),
  );

/** What each event about a step adds to its details; undefined for those that change its state only. */
type Handlers = {
  readonly [Type in Extract<PipelineEvent, { readonly path: string }>["type"]]:
    | undefined
    | ((report: ReportState, step: StepState, details: StepDetails, event: EventOf<Type>) => void);
};

const gave = (
  report: ReportState,
  _step: StepState,
  details: StepDetails,
  { outputs }: EventOf<"step.succeeded" | "expansion.succeeded">,
): void => report.gave(details, outputs);

const failedAttempt = (details: StepDetails, step: StepState, error: unknown, time: number): void => {
  const text = errorChain(error)
    .map(({ text }) => text)
    .join(", caused by ");
  const began = step.attemptBegan ?? time;
  details.attempts.push({ began, ended: time, error: shortened(text, 600) });
};

const failed = (
  _report: ReportState,
  step: StepState,
  details: StepDetails,
  { error, time }: EventOf<"step.failed" | "expansion.failed">,
): void => {
  if (details.attempts.length > 0) failedAttempt(details, step, error, time);
  details.error = errorChain(error);
};

const handlers: Handlers = {
  "step.started": undefined,
  "step.retried": (_report, step, details, { error, time }) => failedAttempt(details, step, error, time),
  "step.fallback": (_report, step, details, { error, time }) => {
    failedAttempt(details, step, error, time);
    details.from = "its fallback, since all attempts failed";
  },
  "step.succeeded": gave,
  "step.failed": failed,
  "step.skipped": undefined,
  "step.interrupted": undefined,
  "step.leaked": undefined,
  "step.progressed": undefined,
  "step.emitted": undefined,
  "step.recalled": (_report, _step, details) => {
    details.from = "the records of this run from before it was resumed";
  },
  "step.waiting": undefined,
  "signal.refused": (_report, _step, details, { reason, time }) => {
    details.logs ??= [];
    const line = `a value that was sent is refused: ${reason}`;
    if (details.logs.length < mostLogs) details.logs.push([time, logged([line])]);
  },
  "step.logged": (_report, _step, details, { message, time }) => {
    details.logs ??= [];
    if (details.logs.length < mostLogs) details.logs.push([time, logged(message)]);
  },
  "cache.hit": (_report, _step, details, { fromRun, fromPath }) => {
    details.from = oneLine(`the cache: run ${fromRun}, ${fromPath}`);
  },
  "cache.missed": undefined,
  "expansion.started": undefined,
  "expansion.expanded": undefined,
  "expansion.succeeded": gave,
  "expansion.failed": failed,
  "compensation.started": undefined,
  "compensation.succeeded": (_report, _step, details, { time }) => {
    (details.logs ??= []).push([time, "undone by its compensation"]);
  },
  "compensation.failed": (_report, _step, details, { error, time }) => {
    (details.logs ??= []).push([time, logged([`not undone: ${describeWithCauses(error)}`])]);
  },
};

const isOfStep = (event: PipelineEvent): event is Extract<PipelineEvent, { readonly path: string }> =>
  event.type in handlers;

export class ReportState {
  readonly run: RunState;
  began: number | undefined = undefined;
  error: ReadonlyArray<PageError> | undefined = undefined;
  // Released with its step, when another attempt of its parent has begun.
  readonly #details = new WeakMap<StepState, StepDetails>();
  #room = roomForAll;

  constructor(mostSteps: number = mostInReport) {
    this.run = new RunState("", undefined, { keepsItems: true, mostSteps });
  }

  detailsOf(step: StepState): StepDetails | undefined {
    return this.#details.get(step);
  }

  event(event: PipelineEvent): StepState | undefined {
    this.began ??= event.time;
    const step = apply(this.run, event);
    if (event.type === "run.started") this.began = event.time;
    else if (event.type === "run.failed") this.error = errorChain(event.error, true);
    if (step === undefined || !isOfStep(event)) return step;
    const handler = handlers[event.type];
    if (handler === undefined) return step;
    let details = this.#details.get(step);
    if (details === undefined) {
      details = {
        attempts: [],
        values: undefined,
        gave: undefined,
        error: undefined,
        from: undefined,
        logs: undefined,
      };
      this.#details.set(step, details);
    }
    handler(this, step, details, event as never);
    return step;
  }

  gave(details: StepDetails, outputs: unknown): void {
    const entries = entriesOf(outputs);
    if (entries === undefined) {
      details.gave = "not looked into";
      details.values = [["outputs", show(outputs)]];
      return;
    }
    details.gave = entries.map(([name]) => oneLine(name, 80));
    details.values = entries.map(([name, value, text]) => {
      const given = Math.min(mostForOne, Math.max(0, Math.floor(this.#room / shareOfOne)));
      const room: Room = { left: given };
      const shown = text ?? show(value, room);
      this.#room -= given - room.left;
      return [oneLine(name, 80), shown];
    });
  }
}
