/** Promises about steps that are async generators. */
import { pipeline } from "espalier";
import { arbitrary, Simulation } from "espalier/testing";
import * as fc from "fast-check";
import type { EngineLaw } from "./engine-laws.ts";
import { explored, graphOf, leavesNothing, outputsOf, ranIn, same } from "./support.ts";

const yields = fc.array(fc.integer(), { maxLength: 12 });

export const streamLaws: Readonly<Record<string, EngineLaw>> = {
  "a step that streams emits what it yields, in order, and provides what it returns": (seed, runs) => {
    const property = fc.asyncProperty(yields, arbitrary.schedule().map(explored), async (values, order) => {
      const built = pipeline("streaming")
        .step("values", [], () => [1, 2])
        .map("items", "values", [], async function* (item) {
          for (const value of values) yield value;
          return `item ${item}`;
        });
      const ran = await ranIn(graphOf(built), order);
      leavesNothing(ran);
      same("outputs", outputsOf(ran.ended), { values: [1, 2], items: ["item 1", "item 2"] });
      const { events } = await Simulation.run(built, {});
      for (const path of ["items[0]", "items[1]"]) {
        const emitted = events.flatMap((event) =>
          event.type === "step.emitted" && event.path === path ? [event.value] : [],
        );
        same(`what ${path} emitted`, emitted, values);
      }
    });
    return fc.assert(property, { seed, numRuns: runs });
  },

  "a step that streams is closed when it is stopped": (seed, runs) => {
    const property = fc.asyncProperty(fc.integer({ min: 0, max: 40 }), async (after) => {
      let isOpen = false;
      const controller = new AbortController();
      const built = pipeline("streaming").step("a", [], async function* () {
        isOpen = true;
        try {
          for (let i = 0; ; i++) {
            if (i === after) controller.abort("enough");
            yield "token";
          }
        } finally {
          await Promise.resolve();
          isOpen = false;
        }
      });
      const reason = await built
        .runPromise({}, { signal: controller.signal })
        .catch((error: unknown) => error);
      same("the reason", reason, "enough");
      same("whether it is still open", isOpen, false);
    });
    return fc.assert(property, { seed, numRuns: runs });
  },
};
