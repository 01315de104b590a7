/**
 * `Plan.toSvg` of the core. Laying out a graph needs a library that would make each import of the core a third slower,
 * so it is loaded when the first picture is drawn. Only Node, Deno and Bun can load a module during a synchronous call;
 * elsewhere `espalier/draw` has the same function.
 */
import type { Plan } from "../../types/plan.ts";

interface Drawing {
  readonly Plan: { readonly toSvg: (plan: Plan) => string };
}

let loaded: Drawing | undefined;

const load = (): Drawing => {
  // Not an import: the core imports nothing that a browser lacks.
  const modules = globalThis.process?.getBuiltinModule?.("module");
  if (modules === undefined) {
    throw new Error(
      'Plan.toSvg of "espalier" loads what lays out the graph, which cannot be done here: import { Plan } from "espalier/draw".',
    );
  }
  return modules.createRequire(import.meta.url)("espalier/draw") as Drawing;
};

export const toSvg = (plan: Plan): string => {
  loaded ??= load();
  return loaded.Plan.toSvg(plan);
};
