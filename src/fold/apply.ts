/** The single fold of a run's events: it applies each event to the state of the run. Every view reads that state. */
import type { PipelineEvent } from "../events.ts";
import { stepKinds } from "../graph/kinds.ts";
import type { RunState, StepState } from "./run-state.ts";
import { hasItems } from "./run-state.ts";

type EventOf<Type extends PipelineEvent["type"]> = Extract<PipelineEvent, { readonly type: Type }>;
type RunEventType = Exclude<PipelineEvent, { readonly path: string }>["type"];
type StepEventType = Extract<PipelineEvent, { readonly path: string }>["type"];

type RunHandlers = { readonly [Type in RunEventType]: (state: RunState, event: EventOf<Type>) => void };
type StepHandlers = {
  readonly [Type in StepEventType]: (state: RunState, step: StepState, event: EventOf<Type>) => void;
};

const ended = (state: RunState, status: StepState["status"], time: number): void => {
  state.endAll(time);
  state.end(state.root, status, time);
};

const runHandlers: RunHandlers = {
  "run.started": (state, { time, plan }) => {
    const { root } = state;
    root.status = "running";
    root.began = time;
    // The plan may have been known before the run.
    if (root.children.length === 0 && plan !== undefined) state.grow(root, plan);
  },
  "run.succeeded": (state, { time }) => ended(state, "done", time),
  "run.failed": (state, { time, error }) => {
    state.root.error = error;
    ended(state, "failed", time);
  },
  "run.interrupted": (state, { time }) => ended(state, "stopped", time),
  "run.compensating": ({ root }, { steps }) => {
    root.note = `undoing ${steps} ${steps === 1 ? "step" : "steps"}`;
  },
  "run.paused": ({ root }, { error }) => {
    root.note = `paused: ${error.message}`;
  },
  "run.resumed": ({ root }) => {
    root.note = undefined;
  },
};

const started = (
  state: RunState,
  step: StepState,
  { attempt, time }: EventOf<"step.started" | "expansion.started" | "step.waiting">,
): void => {
  // Within a retried expansion, a step starts over.
  if (step.ended !== undefined) step.began = undefined;
  step.began ??= time;
  step.attempt = Math.max(step.attempt, attempt);
  step.attemptBegan = time;
  step.fraction = undefined;
  step.emitted = 0;
  step.lastEmitted = undefined;
  step.fellBackFor = undefined;
  state.activate(step, isWait(step) ? "waiting" : "running");
};

const failed = (
  state: RunState,
  step: StepState,
  { error, time }: EventOf<"step.failed" | "expansion.failed">,
): void => {
  step.error = error;
  if (state.keepsItems) state.failures.push({ path: step.path, error });
  state.end(step, "failed", time);
};

/** Steps that wait for a value from outside or for time to pass, as soon as they have started. */
const isWait = ({ kind }: StepState): boolean =>
  kind !== "run" && kind !== "item" && stepKinds[kind].returns === "wait";

const doNothing = (): void => {};

const stepHandlers: StepHandlers = {
  "step.started": started,
  "expansion.started": (state, step, event) => {
    if (step.kind === "step") step.kind = "dynamic";
    started(state, step, event);
  },
  "step.retried": (state, step, { error }) => {
    step.error = error;
    state.activate(step, "retrying");
  },
  "step.fallback": (_state, step, { error }) => {
    step.fellBackFor = { error };
  },
  "step.progressed": (_state, step, { fraction, note }) => {
    step.fraction = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : undefined;
    step.note = note;
  },
  "expansion.expanded": (state, step, { items, plan, time }) => {
    state.expansions++;
    // An earlier attempt may have expanded to another graph. Items that are known before, from the record, stay.
    if (plan !== undefined || step.expandedAt !== undefined) state.forget(step);
    if (items !== undefined) {
      step.items = items;
      // Its plan is not known.
      if (!hasItems(step)) step.kind = "map";
    }
    if (plan !== undefined) state.summed += time - (step.expandedAt ?? step.began ?? time);
    step.expandedAt = time;
    step.plan = undefined;
    if (plan !== undefined) state.grow(step, plan);
  },
  "step.recalled": (state, step, { time }) => {
    step.isRecalled = true;
    state.recalled++;
    state.end(step, "done", time);
  },
  "step.waiting": (state, step, event) => {
    // Its start was not kept because there are too many steps.
    if (step.kind === "step" && step.began === undefined) {
      step.kind = "await";
      started(state, step, event);
    }
    step.note = "waiting for a value";
  },
  "signal.refused": doNothing,
  "cache.hit": (state, step) => {
    step.isRecalled = true;
    state.recalled++;
  },
  "cache.missed": doNothing,
  "step.succeeded": (state, step, { time }) => state.end(step, "done", time),
  "expansion.succeeded": (state, step, { time }) => state.end(step, "done", time),
  "step.failed": failed,
  "expansion.failed": failed,
  "step.skipped": (state, step, { because, time }) => {
    step.because = because;
    if (state.keepsItems) state.skips.push({ path: step.path, because });
    state.end(step, "skipped", time);
  },
  "step.interrupted": (state, step, { time }) => state.end(step, "stopped", time),
  "step.leaked": (state, step, { time }) => {
    if (state.keepsItems) state.leaks.push(step.path);
    state.end(step, "leaked", time);
  },
  "step.emitted": (_state, step, { index, value }) => {
    step.emitted = index + 1;
    step.lastEmitted = value;
  },
  "step.logged": doNothing,
  "compensation.started": (_state, step) => {
    step.undone = "under way";
  },
  "compensation.succeeded": (state, step) => {
    step.undone = "done";
    if (state.keepsItems) state.undone.push(step.path);
  },
  "compensation.failed": (state, step, { error }) => {
    step.undone = "failed";
    if (state.keepsItems) state.failures.push({ path: step.path, error });
  },
};

const isRunEvent = (event: PipelineEvent): event is EventOf<RunEventType> => event.type in runHandlers;

/** Events that are always kept, however many steps there are: the step failed, or it asks for a value. */
const isAlwaysKept = ({ type }: EventOf<StepEventType>): boolean =>
  type === "step.failed" || type === "expansion.failed" || type === "step.waiting";

/**
 * Applies an event to the state, and returns the step of the event: undefined for an event of the run itself,
 * and for a step that is not kept. Takes constant time, except for the steps of a plan and the expansion of an earlier attempt.
 */
export const apply = (state: RunState, event: PipelineEvent): StepState | undefined => {
  state.runId = event.runId;
  state.time = Math.max(state.time, event.time);
  if (isRunEvent(event)) {
    // Each handler takes the events of its own type.
    runHandlers[event.type](state, event as never);
    return undefined;
  }
  // A value may have been sent to a path without a step.
  if (event.type === "signal.refused" && state.step(event.path) === undefined) return undefined;
  const step = state.at(event.path, isAlwaysKept(event));
  if (step === undefined) {
    if (event.type === "step.succeeded" || event.type === "step.skipped") state.leaveOut(event.path);
    return undefined;
  }
  stepHandlers[event.type](state, step, event as never);
  return step;
};
