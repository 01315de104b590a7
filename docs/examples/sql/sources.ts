/** The source tables: 3,376 airports of the United States and 10,000 flights of 2001, from the package `vega-datasets`. */
import { readFile } from "node:fs/promises";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";

const dataset = (name: string): Promise<string> =>
  readFile(new URL(`../data/${name}`, import.meta.resolve("vega-datasets")), "utf8");

const load = (
  database: DatabaseSync,
  table: string,
  columns: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<SQLInputValue>>,
): void => {
  database.exec(`create table ${table} (${columns.join(", ")})`);
  const insert = database.prepare(`insert into ${table} values (${columns.map(() => "?").join(", ")})`);
  database.exec("begin");
  for (const row of rows) insert.run(...row);
  database.exec("commit");
};

interface Flight {
  readonly date: string;
  readonly delay: number;
  readonly distance: number;
  readonly origin: string;
  readonly destination: string;
}

/** The cells of a line of CSV; one that contains a comma is quoted. */
const cellsOf = (line: string): ReadonlyArray<string> =>
  Array.from(line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g), ([, quoted, plain]) => quoted ?? plain ?? "");

/** Loads both tables and returns how many rows each has. */
export const loadSources = async (
  database: DatabaseSync,
): Promise<{ readonly airports: number; readonly flights: number }> => {
  const [[header = "", ...lines], flights] = await Promise.all([
    dataset("airports.csv").then((text) => text.trim().split(/\r?\n/)),
    dataset("flights-10k.json").then((text) => JSON.parse(text) as ReadonlyArray<Flight>),
  ]);
  const airports = lines.map(cellsOf);
  load(database, "source_airports", cellsOf(header), airports);
  load(
    database,
    "source_flights",
    ["date", "delay", "distance", "origin", "destination"],
    flights.map(({ date, delay, distance, origin, destination }) => [
      date,
      delay,
      distance,
      origin,
      destination,
    ]),
  );
  return { airports: airports.length, flights: flights.length };
};
