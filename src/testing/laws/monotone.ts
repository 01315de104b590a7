import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed } from "../observe.ts";
import { child } from "../../path.ts";

/** The names of all steps without their enclosing expansions, which contain the indexes of items. */
const namesOf = ({ expansions }: Observed): ReadonlySet<string> =>
  new Set(
    expansions.flatMap(({ path, expansion }) =>
      expansion.type === "graph" ? expansion.graph.nodes.map((node) => child(path, node.path)) : [],
    ),
  );

export const monotone: Law = {
  name: "monotone",
  sentence: "Adding to an input never removes a step.",
  check: async (subject, given) => {
    const more = namesOf(await settled(subject, given));
    let compared = 0;
    for (const [name, value] of Object.entries(given)) {
      if (!Array.isArray(value) || value.length === 0) continue;
      const smaller: Given = { ...given, [name]: value.slice(0, -1) };
      const observed = await settled(subject, smaller);
      compared++;
      for (const step of namesOf(observed)) {
        if (more.has(step)) continue;
        return broken(
          `the step "${step}", which the plan has with one item of "${name}" less`,
          `a plan without it, with all items of "${name}"`,
          { path: step, plan: observed.plan },
        );
      }
    }
    return compared > 0 ? held : vacuous("no input is a non-empty array");
  },
};
