/** The time from process start until the library is loaded, and until the first result, in separate processes. */
import { child } from "./child.ts";
import { median } from "./clock.ts";
import { table } from "./table.ts";
import type { OfImport } from "./process.ts";

const repeats = 11;

export const startUp = (): string => {
  const modules = ["effect/Effect", "espalier", "grfn", "p-graph", "async"];
  const runs = new Map(modules.map((module) => [module, [] as Array<OfImport>]));
  for (let round = 0; round < repeats; round++) {
    for (const module of modules) {
      // Without a condition, `espalier` is the output of `npm run build`, as users have it.
      const run = child<OfImport>(["import", module], []);
      if (typeof run !== "string") runs.get(module)!.push(run);
    }
  }
  const base = median(runs.get("effect/Effect")!.map(({ importMillis }) => importMillis));
  return table(
    ["", "import, ms", "times that of effect/Effect", "ten steps for the first time, ms"],
    modules.map((module) => {
      const own = runs.get(module)!;
      if (own.length === 0) return [module, "not built", "", ""];
      const millis = median(own.map(({ importMillis }) => importMillis));
      const first = own.flatMap(({ firstMillis }) => firstMillis ?? []);
      return [
        module,
        millis.toFixed(1),
        `${(millis / base).toFixed(2)}×`,
        first.length === 0 ? "–" : median(first).toFixed(1),
      ];
    }),
  );
};
