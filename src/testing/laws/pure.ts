import type { Graph } from "../../engine/compile.ts";
import { watchRuns } from "../../engine/seams.ts";
import { describe } from "../../values/describe.ts";
import { parametersOf, whenGiven, withParameters } from "../instrument.ts";
import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import { frozen, isRefusedChange } from "../values.ts";
import { textOf } from "../words.ts";

interface Change {
  readonly path: string;
  readonly actual: string;
}

/** What an Error was thrown for, through the errors that hold it. */
const refusedChange = (thrown: unknown): TypeError | undefined =>
  isRefusedChange(thrown) ? thrown : undefined;

export const pure: Law = {
  name: "pure",
  sentence: "Expanding runs no sub-step, and nothing that reads a value changes it.",
  check: async (subject, given) => {
    const changes: Array<Change> = [];
    let calls = 0;
    const ran = new WeakSet<Graph>();
    const unwatch = watchRuns((graph) => ran.add(graph));
    try {
      const observed = await settled(subject, frozen(given), {
        around: (call, next) => {
          calls++;
          const { path } = call;
          const parameters = frozen(parametersOf(call));
          const before = textOf(parameters);
          const look = (value: unknown): unknown => {
            // Maps, sets and dates cannot be frozen.
            const after = textOf(parameters);
            if (after !== before)
              changes.push({ path, actual: `changed what it reads: ${before} became ${after}` });
            return value;
          };
          try {
            return whenGiven(next(withParameters(call, parameters)), look);
          } catch (thrown) {
            const refused = refusedChange(thrown);
            if (refused !== undefined)
              changes.push({ path, actual: `tried to change what it reads: ${describe(refused)}` });
            throw thrown;
          }
        },
      });
      const { plan } = observed;
      for (const event of observed.events) {
        if (event.type !== "step.failed" && event.type !== "expansion.failed") continue;
        const cause: unknown = (event.error as { readonly cause?: unknown } | undefined)?.cause;
        if (isRefusedChange(cause)) {
          changes.push({ path: event.path, actual: `tried to change what it reads: ${describe(cause)}` });
        }
      }
      const [change] = changes;
      if (change !== undefined) {
        const declared = "inputs are left as they are";
        return broken(declared, `"${change.path}" ${change.actual}`, { path: change.path, plan });
      }
      for (const { path, expansion } of observed.expansions) {
        if (expansion.type !== "graph" || !ran.has(expansion.graph)) continue;
        return broken("expanding runs nothing", `"${path}" ran the pipeline that it returned`, {
          path,
          plan,
        });
      }
      return calls > 0 ? held : vacuous("no step was called");
    } finally {
      unwatch();
    }
  },
};
