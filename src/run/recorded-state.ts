/**
 * The state of a recorded run. Its records are turned back into events and folded like those of a live run. So `show`, `why`
 * and the page see the latest state, regardless of earlier retries, resumptions or drops.
 */
import type { Plan } from "../../types/plan.ts";
import type { PipelineEvent } from "../events.ts";
import { apply } from "../fold/apply.ts";
import { canExpand } from "../graph/kinds.ts";
import type { StepState } from "../fold/run-state.ts";
import { hasItems, RunState } from "../fold/run-state.ts";
import type { Entry, WaitText } from "../journal/records.ts";
import { attemptBegan } from "../journal/kept-events.ts";
import { Kind, outcomesOf } from "../journal/records.ts";
import { readError } from "../journal/failure-text.ts";
import { itemCount, readShape } from "../journal/shape.ts";
import type { RunDetails, StoredEvent } from "../journal/store.ts";
import { child, isItem, item, lastOf, parentOf } from "../path.ts";
import { decodeShown } from "../values/encode.ts";

export interface RecordedState {
  readonly state: RunState;
  /** For each path, its failures that a later event replaced, oldest first. */
  readonly earlier: ReadonlyMap<string, ReadonlyArray<StoredEvent>>;
  /** All the events: folding them leads to the same state. */
  readonly events: ReadonlyArray<PipelineEvent>;
}

const planOf = (text: string, path: string): Plan => {
  const { name, inputs, steps } = readShape(text);
  return {
    name,
    inputs: inputs.map((name) => ({ name })),
    returns: [],
    steps: steps.map(([step, kind, reads, outputs]) => ({
      path: child(path, step),
      name: step,
      kind: kind as Plan["steps"][number]["kind"],
      inputs: reads.map(([name, from]) => ({ name, from: from === "" ? "" : child(path, from) })),
      outputs,
    })),
  };
};

type Told = PipelineEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, "runId">
    : never
  : never;

/** A step's outputs by name. `names`: the outputs that it declares; undefined for an item, or if they are not known. */
const outputsOf = (
  path: string,
  text: string,
  names: ReadonlyArray<string> | "all" | undefined,
): Readonly<Record<string, unknown>> => {
  try {
    const value = decodeShown(text);
    const isRecord = names === "all" || (names !== undefined && names.length > 1);
    return isRecord ? (value as Readonly<Record<string, unknown>>) : { [names?.[0] ?? lastOf(path)]: value };
  } catch {
    return {};
  }
};

/** A step's error; its text, if the error cannot be read. */
const errorOf = (text: string): unknown => {
  try {
    return readError(text);
  } catch {
    return text;
  }
};

/** Reads the outputs of a path from their recorded text. */
type ReadOutputs = (path: string, text: string) => Readonly<Record<string, unknown>>;

/** The events of a record. */
const ofEntry = (
  { kind, path, text, began, ended, attempt }: Entry,
  outputs: ReadOutputs,
): ReadonlyArray<Told> => {
  switch (kind) {
    case Kind.outcome:
    case Kind.asIs:
      return [
        { type: "step.started", path, attempt, time: began },
        { type: "step.succeeded", path, attempt, time: ended, outputs: outputs(path, text) },
      ];
    case Kind.failure:
      return [
        { type: "step.started", path, attempt, time: began },
        { type: "step.failed", path, attempt, time: ended, error: errorOf(text) },
      ];
    case Kind.expansion: {
      const items = itemCount(text);
      return [
        { type: "expansion.started", path, attempt: Math.max(1, attempt), time: began },
        items === undefined
          ? { type: "expansion.expanded", path, attempt, time: ended, plan: planOf(text, path) }
          : { type: "expansion.expanded", path, attempt, time: ended, plan: undefined, items },
      ];
    }
    case Kind.deadline:
      return [{ type: "step.started", path, attempt: Math.max(1, attempt), time: began }];
    case Kind.firstState:
      return [
        { type: "expansion.started", path, attempt, time: began },
        { type: "expansion.expanded", path, attempt, time: ended, plan: undefined },
      ];
    case Kind.chosen:
      return [{ type: "expansion.succeeded", path, attempt, time: ended, outputs: {} }];
    case Kind.waiting: {
      const { ask } = JSON.parse(text) as WaitText;
      return [
        { type: "step.started", path, attempt: Math.max(1, attempt), time: began },
        { type: "step.waiting", path, attempt: Math.max(1, attempt), time: began, ask },
      ];
    }
    case Kind.compensating:
      return [{ type: "run.compensating", steps: 0, time: began }];
    case Kind.undone:
      return [
        { type: "compensation.started", path, attempt, time: began },
        text === ""
          ? { type: "compensation.succeeded", path, attempt, time: ended }
          : { type: "compensation.failed", path, attempt, time: ended, error: readError(text) },
      ];
    case Kind.signal:
    case Kind.dropped:
    case Kind.reopened:
    case Kind.compensated:
      return [];
  }
};

