/**
 * SQL models, as in dbt. Each file in `models` is a SELECT, in which `{{ name }}` refers to another model. The files are the
 * graph: a dynamic step returns one step per model, which reads the steps of the models that it refers to. Each file in
 * `checks` is a SELECT that must find no rows.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { pipeline, step, type } from "espalier";
import { rowsOf } from "./rows-of.ts";
import { loadSources } from "./sources.ts";

interface Query {
  readonly name: string;
  readonly sql: string;
  /** The names of the models that it refers to. */
  readonly refersTo: ReadonlyArray<string>;
}

const reference = /\{\{ *(\w+) *\}\}/g;

const readQueries = (folder: string): ReadonlyArray<Query> =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .map((file) => {
      const sql = readFileSync(join(folder, file), "utf8");
      const names = Array.from(sql.matchAll(reference), ([, name = ""]) => name);
      return {
        name: basename(file, ".sql"),
        sql: sql.replace(reference, "$1"),
        refersTo: [...new Set(names)],
      };
    });

/** A model becomes a table. The output is its number of rows. */
const materialize = async (
  database: DuckDBInstance,
  { name, sql }: Query,
  signal: AbortSignal,
): Promise<number> => {
  await rowsOf(database, `create table ${name} as ${sql}`, signal);
  const [counted] = await rowsOf(database, `select count(*) as rows from ${name}`, signal);
  return Number(counted?.["rows"]);
};

const check = async (database: DuckDBInstance, { sql }: Query, signal: AbortSignal): Promise<void> => {
  const [broken] = await rowsOf(database, sql, signal);
  if (broken !== undefined) throw new Error(`It found the row ${JSON.stringify(broken)}`);
};

export const warehouse = pipeline("warehouse")
  .input("folder", type<string>())
  .step("database", [], () => DuckDBInstance.create(":memory:"))
  .step("sources", ["database"], ({ database }, { signal }) => loadSources(database, signal))
  .step("models", ["folder"], ({ folder }) => readQueries(join(folder, "models")))
  .step("checks", ["folder"], ({ folder }) => readQueries(join(folder, "checks")))
  .dynamic("rows", ["models", "checks", "database", "sources"], ({ models, checks, database }) =>
    pipeline("queries")
      .addAll(
        models.map((model) =>
          step(
            `model ${model.name}`,
            model.refersTo.map((name) => `model ${name}` as const),
            (_, { signal }) => materialize(database, model, signal),
          ),
        ),
      )
      .addAll(
        checks.map((query) =>
          step(
            `check ${query.name}`,
            query.refersTo.map((name) => `model ${name}` as const),
            (_, { signal }) => check(database, query, signal),
          ),
        ),
      )
      .step("rows", ["model *"], (found) => found["model *"])
      .returns("rows"),
  )
  .step("hubs", ["database", "rows"], async ({ database }, { signal }) => {
    const busiest = `
      select iata || ' ' || city || ': ' || flights || ' departures' as line
      from hubs order by flights desc limit 3`;
    return (await rowsOf(database, busiest, signal)).map(({ line }) => line as string);
  })
  .finally("closed", ["database", "hubs"], ({ database }) => {
    if (database._tag === "Success") database.success.closeSync();
  })
  .returns("rows", "hubs");
