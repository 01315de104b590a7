/** The information that a process that takes runs publishes to all others, as text in the store. */
import type { Graph } from "../engine/graph.ts";
import { shapeOf } from "../journal/shape.ts";
import type { Served } from "./served.ts";
import { pipelinesByName } from "./served.ts";

/** The address at which other runners reach one that performs steps for them. */
export interface StepAddress {
  /** Unique to each runner that was ever started. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** A secret that allows its holder to send steps. */
  readonly key: string;
}

export interface RunnerInfo {
  readonly host: string;
  readonly pid: number;
  /** The shapes of its pipelines, by name. */
  readonly pipelines: Readonly<Record<string, string>>;
  readonly steps?: StepAddress | undefined;
}

export const readRunner = (text: string): RunnerInfo => JSON.parse(text) as RunnerInfo;

export const shapesOf = (served: Served): RunnerInfo["pipelines"] =>
  Object.fromEntries([...pipelinesByName(served)].map(([name, { graph }]) => [name, shapeOf(graph)]));

/** Can one of these runners execute a run of this pipeline? */
export const hasRunnerFor = (runners: ReadonlyArray<string>, graph: Graph): boolean => {
  const shape = shapeOf(graph);
  return runners.some((text) => readRunner(text).pipelines[graph.name] === shape);
};