/** The end of the contender that won a race: only its key is recorded. */
const ofWinner = (
  { kind, path, text, began, ended, attempt }: Entry,
  state: RunState,
): ReadonlyArray<Told> => {
  if (kind !== Kind.chosen || state.step(path)?.kind !== "race") return [];
  const winner = item(path, (JSON.parse(text) as ReadonlyArray<string>)[0]!);
  const isGraph = state.step(winner)?.hasGrown === true;
  return [
    ...(isGraph ? [] : [{ type: "step.started", path: winner, attempt, time: began } as const]),
    {
      type: isGraph ? "expansion.succeeded" : "step.succeeded",
      path: winner,
      attempt,
      time: ended,
      outputs: {},
    },
  ];
};

const ofEvent = (
  { type, path, time, detail }: StoredEvent,
  step: StepState | undefined,
): ReadonlyArray<Told> => {
  const attempt = Math.max(1, step?.attempt ?? 0);
  // An outcome recorded in the same millisecond came after this attempt.
  const isBefore = step?.status === "done" && step.ended === time;
  if (isBefore && (type === attemptBegan || type === "step.retried")) return [];
  switch (type) {
    case attemptBegan: {
      const expands =
        step !== undefined && step.kind !== "run" && step.kind !== "item" && canExpand(step.kind);
      const type = expands ? "expansion.started" : "step.started";
      return [{ type, path, attempt: Number(detail), time }];
    }
    case "step.retried":
      return [{ type, path, attempt, time, error: detail, delayMillis: 0 }];
    case "step.failed":
    case "expansion.failed":
      return [{ type, path, attempt, time, error: detail }];
    case "step.leaked":
      return [{ type, path, attempt: 1, time }];
    case "step.logged":
      return [{ type, path, attempt: 1, time, message: [detail] }];
    case "signal.refused":
      return [{ type, path, attempt: 1, time, reason: detail }];
    case "cache.hit":
      return [{ type, path, attempt: 0, time, fromRun: "", fromPath: "" }];
    default:
      return [];
  }
};

/** The run's last event, according to the store. A crashed run counts as interrupted; a run that is under way has no last event. */
const ofEnd = (run: RunDetails, last: number): ReadonlyArray<Told> => {
  const { status, error } = run;
  const time = run.ended ?? last;
  switch (status) {
    case "succeeded":
      return [{ type: "run.succeeded", time }];
    case "failed":
      return [{ type: "run.failed", time, error }];
    case "interrupted":
    case "crashed":
      return [{ type: "run.interrupted", time }];
    case "running":
    case "submitted":
      return [];
  }
};

/** If something happens inside a step that had ended, that step is under way again. */
const reopen = (state: RunState, path: string): void => {
  for (let at = parentOf(path); at !== ""; at = parentOf(at)) {
    const step = state.step(at);
    if (step !== undefined && step.ended !== undefined) state.activate(step, "running");
  }
};

/** Steps under way inside a step that fails are interrupted, innermost first: only the failure is recorded. */
const interruptedBy = (state: RunState, told: ReadonlyArray<Told>): ReadonlyArray<Told> =>
  told.flatMap((event) => {
    if (event.type !== "expansion.failed") return [];
    const inside = [...(state.step(event.path)?.active ?? [])];
    // The list grows while the loop walks it.
    for (let next = 0; next < inside.length; next++) inside.push(...inside[next]!.active);
    return inside
      .toReversed()
      .map(({ path, attempt }): Told => ({ type: "step.interrupted", path, attempt, time: event.time }));
  });

