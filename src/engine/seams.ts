/** The services that a program can provide to a run through Effect's context: its listeners, and the order in which it runs. */
import * as Context from "effect/Context";
import type { PipelineEvent } from "../events.ts";
import type { Graph } from "./graph.ts";
import type { Pick } from "./ready.ts";

/** Called with every event of every run beneath. */
export const Listeners: Context.Reference<ReadonlyArray<(event: PipelineEvent) => void>> = Context.Reference<
  ReadonlyArray<(event: PipelineEvent) => void>
>("espalier/Listeners", {
  defaultValue: () => [],
});

/** A run that has begun, for an executor of others' runs. */
export interface UnderWay {
  readonly runId: string;
  /** The number of its steps' functions that are running. Steps that wait for time or for a value are not counted. */
  readonly working: number;
  /** An event for each step that has started and not ended. */
  readonly started: () => ReadonlyArray<PipelineEvent>;
}

/** An executor of runs on behalf of others. */
export interface Executing {
  /** Called with every run beneath that begins. */
  readonly began: (run: UnderWay) => void;
  /** It shows the log lines of steps itself: Effect's loggers do not. */
  readonly showsLines: boolean;
}

/** Listening to a run costs up to half of the run's own time, so a server queries a run instead, and listens only while it is watched. */
export const Executor: Context.Reference<Executing | undefined> = Context.Reference<Executing | undefined>(
  "espalier/Executor",
  { defaultValue: () => undefined },
);

/** Picks the next of the ready steps; undefined for the first. For simulations, which explore other orders. */
export const Interleaving: Context.Reference<Pick | undefined> = Context.Reference<Pick | undefined>(
  "espalier/Interleaving",
  { defaultValue: () => undefined },
);

/** The origin of a run's pipeline, as text for a user: recorded with the run. For the command line, its file. */
export const RunOrigin: Context.Reference<string | undefined> = Context.Reference<string | undefined>(
  "espalier/RunOrigin",
  { defaultValue: () => undefined },
);

/** Whether a run must be new: an existing one, in any state, is left as it is. For schedules. */
export const OnlyNew: Context.Reference<boolean> = Context.Reference<boolean>("espalier/OnlyNew", {
  defaultValue: () => false,
});

/** Whether a run is resumed only while it is under way: one that has ended by now is left as it is. For processes that take runs. */
export const OnlyUnderWay: Context.Reference<boolean> = Context.Reference<boolean>("espalier/OnlyUnderWay", {
  defaultValue: () => false,
});

/** Called with the graph of each separate run that begins. For laws that forbid such runs. */
const runWatchers = new Set<(graph: Graph) => void>();

export const watchRuns = (watcher: (graph: Graph) => void): (() => void) => {
  runWatchers.add(watcher);
  return () => runWatchers.delete(watcher);
};

export const tellRun = (graph: Graph): void => {
  if (runWatchers.size > 0) for (const watcher of runWatchers) watcher(graph);
};
