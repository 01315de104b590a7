/**
 * SQL models, as in dbt. Each file in `models` is a SELECT, in which `{{ name }}` refers to another model. The files are the
 * graph: a dynamic step returns one step per model, which reads the steps of the models that it refers to. Each file in
 * `checks` is a SELECT that must find no rows.
 */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pipeline, step, type } from "espalier";
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
const materialize = (database: DatabaseSync, { name, sql }: Query): number => {
  database.exec(`create table ${name} as ${sql}`);
  return Number(database.prepare(`select count(*) as rows from ${name}`).get()?.["rows"]);
};

const check = (database: DatabaseSync, { sql }: Query): void => {
  const broken = database.prepare(sql).get();
  if (broken !== undefined) throw new Error(`It found the row ${JSON.stringify(broken)}`);
};

export const warehouse = pipeline("warehouse")
  .input("folder", type<string>())
  .step("database", [], () => new DatabaseSync(":memory:"))
  .step("sources", ["database"], ({ database }) => loadSources(database))
  .step("models", ["folder"], ({ folder }) => readQueries(join(folder, "models")))
  .step("checks", ["folder"], ({ folder }) => readQueries(join(folder, "checks")))
  .dynamic("rows", ["models", "checks", "database", "sources"], ({ models, checks, database }) =>
    pipeline("queries")
      .addAll(
        models.map((model) =>
          step(
            `model ${model.name}`,
            model.refersTo.map((name) => `model ${name}` as const),
            () => materialize(database, model),
          ),
        ),
      )
      .addAll(
        checks.map((query) =>
          step(
            `check ${query.name}`,
            query.refersTo.map((name) => `model ${name}` as const),
            () => check(database, query),
          ),
        ),
      )
      .step("rows", ["model *"], (found) => found["model *"])
      .returns("rows"),
  )
  .step("hubs", ["database", "rows"], ({ database }) =>
    database
      .prepare("select iata, city, flights from hubs order by flights desc limit 3")
      .all()
      .map(({ iata, city, flights }) => `${String(iata)} ${String(city)}: ${String(flights)} departures`),
  )
  .finally("closed", ["database", "hubs"], ({ database }) => {
    if (database._tag === "Success") database.success.close();
  })
  .returns("rows", "hubs");
