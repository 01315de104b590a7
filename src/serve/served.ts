/** What a server serves: the pipelines and schedules that its files export. */
import type * as Layer from "effect/Layer";
import type { Plan } from "../../types/plan.ts";
import type { Graph } from "../engine/graph.ts";
import { expandable } from "../engine/graph.ts";
import type { AnySchedule } from "../schedule.ts";
import { isSchedule } from "../schedule.ts";

export interface ServedPipeline {
  /** The name of the export: what clients call it. */
  readonly name: string;
  readonly graph: Graph;
  readonly plan: Plan;
  /** The file that exports it. */
  readonly file: string;
  /** What gives its steps their services. */
  readonly layer: Layer.Layer<any, any, never> | undefined;
}

export interface Served {
  readonly pipelines: ReadonlyMap<string, ServedPipeline>;
  readonly schedules: ReadonlyMap<string, AnySchedule>;
}

export interface LoadedFile {
  readonly file: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** A name for the default export that a client can say. */
const nameOf = (key: string, graph: Graph): string => (key === "default" ? graph.name : key);

/** What some files export; a sentence where two of them export the same. */
export const servedOf = (files: ReadonlyArray<LoadedFile>): Served | string => {
  const pipelines = new Map<string, ServedPipeline>();
  const schedules = new Map<string, AnySchedule>();
  const fileOf = new Map<AnySchedule, string>();
  for (const { file, exports } of files) {
    const { layer } = exports as { readonly layer?: Layer.Layer<any, any, never> };
    for (const [key, value] of Object.entries(exports)) {
      if (isSchedule(value)) {
        const known = schedules.get(value.name);
        if (known !== undefined && known !== value)
          return `Two schedules have the name "${value.name}", in "${fileOf.get(known)}" and "${file}". Rename one.`;
        schedules.set(value.name, value);
        fileOf.set(value, file);
        continue;
      }
      const graph = expandable(value);
      if (graph === undefined || key === "module.exports") continue;
      const name = nameOf(key, graph);
      const known = pipelines.get(name);
      if (known !== undefined && known.graph !== graph)
        return `Two pipelines are served as "${name}", from "${known.file}" and "${file}". Rename one of these exports.`;
      pipelines.set(name, { name, graph, plan: planOf(value), file, layer });
    }
  }
  return { pipelines, schedules };
};

const planOf = (value: unknown): Plan => (value as { readonly plan: () => Plan }).plan();

/** The pipeline that a recorded run is of; undefined: none that is served. */
export const pipelineOfRun = (
  { pipelines, schedules }: Served,
  run: { readonly pipeline: string; readonly origin?: string | undefined },
): ServedPipeline | undefined => {
  const fitting = [...pipelines.values()].filter(({ graph }) => graph.name === run.pipeline);
  if (fitting.length === 0) {
    const scheduled = [...schedules.values()].find(({ pipeline }) => pipeline.name === run.pipeline);
    return scheduled === undefined ? undefined : servedBy({ pipelines, schedules }, scheduled);
  }
  if (fitting.length === 1) return fitting[0];
  const { exportName } = JSON.parse(run.origin ?? "{}") as { readonly exportName?: string };
  return fitting.find(({ name }) => name === exportName) ?? fitting[0];
};

/** What a schedule runs, which need not be exported. */
export const servedBy = ({ pipelines }: Served, schedule: AnySchedule): ServedPipeline => {
  const graph = expandable(schedule.pipeline)!;
  const known = [...pipelines.values()].find((served) => served.graph === graph);
  return (
    known ?? {
      name: graph.name,
      graph,
      plan: planOf(schedule.pipeline),
      file: "",
      layer: [...pipelines.values()][0]?.layer,
    }
  );
};