/** If a step has a recorded value although its graph did not finish, the value is from a later attempt or from its fallback. */
const isOfLaterAttempt = (step: StepState | undefined, told: ReadonlyArray<Told>): boolean =>
  step?.plan !== undefined &&
  told.some(({ type }) => type === "step.succeeded") &&
  step.children.some(({ status }) => status !== "done");

/** The paths read by steps that have begun. Those paths have ended, even if not all of their inner steps are kept. */
const readPaths = (state: RunState): ReadonlySet<string> => {
  const paths = new Set<string>();
  for (const { began, kind, reads } of state.all)
    if (began !== undefined && kind !== "finally") for (const path of reads) paths.add(path);
  return paths;
};

/** The end of an expansion is not recorded: it has succeeded once everything inside it has. */
const endExpansions = (state: RunState, isOver: boolean, tell: (told: Told) => void): void => {
  const inside = [state.root];
  const read = state.leftOut === 0 ? undefined : readPaths(state);
  // The list grows while the loop walks it. Expansions then end from the innermost outwards.
  for (let next = 0; next < inside.length; next++) inside.push(...inside[next]!.children);
  for (const step of inside.toReversed()) {
    if (step === state.root || !step.hasGrown || !step.isActive) continue;
    const isWhole =
      step.isLeftOut || step.children.length < (step.items ?? 0)
        ? step.itemsLeftOut + step.children.length >= (step.items ?? Infinity) ||
          read?.has(step.path) === true
        : true;
    const isDone = step.children.every(
      ({ status, kind }) =>
        status === "done" ||
        status === "skipped" ||
        (status === "failed" && (kind === "item" || kind === "finally")),
    );
    if (!isOver && !(isWhole && isDone)) continue;
    const time = step.children.reduce((last, { ended = 0 }) => Math.max(last, ended), step.expandedAt ?? 0);
    tell({ type: "expansion.succeeded", path: step.path, attempt: step.attempt, time, outputs: {} });
  }
};

const isFailure = ({ type }: StoredEvent): boolean => type === "step.failed" || type === "expansion.failed";

/** The failures that a later event replaced: a success, another attempt, or a resumption of the run. */
const earlierOf = (run: RunDetails, state: RunState): Map<string, Array<StoredEvent>> => {
  const earlier = new Map<string, Array<StoredEvent>>();
  for (const event of run.events) {
    if (!isFailure(event)) continue;
    const step = state.step(event.path);
    if (step?.status === "failed" && step.ended === event.time) continue;
    const list = earlier.get(event.path);
    if (list === undefined) earlier.set(event.path, [event]);
    else list.push(event);
  }
  return earlier;
};

/** In a run that has succeeded, steps that never started were skipped by a condition; `finally` steps are not recorded. */
const skipRest = (state: RunState, time: number): void => {
  for (const step of state.all) {
    if (step.status === "pending" && step.kind !== "finally") state.end(step, "skipped", time);
  }
};

/** Marks steps whose recorded value came from a fallback: one that was used between the value's beginning and end. */
const markFallbacks = (run: RunDetails, state: RunState): void => {
  const used = run.events.filter(({ type }) => type === "step.fallback");
  if (used.length === 0) return;
  const outcomes = outcomesOf(run.entries);
  for (const { path, time, detail } of used) {
    const outcome = outcomes.get(path);
    const step = outcome === undefined ? undefined : state.step(path);
    if (step === undefined || time < outcome!.began || time > outcome!.ended) continue;
    step.fellBackFor = { error: detail };
  }
};

/** Receives the events of a record: `tell` folds each into `state` and returns the step that the event is about. */
export interface RecordReader {
  readonly state: RunState;
  readonly tell: (event: PipelineEvent) => StepState | undefined;
}

const timeOf = (happened: Entry | StoredEvent): number =>
  "kind" in happened ? happened.ended : happened.time;

