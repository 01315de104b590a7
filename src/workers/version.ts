/** Detects that owner and worker have different versions of a pipeline. */
import type { Graph } from "../engine/graph.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { shapeOf } from "../journal/shape.ts";

const versions = new WeakMap<Graph, string>();

/** 32-bit FNV-1a: texts differ only by accident, and a step is compared by its form as well. */
const hash = (text: string): string => {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return (sum >>> 0).toString(16).padStart(8, "0");
};

/** A short text that is the same for graphs of the same shape. A pipeline reduced by `.only` has a version of its own. */
export const versionOf = (graph: Graph): string => {
  let version = versions.get(graph);
  if (version === undefined) versions.set(graph, (version = hash(shapeOf(graph))));
  return version;
};

const forms = new WeakMap<StepDefinition, string>();

/** The properties that two versions of a step must share for one to run instead of the other. */
export const formOf = (definition: StepDefinition): string => {
  let form = forms.get(definition);
  if (form === undefined) {
    const { kind, inputs, over, outputs, cases } = definition;
    form = JSON.stringify([
      kind,
      inputs,
      over ?? null,
      outputs,
      cases === undefined ? [] : Object.keys(cases),
    ]);
    forms.set(definition, form);
  }
  return form;
};
