import { firstFailed, hasFailed, outcomeOf } from "../outcome.ts";
import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, SeenExpansion } from "../observe.ts";
import { textOf } from "../words.ts";
import * as Exit from "effect/Exit";

/** What a run gave. */
const outputsOf = ({ ended }: Observed): Given | undefined =>
  "stuck" in ended || Exit.isFailure(ended.exit) ? undefined : ended.exit.value;

/** What the step gave for this expansion; undefined where the run's outputs do not show it. */
const shownIn = (outputs: Given, { path, call: { definition } }: SeenExpansion): Given | undefined => {
  if (path.includes("/") || definition.outputs === "all") return undefined;
  if (!definition.outputs.every((name) => Object.hasOwn(outputs, name))) return undefined;
  if (definition.kind !== "map") {
    return Object.fromEntries(definition.outputs.map((name) => [name, outputs[name]]));
  }
  const { name, options } = definition;
  const index = Number(path.slice(path.indexOf("[") + 1, -1));
  const items: unknown = outputs[name];
  if (options.key !== undefined || options.failures === "collect" || !Array.isArray(items)) return undefined;
  return { [name]: items[index] };
};

export const inlines: Law = {
  name: "inlines",
  sentence: "An expansion gives what the same sub-pipeline gives when it is run by itself.",
  check: async (subject, given) => {
    const observed = await settled(subject, given);
    const outputs = outputsOf(observed);
    if (outputs === undefined) return vacuous("the run failed, so there is nothing to compare");
    let compared = 0;
    for (const seen of observed.expansions) {
      const { call, expansion, path } = seen;
      // A policy stands around all attempts, and a fallback may be what it gave.
      if (expansion.type !== "graph" || call.definition.options.fallback !== undefined) continue;
      const shown = shownIn(outputs, seen);
      if (shown === undefined) continue;
      const { graph } = expansion;
      const all = call.parameters.at(-1) as Given;
      const inputs = Object.fromEntries(graph.inputs.map(({ name }) => [name, all[name]]));
      const alone = await settled({ ...subject, graph }, inputs);
      compared++;
      const inline = outputsOf(alone);
      const same =
        inline !== undefined &&
        Object.keys(shown).every((name) => textOf(shown[name]) === textOf(inline[name]));
      if (!same) {
        const actual = hasFailed(alone)
          ? `run by itself, it ${outcomeOf(alone)}`
          : `run by itself, it gave ${textOf(Object.fromEntries(Object.keys(shown).map((name) => [name, inline?.[name]])))}`;
        return broken(`"${path}" gave ${textOf(shown)}`, actual, {
          path: firstFailed(alone) ?? path,
          plan: observed.plan,
        });
      }
    }
    return compared > 0 ? held : vacuous("nothing was expanded whose outputs the run shows");
  },
};
