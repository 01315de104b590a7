/** Results as Markdown. */
import { availableParallelism } from "node:os";
import type { Contender } from "./contender.ts";
import type { Results } from "./measure.ts";
import type { Target } from "./targets.ts";
import { reached, targets, timeOf } from "./targets.ts";

const digits = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

const rows = (lines: ReadonlyArray<ReadonlyArray<string>>): string =>
  lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");

export const table = (head: ReadonlyArray<string>, lines: ReadonlyArray<ReadonlyArray<string>>): string =>
  rows([head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...lines]);

export const machine = (): string =>
  `Node ${process.versions.node.split(".")[0]}, ${availableParallelism()} cores.`;

const cellOf = (results: Results, name: string): string => {
  const micros = timeOf(results, name);
  if (micros === undefined) return "–";
  const base = timeOf(results, "Promise.all, values");
  const shown = results.idealMillis === undefined ? digits(micros) : digits((micros * results.steps) / 1000);
  return base === undefined ? shown : `${shown} (${digits(micros / base)}×)`;
};

const middleOf = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Construction, for workloads in which it is not part of the run as it is in expansions: the median of all of them. */
const constructionOf = (all: ReadonlyArray<Results>, name: string): string => {
  const found = all
    .filter(({ key }) => key !== "dynamic" && key !== "nested")
    .flatMap((results) => {
      const measured = results.of.get(name);
      return measured === undefined || typeof measured === "string" ? [] : [measured.construct];
    });
  return found.length === 0 ? "–" : digits(middleOf(found));
};

export const speedTable = (all: ReadonlyArray<Results>, contenders: ReadonlyArray<Contender>): string =>
  table(
    [
      "",
      ...all.map(({ title, idealMillis }) =>
        idealMillis === undefined ? `${title}, µs/step` : `${title}, ms (ideal ${idealMillis})`,
      ),
      "construction, µs/step",
    ],
    contenders.map(({ name }) => [
      name,
      ...all.map((results) => cellOf(results, name)),
      constructionOf(all, name),
    ]),
  );

/** The precision of measured CPU times. */
const tolerance = 1.02;

const verdict = (value: number | undefined, limit: number | undefined, isLeast: boolean): string => {
  if (value === undefined) return "–";
  if (limit === undefined) return `${digits(value)}×`;
  const isMet = isLeast ? value * tolerance >= limit : value <= limit * tolerance;
  return `${digits(value)}× (${isLeast ? "≥" : "≤"} ${limit}) ${isMet ? "✓" : "✗"}`;
};

export const targetTable = (all: ReadonlyArray<Results>): string =>
  table(
    [
      "",
      "faster than fibers",
      "faster than the best library",
      "time of Promise.all",
      "values against Effects",
    ],
    all.map((results) => {
      const target: Target | undefined = targets[results.key];
      const { fibers, peer, promises, values } = reached(results);
      return [
        results.title,
        verdict(fibers, target?.fibers, true),
        verdict(peer, target?.peer, true),
        verdict(promises, target?.promises, false),
        verdict(values, results.idealMillis === undefined ? 1 : undefined, false),
      ];
    }),
  );
