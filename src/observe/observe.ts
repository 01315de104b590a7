/**
 * The observers of a run: listeners around it, and those that its options request. Without observers, the engine creates
 * no events: a run pays only for the observers it uses.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { RunOptions } from "../../types/options.ts";
import type { Watcher } from "../engine/emitter.ts";
import { Listeners } from "../engine/seams.ts";
import { writableAsJson } from "../event-json.ts";
import type { PipelineEvent } from "../events.ts";
import { apply } from "../fold/apply.ts";
import { RunState } from "../fold/run-state.ts";
import { describe } from "../values/describe.ts";
import { Measures } from "./measures.ts";
import { Spans } from "./spans.ts";

export interface Observation extends Pick<Watcher, "logsEvents" | "around" | "began"> {
  readonly tell: (event: PipelineEvent) => void;
}

export const observe = (options: RunOptions, context: Context.Context<never>): Observation | undefined => {
  const around = Context.get(context, Listeners);
  const { tracing, metrics } = options;
  const onEvent = options.onEvent && guarded(options.onEvent, context);
  if (around.length === 0 && tracing !== true && metrics !== true && onEvent === undefined) return undefined;
  const spans = tracing === true ? new Spans(context) : undefined;
  // For a traced run, only steps that have not ended are kept.
  const state = new RunState("", undefined, { keepsItems: false, keepsInsides: false, mostSteps: Infinity });
  const measures = metrics === true ? new Measures(context) : undefined;
  return {
    tell: (event) => {
      // Spans first: other listeners may log, or trace.
      spans?.event(event, apply(state, event)?.kind ?? "step");
      measures?.event(event);
      if (around.length > 0 || onEvent !== undefined) writableAsJson(event);
      for (const listener of around) listener(event);
      onEvent?.(event);
    },
    logsEvents: around.length > 0 || spans !== undefined,
    around: spans?.middleware,
    began: measures && ((engine) => measures.began(engine)),
  };
};

/** The first error that `onEvent` throws or rejects with is logged: a listener must not break a run. */
const guarded = (
  onEvent: (event: PipelineEvent) => unknown,
  context: Context.Context<never>,
): ((event: PipelineEvent) => void) => {
  let hasFailed = false;
  const failed = (type: string, thrown: unknown): void => {
    if (hasFailed) return;
    hasFailed = true;
    const line = `onEvent failed at an event "${type}": ${describe(thrown)}; the run continues, and later failures of onEvent are not logged.`;
    Effect.runForkWith(context)(Effect.logWarning(line));
  };
  return (event) => {
    try {
      const returned = onEvent(event);
      if (returned instanceof Promise) returned.catch((thrown: unknown) => failed(event.type, thrown));
    } catch (thrown) {
      failed(event.type, thrown);
    }
  };
};
