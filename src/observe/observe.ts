/**
 * Who watches a run: those that listen around it, and what its options ask for. Where that is nobody, the engine makes no
 * event: a run pays for what it asks.
 */
import * as Context from "effect/Context";
import type { RunOptions } from "../../types/options.ts";
import type { PipelineEvent } from "../events.ts";
import type { Watcher } from "../schedule.ts";
import { Listeners } from "../seams.ts";
import { Measures } from "./measures.ts";
import { Spans } from "./spans.ts";

export interface Observation extends Pick<Watcher, "enter" | "began"> {
  readonly listeners: ReadonlyArray<(event: PipelineEvent) => void>;
}

export const observe = (options: RunOptions, context: Context.Context<never>): Observation => {
  const listeners = Context.get(context, Listeners);
  if (options.tracing !== true && options.metrics !== true) return { listeners };
  const spans = options.tracing === true ? new Spans(context) : undefined;
  const measures = options.metrics === true ? new Measures(context) : undefined;
  return {
    // Spans first: whoever else listens may log, or trace.
    listeners: [
      ...(spans === undefined ? [] : [(event: PipelineEvent) => spans.event(event)]),
      ...(measures === undefined ? [] : [(event: PipelineEvent) => measures.event(event)]),
      ...listeners,
    ],
    enter: spans && ((graph) => spans.enter(graph)),
    began: measures && ((engine) => measures.began(engine)),
  };
};
