/** What a server serves: the pipelines and schedules that its files export. */
import * as Layer from "effect/Layer";
import type { Plan } from "../../types/plan.ts";
import type { RunFile } from "../../types/runs.ts";
import type { Graph } from "../engine/graph.ts";
import { expandable } from "../engine/graph.ts";
import type { AnySchedule } from "../schedule.ts";
import { isSchedule } from "../schedule.ts";
import { describe } from "../values/describe.ts";

export interface ServedPipeline {
  /** The name of the export, which clients use. */
  readonly name: string;
  readonly graph: Graph;
  readonly plan: Plan;
  /** The file that exports it. */
  readonly file: string;
  /** Provides the services of its steps. */
  readonly layer: Layer.Layer<any, any, never> | undefined;
  /** The part of it that some outputs need: a run may have been begun with `--only`. */
  readonly reduced?: (outputs: ReadonlyArray<string>) => Graph;
  /** The outputs that it is reduced to. */
  readonly only?: ReadonlyArray<string>;
}

export interface Served {
  readonly pipelines: ReadonlyMap<string, ServedPipeline>;
  readonly schedules: ReadonlyMap<string, AnySchedule>;
  /** The pipelines of schedules, which need not be exported themselves. */
  readonly scheduled?: ReadonlyMap<AnySchedule, ServedPipeline>;
}

export interface LoadedFile {
  readonly file: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** The name of an export as clients use it. */
const nameOf = (key: string, graph: Graph): string => (key === "default" ? graph.name : key);

const inFiles = (first: string, second: string): string =>
  first === second ? `both in "${first}"` : `in "${first}" and "${second}"`;

/** The exports of some files; a sentence if two of them export the same name. */
export const servedOf = (files: ReadonlyArray<LoadedFile>): Served | string => {
  const pipelines = new Map<string, ServedPipeline>();
  const schedules = new Map<string, AnySchedule>();
  const scheduled = new Map<AnySchedule, ServedPipeline>();
  for (const { file, exports } of files) {
    const layer = layerOf(exports);
    if (layer === "none")
      return `The export "layer" of "${file}" must be a Layer, which gives its pipelines their services; got ${describe(exports["layer"])}. Write export const layer = Layer.succeed(Service, …), or rename it.`;
    for (const [key, value] of Object.entries(exports)) {
      if (isSchedule(value)) {
        const known = schedules.get(value.name);
        if (known !== undefined && known !== value)
          return `Two schedules have the name "${value.name}", ${inFiles(scheduled.get(known)!.file, file)}. Rename one.`;
        schedules.set(value.name, value);
        scheduled.set(value, servedPipeline(value.pipeline.name, value.pipeline, file, layer));
        continue;
      }
      const graph = expandable(value);
      if (graph === undefined || key === "module.exports") continue;
      const name = nameOf(key, graph);
      const known = pipelines.get(name);
      if (known !== undefined && known.graph !== graph)
        return `Two pipelines are served as "${name}", from "${known.file}" and "${file}". Rename one of these exports.`;
      pipelines.set(name, servedPipeline(name, value, file, layer));
    }
  }
  return { pipelines, schedules, scheduled };
};

const layerOf = ({ layer }: LoadedFile["exports"]): ServedPipeline["layer"] | "none" =>
  layer === undefined ? undefined : Layer.isLayer(layer) ? (layer as Layer.Layer<any, any, never>) : "none";

interface PipelineValue {
  readonly plan: () => Plan;
  readonly only: (...names: ReadonlyArray<string>) => unknown;
}

const servedPipeline = (
  name: string,
  value: unknown,
  file: string,
  layer: ServedPipeline["layer"],
): ServedPipeline => {
  const pipeline = value as PipelineValue;
  return {
    name,
    graph: expandable(pipeline)!,
    plan: pipeline.plan(),
    file,
    layer,
    reduced: (outputs) => expandable(pipeline.only(...outputs))!,
  };
};

/** A pipeline reduced to what some outputs need; all of it if none are named. A sentence if it has no such output. */
export const onlySome = (pipeline: ServedPipeline, only: ReadonlyArray<string>): ServedPipeline | string => {
  if (only.length === 0 || pipeline.reduced === undefined) return pipeline;
  try {
    return { ...pipeline, graph: pipeline.reduced(only), only };
  } catch (error) {
    return describe(error);
  }
};

/** The pipeline of a run, reduced to the outputs that the run was begun with. */
const asBegun = (pipeline: ServedPipeline, { only = [] }: RunFile): ServedPipeline => {
  const some = onlySome(pipeline, only);
  // That output no longer exists: resuming the run reports what has changed.
  return typeof some === "string" ? pipeline : some;
};

/** The pipeline of a recorded run; undefined if it is not served. `origin`: as recorded, or as `Runs` reads it. */
export const pipelineOfRun = (
  served: Served,
  run: { readonly pipeline: string; readonly origin: RunFile | string | undefined },
): ServedPipeline | undefined => {
  const origin = typeof run.origin === "string" ? (JSON.parse(run.origin) as RunFile) : (run.origin ?? {});
  const fitting = [...served.pipelines.values()].filter(({ graph }) => graph.name === run.pipeline);
  if (fitting.length === 0) {
    const scheduled = [...served.schedules.values()].find(({ pipeline }) => pipeline.name === run.pipeline);
    return scheduled === undefined ? undefined : asBegun(servedBy(served, scheduled), origin);
  }
  const found = fitting.find(({ name }) => name === origin.exportName) ?? fitting[0]!;
  return asBegun(found, origin);
};

/** The pipeline of a schedule, which need not be exported. */
export const servedBy = ({ pipelines, scheduled }: Served, schedule: AnySchedule): ServedPipeline => {
  const graph = expandable(schedule.pipeline)!;
  const known = [...pipelines.values()].find((served) => served.graph === graph);
  return (
    known ??
    scheduled?.get(schedule) ??
    servedPipeline(graph.name, schedule.pipeline, "", [...pipelines.values()][0]?.layer)
  );
};

/** All pipelines, those of schedules too, by the names of their graphs. */
export const pipelinesByName = (served: Served): ReadonlyMap<string, ServedPipeline> => {
  const all = [
    ...[...served.schedules.values()].map((schedule) => servedBy(served, schedule)),
    ...served.pipelines.values(),
  ];
  return new Map(all.map((one) => [one.graph.name, one]));
};
