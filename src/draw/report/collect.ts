/**
 * What a report keeps of a run while it goes on. Values are put into words at once and not held on to: the engine drops
 * what nothing reads any more, and so does this.
 */
import type { Plan } from "../../../types/plan.ts";
import type { PipelineEvent } from "../../events.ts";
import { shortened, visible } from "../escape.ts";
import type { Became, PageAttempt, PageError, PageState, Shown } from "../page/data.ts";
import { failuresOf } from "./failures.ts";
import type { Room } from "./show.ts";
import { brief, entriesOf, show } from "./show.ts";
import { isAtOrUnder, stepOf } from "../../path.ts";

type StepEvent = Extract<PipelineEvent, { readonly path: string }>;

/** A step, or an item of a map. Times are milliseconds since 1970. */
export interface StepRecord {
  readonly path: string;
  state: PageState;
  began: number | undefined;
  ended: number | undefined;
  attempt: number;
  attemptBegan: number;
  readonly attempts: Array<PageAttempt>;
  values: ReadonlyArray<readonly [name: string, value: Shown]> | undefined;
  /** The names that it gave, as they are. */
  gave: Became["gave"] | undefined;
  error: ReadonlyArray<PageError> | undefined;
  because: string | undefined;
  from: string | undefined;
  logs: Array<readonly [time: number, text: string]> | undefined;
  /** When it had expanded, and to what. */
  expandedAt: number | undefined;
  items: number | undefined;
  became: Plan | undefined;
}

/** The values of a report may take so many characters together, and each of them this part of what is left. */
const roomForAll = 4_000_000;
const mostForOne = 4_000;
const shareOfOne = 400;
/** Of more steps than these the rest are counted. */
const mostSteps = 50_000;
const mostLogs = 20;

const oneLine = (text: string, length = 300): string => shortened(visible(shortened(text, 4_000)), length);

const logged = (message: ReadonlyArray<unknown>): string =>
  oneLine(
    message.map((part) => (typeof part === "string" ? part : brief(show(part, { left: 300 })))).join(" "),
  );

export class Collected {
  runId = "";
  plan: Plan | undefined = undefined;
  state: PageState = "running";
  began: number | undefined = undefined;
  lastTime = 0;
  error: ReadonlyArray<PageError> | undefined = undefined;
  leftOut = 0;
  readonly #records = new Map<string, StepRecord>();
  #room = roomForAll;

  /** The records, in the order in which they were first heard of. */
  get records(): ReadonlyMap<string, StepRecord> {
    return this.#records;
  }

  event(event: PipelineEvent): void {
    this.runId = event.runId;
    this.began ??= event.time;
    this.lastTime = Math.max(this.lastTime, event.time);
    switch (event.type) {
      case "run.started":
        this.began = event.time;
        this.plan = event.plan;
        return;
      case "run.succeeded":
        this.state = "done";
        return;
      case "run.failed":
        this.state = "failed";
        this.error = failuresOf(event.error);
        return;
      case "run.interrupted":
        this.state = "stopped";
        return;
      case "run.paused":
      case "run.continued":
        return;
      default: {
        const record = this.#at(event);
        if (record !== undefined) this.#stepEvent(record, event);
      }
    }
  }

