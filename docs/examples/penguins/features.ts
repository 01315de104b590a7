/** From columns of any kind to rows of numbers. Everything is fitted to the training rows alone. */
import type { Cell, Penguin } from "./split.ts";

/** What the training rows say about a column: what to scale it by, or which values it has. */
export type Column =
  | { readonly name: string; readonly kind: "number"; readonly mean: number; readonly deviation: number }
  | { readonly name: string; readonly kind: "category"; readonly values: ReadonlyArray<string> };

/**
 * A column to be turned into numbers: for each row one number, or one for each value that the column has. Plain data, as
 * all outputs of these steps are: so a run can be recorded, and resumed after a crash.
 */
export interface Feature {
  readonly labels: ReadonlyArray<string>;
  readonly column: Column;
}

/** Rows ready for a model, each with its species as an index into `species`. */
export interface Table {
  readonly rows: ReadonlyArray<ReadonlyArray<number>>;
  readonly labels: ReadonlyArray<number>;
}

export interface Features {
  readonly species: ReadonlyArray<string>;
  readonly columns: ReadonlyArray<string>;
  readonly train: Table;
  readonly test: Table;
}

const mean = (numbers: ReadonlyArray<number>): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

const columnOf = (name: string, cells: ReadonlyArray<Cell>): Column => {
  const numbers = cells.filter((cell) => typeof cell === "number");
  if (numbers.length > 0) {
    const middle = mean(numbers);
    const deviation = Math.sqrt(mean(numbers.map((number) => (number - middle) ** 2)));
    return { name, kind: "number", mean: middle, deviation: deviation === 0 ? 1 : deviation };
  }
  const values = [...new Set(cells.filter((cell) => typeof cell === "string"))];
  return { name, kind: "category", values: values.toSorted() };
};

/** Looks at the rows and says what kind of column each is. */
export const columnsOf = (rows: ReadonlyArray<Penguin>): ReadonlyArray<Column> => {
  const names = new Set(rows.flatMap(({ cells }) => Object.keys(cells)));
  return [...names].map((name) =>
    columnOf(
      name,
      rows.map(({ cells }) => cells[name] ?? null),
    ),
  );
};

/** A number in deviations from the mean. */
export const scaled = (column: Extract<Column, { kind: "number" }>): Feature => ({
  labels: [column.name],
  column,
});

/** One number for each value that the column has. */
export const oneHot = (column: Extract<Column, { kind: "category" }>): Feature => ({
  labels: column.values.map((value) => `${column.name} = ${value}`),
  column,
});

/** What a row has for a feature. A gap is the mean, or none of the values. */
const numbersOf = ({ column }: Feature, { cells }: Penguin): ReadonlyArray<number> => {
  const cell = cells[column.name];
  if (column.kind === "category") return column.values.map((value) => (cell === value ? 1 : 0));
  return [typeof cell === "number" ? (cell - column.mean) / column.deviation : 0];
};

/** All features side by side, for the training rows and the rows held out. */
export const tableOf = (
  features: ReadonlyArray<Feature>,
  train: ReadonlyArray<Penguin>,
  test: ReadonlyArray<Penguin>,
): Features => {
  const species = [...new Set(train.map((penguin) => penguin.species))].toSorted();
  const table = (penguins: ReadonlyArray<Penguin>): Table => ({
    rows: penguins.map((penguin) => features.flatMap((feature) => numbersOf(feature, penguin))),
    labels: penguins.map((penguin) => species.indexOf(penguin.species)),
  });
  return {
    species,
    columns: features.flatMap(({ labels }) => labels),
    train: table(train),
    test: table(test),
  };
};

/** The table without each `parts`-th row, and those rows: what one round of cross-validation trains on and judges by. */
export interface Fold {
  readonly train: Table;
  readonly judge: Table;
}

export const foldOf = ({ rows, labels }: Table, part: number, parts: number): Fold => {
  const pick = (isJudged: boolean): Table => ({
    rows: rows.filter((_, i) => (i % parts === part) === isJudged),
    labels: labels.filter((_, i) => (i % parts === part) === isJudged),
  });
  return { train: pick(false), judge: pick(true) };
};
