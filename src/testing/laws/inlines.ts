import * as Exit from "effect/Exit";
import type { Graph } from "../../engine/graph.ts";
import { expandable } from "../../engine/graph.ts";
import { stepKinds } from "../../graph/kinds.ts";
import { mayExpand, whenGiven } from "../instrument.ts";
import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, SeenExpansion, Subject } from "../observe.ts";
import { firstFailed, hasFailed, outcomeOf, sameText } from "../outcome.ts";
import { textOf } from "../words.ts";
import { isAtTop, keyOf } from "../../path.ts";

/** The outputs of a run. */
const outputsOf = ({ ended }: Observed): Given | undefined =>
  "stuck" in ended || Exit.isFailure(ended.exit) ? undefined : ended.exit.value;

/** The step's output for this expansion; undefined if the run's outputs do not show it. */
const shownIn = (outputs: Given, { path, call: { definition } }: SeenExpansion): Given | undefined => {
  if (!isAtTop(path) || definition.outputs === "all") return undefined;
  if (!definition.outputs.every((name) => Object.hasOwn(outputs, name))) return undefined;
  if (stepKinds[definition.kind].returns !== "items") {
    return Object.fromEntries(definition.outputs.map((name) => [name, outputs[name]]));
  }
  const { name, options } = definition;
  const index = Number(keyOf(path));
  const items: unknown = outputs[name];
  if (options.key !== undefined || options.failures === "collect" || !Array.isArray(items)) return undefined;
  return { [name]: items[index] };
};

interface Unrun {
  readonly graph: Graph;
  readonly inputs: Given;
}

/**
 * Expands the sub-pipelines again, each before any of its steps has run, since state shared by its steps may have changed.
 * In the run that makes them, their earlier values replace them.
 */
const expandedAgain = async (
  subject: Subject,
  given: Given,
  shown: ReadonlyMap<string, Given>,
): Promise<ReadonlyMap<string, Unrun>> => {
  const unrun = new Map<string, Unrun>();
  await settled(subject, given, {
    around: (call, next) => {
      const { path } = call;
      const gave = shown.get(path);
      const value = next(call);
      if (!mayExpand(call) || gave === undefined) return value;
      return whenGiven(value, (value) => {
        const graph = expandable(value);
        if (graph === undefined) return value;
        const inputs = Object.fromEntries(graph.inputs.map(({ name }) => [name, call.inputs[name]]));
        unrun.set(path, { graph, inputs });
        const names = Object.keys(gave);
        return names.length === 1 ? gave[names[0]!] : gave;
      });
    },
  });
  return unrun;
};

export const inlines: Law = {
  name: "inlines",
  sentence: "An expansion returns the same outputs as its sub-pipeline run by itself.",
  check: async (subject, given, { same: isSame }) => {
    const observed = await settled(subject, given);
    const outputs = outputsOf(observed);
    if (outputs === undefined) return vacuous("the run failed, so there is nothing to compare");
    const shown = new Map<string, Given>();
    for (const seen of observed.expansions) {
      // A policy applies to all attempts, and its value may be that of a fallback.
      if (seen.expansion.type !== "graph" || seen.call.definition.options.fallback !== undefined) continue;
      const given = shownIn(outputs, seen);
      if (given !== undefined) shown.set(seen.path, given);
    }
    let compared = 0;
    for (const [path, { graph, inputs }] of await expandedAgain(subject, given, shown)) {
      const around = [...(subject.graph.around ?? []), ...(graph.around ?? [])];
      const alone = await settled({ ...subject, graph: { ...graph, around } }, inputs);
      compared++;
      const inline = outputsOf(alone);
      const dynamic = shown.get(path)!;
      const same =
        inline !== undefined &&
        (Object.keys(dynamic).every((name) => sameText(dynamic[name], inline[name])) ||
          isSame(dynamic, Object.fromEntries(Object.keys(dynamic).map((name) => [name, inline[name]]))));
      if (!same) {
        const actual = hasFailed(alone)
          ? `run by itself, it ${outcomeOf(alone)}`
          : `run by itself, it returned ${textOf(Object.fromEntries(Object.keys(dynamic).map((name) => [name, inline?.[name]])))}`;
        return broken(`"${path}" returned ${textOf(dynamic)}`, actual, {
          path: firstFailed(alone) ?? path,
          plan: observed.plan,
        });
      }
    }
    return compared > 0 ? held : vacuous("no expansion has outputs that the run returns");
  },
};
