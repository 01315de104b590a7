import { mayExpand, parametersOf, withParameters } from "../instrument.ts";
import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, Subject } from "../observe.ts";
import { randomOf } from "../random.ts";
import { runShape, shapeDifference } from "../shapes-of.ts";
import { reordered } from "../values.ts";
import { nothingExpanded } from "./well-formed.ts";

const changes = {
  time: "at another time",
  random: "with other random numbers",
  keys: "with the keys of its inputs in another order",
} as const;

const when = Date.UTC(2001, 1, 3);
const later = Date.UTC(2042, 9, 21, 13, 37);

/** A run in a changed world; the order of keys changes in every function that expands. */
const runIn = (
  subject: Subject,
  given: Given,
  seed: number,
  changed?: keyof typeof changes,
): Promise<Observed> => {
  const time = changed === "time" ? later : when;
  return settled(subject, given, {
    time,
    date: time,
    seed: changed === "random" ? seed + 1 : seed,
    around: (call, next) =>
      next(
        changed === "keys" && mayExpand(call) ? withParameters(call, reordered(parametersOf(call))) : call,
      ),
  });
};

export const deterministic: Law = {
  name: "deterministic",
  sentence: "The same input expands to the same graph, whatever the time, random numbers and key order.",
  check: async (subject, given, { seed }) => {
    const draws = Math.floor(randomOf(seed)() * 2 ** 31);
    const first = await runIn(subject, given, draws);
    const before = runShape(first);
    for (const changed of ["time", "random", "keys"] as const) {
      const other = await runIn(subject, given, draws, changed);
      const found = shapeDifference(before, runShape(other));
      if (found === undefined) continue;
      return broken(`"${found.path}" is ${found.before}`, `${changes[changed]}, it is ${found.now}`, {
        path: found.path,
        plan: other.plan,
      });
    }
    return before.size > 0 ? held : vacuous(nothingExpanded);
  },
};
