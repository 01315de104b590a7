/** What a program can put into a run from outside, by Effect's context: who watches it, and in which order it runs. */
import * as Context from "effect/Context";
import type { PipelineEvent } from "../events.ts";
import type { Graph } from "./graph.ts";
import type { Pick } from "./ready.ts";

/** Told of every event of every run beneath. */
export const Listeners: Context.Reference<ReadonlyArray<(event: PipelineEvent) => void>> = Context.Reference<
  ReadonlyArray<(event: PipelineEvent) => void>
>("espalier/Listeners", {
  defaultValue: () => [],
});

/** A run that has begun, for who executes the runs of others. */
export interface UnderWay {
  readonly runId: string;
  /** How many functions of its steps are at work. Steps that wait for time or for a value are not counted. */
  readonly working: number;
  /** An event for each step that has started and not ended. */
  readonly started: () => ReadonlyArray<PipelineEvent>;
}

/** Who executes runs on behalf of others. */
export interface Executing {
  /** Told of every run beneath that begins. */
  readonly began: (run: UnderWay) => void;
  /** It shows what steps log by itself: Effect's loggers do not. */
  readonly showsLines: boolean;
}

/** Listening to a run costs it up to half of its own time, so a server asks a run instead, and listens only while someone watches. */
export const Executor: Context.Reference<Executing | undefined> = Context.Reference<Executing | undefined>(
  "espalier/Executor",
  { defaultValue: () => undefined },
);

/** Which of the ready steps is next; undefined: the first. For simulations, which explore other orders. */
export const Interleaving: Context.Reference<Pick | undefined> = Context.Reference<Pick | undefined>(
  "espalier/Interleaving",
  { defaultValue: () => undefined },
);

/** Where a run's pipeline comes from, in words that a person can act by: recorded with the run. The command's file. */
export const RunOrigin: Context.Reference<string | undefined> = Context.Reference<string | undefined>(
  "espalier/RunOrigin",
  { defaultValue: () => undefined },
);

/** Whether a run must be a new one: one that is there already, in whatever state, is left as it is. For schedules. */
export const OnlyNew: Context.Reference<boolean> = Context.Reference<boolean>("espalier/OnlyNew", {
  defaultValue: () => false,
});

/** Whether a run is resumed only while it is under way: one that has ended by now is left as it is. For who takes runs. */
export const OnlyUnderWay: Context.Reference<boolean> = Context.Reference<boolean>("espalier/OnlyUnderWay", {
  defaultValue: () => false,
});

/** Told of each graph that a run of its own begins with. For laws that say when none may. */
const runWatchers = new Set<(graph: Graph) => void>();

export const watchRuns = (watcher: (graph: Graph) => void): (() => void) => {
  runWatchers.add(watcher);
  return () => runWatchers.delete(watcher);
};

export const tellRun = (graph: Graph): void => {
  if (runWatchers.size > 0) for (const watcher of runWatchers) watcher(graph);
};
