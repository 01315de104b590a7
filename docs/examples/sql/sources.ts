/** The source tables: 3,376 airports of the United States and 10,000 flights of 2001, from the package `vega-datasets`. */
import { fileURLToPath } from "node:url";
import type { DuckDBInstance } from "@duckdb/node-api";
import { rowsOf } from "./rows-of.ts";

const sources = { source_airports: "airports.csv", source_flights: "flights-10k.json" };

/** DuckDB reads CSV and JSON itself, and finds the columns and their types. */
export const loadSources = async (database: DuckDBInstance, signal: AbortSignal): Promise<void> => {
  for (const [table, file] of Object.entries(sources)) {
    const path = fileURLToPath(new URL(`../data/${file}`, import.meta.resolve("vega-datasets")));
    await rowsOf(database, `create table ${table} as from '${path.replaceAll("'", "''")}'`, signal);
  }
};
