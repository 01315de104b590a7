/** Who watches a run: those that listen around it, and what its options ask for. A run that asks for nothing has neither. */
import type * as Context from "effect/Context";
import { get } from "effect/Context";
import type { RunOptions } from "../../types/options.ts";
import type { PipelineEvent } from "../events.ts";
import type { Watcher } from "../schedule.ts";
import { Listeners } from "../seams.ts";
import { Spans } from "./spans.ts";

/** A watcher with nobody to hear it is left out, and then the engine makes no event. */
export interface Observation {
  readonly listeners: ReadonlyArray<(event: PipelineEvent) => void>;
  readonly enter: Watcher["enter"];
}

export const observe = (options: RunOptions, context: Context.Context<never>): Observation => {
  const around = get(context, Listeners);
  if (options.tracing !== true) return { listeners: around, enter: undefined };
  const spans = new Spans(context);
  // First: who listens may log, and that belongs to a span.
  return {
    listeners: [(event) => spans.event(event), ...around],
    enter: (graph) => spans.enter(graph),
  };
};