/** Does the path belong to an attempt that was given up? Its graph is gone, and so are those of the steps inside it. */
const isGivenUp = (state: RunState, path: string): boolean => {
  const own = isItem(path) ? parentOf(path) : path;
  if (own === "" || state.step(own) !== undefined) return false;
  let at = parentOf(own);
  while (at !== "" && state.step(at) === undefined) at = parentOf(at);
  const around = state.step(at);
  // Its graph may also be missing because there are too many steps to keep.
  return around === undefined || !(around.isLeftOut || (state.isFull && hasItems(around)));
};

/**
 * Counts a record of a step that the state does not keep, without reading its value. Returns false for any other record. A
 * failure is always kept, and so is a step that waits for a value.
 */
const isCounted = (
  state: RunState,
  happened: Entry | StoredEvent,
  hasOutcome: (path: string) => boolean,
): boolean => {
  const { path } = happened;
  if (!state.isFull || path === "" || state.step(path) !== undefined) return false;
  if (!("kind" in happened)) return happened.type !== "step.failed" && happened.type !== "expansion.failed";
  if (happened.kind === Kind.failure) return false;
  if (happened.kind === Kind.waiting && !hasOutcome(path)) return false;
  if (happened.kind === Kind.outcome || happened.kind === Kind.asIs) state.leaveOut(path);
  return true;
};

/** Is this attempt of the step under way? */
const isAttemptOf = (step: StepState | undefined, attempt: number): boolean =>
  step?.isActive === true && step.attempt === attempt;

/** Folds the record of a run, event by event. */
export const foldRecord = (run: RunDetails, { state, tell: tellWhole }: RecordReader): void => {
  const declared = new Map<string, ReadonlyArray<string> | "all">();
  const tell = (told: Told): StepState | undefined => {
    const event: PipelineEvent = { ...told, runId: run.id };
    if ("plan" in event) for (const { path, outputs } of event.plan?.steps ?? []) declared.set(path, outputs);
    return tellWhole(event);
  };
  const outputs: ReadOutputs = (path, text) => outputsOf(path, text, declared.get(path));
  tell({ type: "run.started", time: run.began, pipeline: run.pipeline, plan: planOf(run.shape, "") });
  let outcomes: ReadonlyMap<string, Entry> | undefined;
  const hasOutcome = (path: string): boolean => (outcomes ??= outcomesOf(run.entries)).has(path);
  const all = [...run.entries, ...run.events].sort((a, b) => timeOf(a) - timeOf(b));
  for (const happened of all) {
    const { path } = happened;
    if (isCounted(state, happened, hasOutcome)) continue;
    const told =
      "kind" in happened
        ? [...ofWinner(happened, state), ...ofEntry(happened, outputs)]
        : ofEvent(happened, state.step(path));
    if (told.length === 0 || isGivenUp(state, path)) continue;
    if (told.some(({ type }) => type !== "signal.refused")) reopen(state, path);
    const step = state.step(path);
    if (isOfLaterAttempt(step, told)) {
      const { attempt, attemptBegan: time = state.time } = step!;
      tell({ type: "expansion.expanded", path, attempt, time, plan: undefined });
    }
    // The start of an attempt that failed, or followed another, is kept separately from the records.
    for (const each of [...interruptedBy(state, told), ...told])
      if (!(each.type === "step.started" && isAttemptOf(step, each.attempt) && "kind" in happened))
        tell(each);
  }
  const isOver = run.status === "succeeded";
  if (isOver) skipRest(state, run.ended ?? state.time);
  endExpansions(state, isOver, tell);
  markFallbacks(run, state);
  ofEnd(run, state.time).forEach(tell);
};

export const recordedState = (run: RunDetails): RecordedState => {
  const state = new RunState(run.pipeline, undefined, { keepsItems: true, mostSteps: Infinity });
  const events: Array<PipelineEvent> = [];
  const tell = (event: PipelineEvent): StepState | undefined => {
    events.push(event);
    return apply(state, event);
  };
  foldRecord(run, { state, tell });
  return { state, earlier: earlierOf(run, state), events };
};
