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
  sentence: "An input with more in it drops no step that there was with less.",
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
          `with one item of "${name}" less there is "${step}", so it is there with all`,
          `with all items of "${name}" it is not`,
          { path: step, plan: observed.plan },
        );
      }
    }
    return compared > 0 ? held : vacuous("no input is an array with anything in it");
  },
};
