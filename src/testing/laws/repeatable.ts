import * as Exit from "effect/Exit";
import type { Law, LawTools, Verdict } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, ObserveOptions, Subject } from "../observe.ts";
import { areSame, outcomeOf } from "../outcome.ts";
import { runShape, shapeDifference } from "../shapes-of.ts";
import { textOf, unorderedText } from "../words.ts";

/** One date in the past and one in the future: code that depends on a date takes the other branch in one of the two. */
const otherDates = [Date.UTC(2001, 1, 3, 4, 5, 6, 7), Date.UTC(2042, 9, 21, 13, 37, 11, 222)] as const;

const opposites: Readonly<Record<string, string>> = {
  true: "false",
  false: "true",
  yes: "no",
  no: "yes",
  on: "off",
  off: "on",
};

/** Another value that is apparently of the same kind. */
const otherEnv = (_: string, real: string | undefined): string => {
  if (real === undefined || real === "") return "1";
  const opposite = opposites[real.toLowerCase()];
  if (opposite !== undefined) return opposite;
  return /^\d+$/.test(real) ? String(Number(real) + 1) : `other-${real}`;
};

type Cause = "clock" | "chance" | "environment" | "order";

const changes = (seed: number): Readonly<Record<Cause, ObserveOptions>> => {
  const date = otherDates[Math.abs(seed) % 2]!;
  return {
    clock: { date, time: date },
    chance: { seed: 1 + Math.abs(seed) },
    environment: { env: otherEnv },
    order: { reversed: true },
  };
};

const words: Readonly<Record<Cause, string>> = {
  clock: "at another time",
  chance: "with other random numbers",
  environment: "with other environment variables",
  order: "with the keys and elements of its inputs in another order",
};

/** Two runs are the same if they end alike and expanded to the same graphs. */
const isSame = (one: Observed, other: Observed, { same }: LawTools): boolean =>
  areSame(one, other, same) && shapeDifference(runShape(one), runShape(other)) === undefined;

/** The outputs of each step, by its path. */
const outputsByPath = ({ events }: Observed): ReadonlyMap<string, string> =>
  new Map(
    events.flatMap((event): Array<[string, string]> => {
      if (event.type !== "step.succeeded" && event.type !== "expansion.succeeded") return [];
      const values = Object.values(event.outputs);
      return [[event.path, unorderedText(values.length === 1 ? values[0] : event.outputs)]];
    }),
  );

const shownSteps = 6;
const short = (text: string): string => (text.length <= 200 ? text : `${text.slice(0, 199)}…`);

/** The steps in which two runs differ, in the order in which the first run reached them. */
const differences = (one: Observed, other: Observed): ReadonlyArray<{ path: string; line: string }> => {
  const [before, now] = [outputsByPath(one), outputsByPath(other)];
  return [...new Set([...before.keys(), ...now.keys()])].flatMap((path) => {
    const [was, is] = [before.get(path), now.get(path)];
    if (was === is) return [];
    const line =
      was === undefined
        ? `+ ${path}: ${short(is!)}`
        : is === undefined
          ? `- ${path}: ${short(was)}`
          : `~ ${path}: ${short(was)} → ${short(is)}`;
    return [{ path, line }];
  });
};

const differing = (first: Observed, other: Observed, how: string): Verdict => {
  const shape = shapeDifference(runShape(first), runShape(other));
  const steps = differences(first, other);
  const lines = steps.slice(0, shownSteps).map(({ line }) => line);
  const more = steps.length - lines.length;
  const isOfGraph = shape !== undefined && outcomeOf(first) === outcomeOf(other);
  const path = steps[0]?.path ?? shape?.path;
  return broken(
    isOfGraph
      ? `"${shape.path}" is ${shape.before}`
      : `the same input returns the same result: it ${outcomeOf(first)}`,
    isOfGraph ? `${how}, it is ${shape.now}` : `${how}, it ${outcomeOf(other)}`,
    {
      path,
      plan: other.plan,
      details: [
        ...(lines.length === 0 ? [] : ["The steps that differ (first run → other run):", ...lines]),
        ...(more > 0 ? [`and ${more} more`] : []),
      ],
    },
  );
};

const again =
  "run again with the same clock, random numbers, environment and order, so it depends on earlier calls (a variable outside the step, a cache, a file) or on something that the check does not control";

/**
 * Names the cause only if control runs agree: the unchanged run returns the same result again, and the run with this one
 * change returns the other result twice.
 */
const blamed = async (
  subject: Subject,
  given: Given,
  tools: LawTools,
  first: Observed,
  other: Observed,
): Promise<Verdict> => {
  const run = (options: ObserveOptions): Promise<Observed> => settled(subject, given, options);
  const control = await run({});
  if (!isSame(first, control, tools)) return differing(first, control, again);
  const all = changes(tools.seed);
  for (const cause of ["clock", "chance", "environment", "order"] as const) {
    const changed = await run(all[cause]);
    if (isSame(first, changed, tools)) continue;
    const [once, unchanged] = [await run(all[cause]), await run({})];
    if (isSame(first, once, tools)) continue;
    if (!isSame(first, unchanged, tools)) return differing(first, unchanged, again);
    return differing(first, changed, words[cause]);
  }
  return differing(first, other, `${Object.values(words).slice(0, 3).join(", ")} and ${words.order}`);
};

const hasEnded = ({ ended }: Observed): boolean => !("stuck" in ended) && Exit.isSuccess(ended.exit);

export const repeatable: Law = {
  name: "repeatable",
  looksAtFirst: true,
  sentence:
    "The same input returns the same result twice, whatever the clock, random numbers, environment and key order.",
  check: async (subject, given, tools) => {
    const first = await tools.first();
    const all = changes(tools.seed);
    const other = await settled(subject, given, {
      ...all.clock,
      ...all.chance,
      ...all.environment,
      ...all.order,
    });
    if (!isSame(first, other, tools)) return blamed(subject, given, tools, first, other);
    if (first.calls.length === 0) return vacuous("no step was called");
    return hasEnded(first) ? held : vacuous(`every run failed: it ${textOf(outcomeOf(first))}`);
  },
};
