import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import { runShape } from "../shapes-of.ts";
import { textOf } from "../words.ts";

export const stable: Law = {
  name: "stable",
  sentence: "A recorded input expands to the shape recorded with it.",
  check: async (subject, _, { recorded }) => {
    if (recorded.length === 0)
      return vacuous('nothing is recorded: give "recorded", with inputs and their shapes');
    for (const { input, shape } of recorded) {
      const observed = await settled(subject, input);
      const now = shapeText(runShape(observed));
      if (now === shape) continue;
      return broken(`for ${textOf(input)}, the shape ${shape}`, `the shape ${now}`, { plan: observed.plan });
    }
    return held;
  },
};

/** The shape of a whole run in one line. */
const shapeText = (shapes: ReadonlyMap<string, string>): string =>
  [...shapes].map(([path, shape]) => `${path}: ${shape}`).join("; ");