  #at({ path, type }: StepEvent): StepRecord | undefined {
    const known = this.#records.get(path);
    if (known !== undefined) return known;
    // What failed is told however many there are.
    if (this.#records.size >= mostSteps && type !== "step.failed" && type !== "expansion.failed") {
      if (type === "step.succeeded" || type === "step.skipped") this.leftOut++;
      return undefined;
    }
    const record: StepRecord = {
      path,
      state: "waiting",
      began: undefined,
      ended: undefined,
      attempt: 0,
      attemptBegan: 0,
      attempts: [],
      values: undefined,
      gave: undefined,
      error: undefined,
      because: undefined,
      from: undefined,
      logs: undefined,
      expandedAt: undefined,
      items: undefined,
      became: undefined,
    };
    this.#records.set(path, record);
    return record;
  }

  #stepEvent(record: StepRecord, event: StepEvent): void {
    const { time } = event;
    switch (event.type) {
      case "step.started":
      case "expansion.started":
        // Within an expansion that is tried again, a step begins from the beginning.
        if (record.ended !== undefined) record.began = undefined;
        record.began ??= time;
        record.ended = undefined;
        record.state = "running";
        record.attempt = Math.max(record.attempt, event.attempt);
        record.attemptBegan = time;
        return;
      case "step.retried":
        this.#failedAttempt(record, event.error, time);
        return;
      case "step.succeeded":
      case "expansion.succeeded":
        record.state = record.from === undefined ? "done" : "recalled";
        record.ended = time;
        this.#gave(record, event.outputs);
        return;
      case "step.failed":
      case "expansion.failed":
        if (record.attempts.length > 0) this.#failedAttempt(record, event.error, time);
        record.state = "failed";
        record.ended = time;
        record.error = failuresOf(event.error);
        return;
      case "step.skipped":
        record.state = "skipped";
        record.because = oneLine(event.because);
        return;
      case "step.interrupted":
        record.state = "stopped";
        record.ended = time;
        return;
      case "step.leaked":
        record.state = "leaked";
        record.ended = time;
        return;
      case "step.recalled":
        record.state = "recalled";
        record.ended = time;
        record.from = "what this run had recorded before it went on";
        return;
      case "cache.hit":
        record.from = oneLine(`the cache: run ${event.fromRun}, ${event.fromPath}`);
        return;
      case "cache.missed":
      case "step.progressed":
        return;
      case "step.logged":
        record.logs ??= [];
        if (record.logs.length < mostLogs) record.logs.push([time, logged(event.message)]);
        return;
      case "expansion.expanded":
        this.#expanded(record, event);
    }
  }

  #failedAttempt(record: StepRecord, error: unknown, time: number): void {
    const [first, ...causes] = failuresOf(error);
    const text = [first!, ...causes].map(({ text }) => text).join(", caused by ");
    record.attempts.push({ began: record.attemptBegan, ended: time, error: shortened(text, 600) });
  }

  #gave(record: StepRecord, outputs: unknown): void {
    const entries = entriesOf(outputs);
    if (entries === undefined) {
      record.gave = "not looked into";
      record.values = [["outputs", show(outputs)]];
      return;
    }
    record.gave = entries.map(([name]) => oneLine(name, 80));
    record.values = entries.map(([name, value, text]) => {
      const given = Math.min(mostForOne, Math.max(0, Math.floor(this.#room / shareOfOne)));
      const room: Room = { left: given };
      const shown = text ?? show(value, room);
      this.#room -= given - room.left;
      return [oneLine(name, 80), shown];
    });
  }

  #expanded(
    record: StepRecord,
    event: Extract<PipelineEvent, { readonly type: "expansion.expanded" }>,
  ): void {
    if (record.expandedAt !== undefined) this.#forgetWithin(record);
    record.expandedAt = event.time;
    record.items = event.items;
    record.became = event.plan;
  }

  /** What is tried again has become something else: what an earlier attempt was is not drawn. */
  #forgetWithin({ path }: StepRecord): void {
    for (const inner of this.#records.keys()) {
      if (inner !== path && isAtOrUnder(inner, path)) this.#records.delete(inner);
    }
  }
}

/** The graph as it grew. */
export const grownPlan = ({ plan, records }: Collected, leaveOut: (steps: number) => void): Plan => {
  type Grown = { -readonly [Key in keyof Plan["steps"][number]]: Plan["steps"][number][Key] };
  const byPath = new Map<string, Grown>();
  let count = 0;
  const copied = (plan: Plan): Plan => {
    count += plan.steps.length;
    const steps = plan.steps.map((step): Grown => ({ ...step }));
    for (const step of steps) byPath.set(step.path, step);
    return { ...plan, steps };
  };
  const root = copied(plan ?? { name: "", inputs: [], steps: [], returns: [] });
  const attach = (step: Grown, expansion: NonNullable<Grown["expansions"]>[number]): void => {
    step.expansions = [...(step.expansions ?? []), expansion];
  };
  const expansions = new Map<Grown, Array<NonNullable<Grown["expansions"]>[number]>>();
  for (const record of records.values()) {
    const { path, became, expandedAt, items } = record;
    if (expandedAt === undefined) continue;
    const own = byPath.get(path);
    const step = own ?? byPath.get(stepOf(path));
    if (step === undefined) continue;
    if (became === undefined) {
      if (own !== undefined && items === undefined) attach(own, { path, plan: undefined });
      continue;
    }
    if (count + became.steps.length > mostSteps) {
      leaveOut(became.steps.length);
      continue;
    }
    const list = expansions.get(step);
    if (list === undefined) expansions.set(step, [{ path, plan: copied(became) }]);
    else list.push({ path, plan: copied(became) });
  }
  for (const [step, list] of expansions) step.expansions = list;
  // A map whose items gave values: so many.
  for (const { path, items } of records.values()) {
    const step = byPath.get(path);
    if (step === undefined || items === undefined || step.expansions !== undefined) continue;
    const item = { path, plan: undefined };
    step.expansions = Array.from({ length: items }, () => item);
  }
  return root;
};
