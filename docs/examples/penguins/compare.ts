/** From what each model reached to a leaderboard, and how it is printed. */
import type { Table } from "./features.ts";
import type { ModelName } from "./models.ts";
import { kinds } from "./models.ts";

/** A value of a hyper-parameter and how well it did in cross-validation. */
export interface Trial {
  readonly value: number;
  readonly validated: number;
}

/** What came of one model. */
export interface Entry extends Trial {
  readonly model: ModelName;
  readonly tried: number;
  /** The accuracy on the rows held out, which nothing was fitted to. */
  readonly accuracy: number;
}

/** The trial that did best; of equals the first. */
export const bestOf = (trials: ReadonlyArray<Trial>): Trial =>
  trials.reduce((best, trial) => (trial.validated > best.validated ? trial : best));

/** The best first. Ordered by cross-validation: the rows held out only judge, they do not choose. */
export const ranked = (entries: ReadonlyArray<Entry>): ReadonlyArray<Entry> =>
  entries.toSorted((a, b) => b.validated - a.validated);

/** The accuracy of always saying the species that is most frequent in training. */
export const constantGuess = (train: Table, test: Table): number => {
  const counts = new Map<number, number>();
  for (const label of train.labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const most = [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
  return test.labels.filter((label) => label === most).length / test.labels.length;
};

const row = (cells: ReadonlyArray<string | number>): string =>
  `${String(cells[0]).padEnd(22)}${String(cells[1]).padEnd(16)}${String(cells[2]).padStart(6)}${String(cells[3]).padStart(12)}${String(cells[4]).padStart(10)}`;

/** The leaderboard as text. */
export const leaderboardText = (entries: ReadonlyArray<Entry>, guess: number): string =>
  [
    row(["model", "best value", "tried", "validated", "held out"]),
    ...entries.map(({ accuracy, model, tried, validated, value }) =>
      row([model, `${kinds[model].parameter} ${value}`, tried, validated.toFixed(3), accuracy.toFixed(3)]),
    ),
    row(["a constant guess", "", "", "", guess.toFixed(3)]),
  ].join("\n");
