/** Opens a store's database: checks that it is suitable, and creates or migrates the tables. */
import { randomUUID } from "node:crypto";
import { StoreCorrupt, StoreError } from "../errors.ts";
import type { Database } from "./database.ts";
import type { Names, Table } from "./schema.ts";
import { migrations, tablesOf } from "./schema.ts";

/** The oldest version that Postgres's own developers support. */
const oldest = 14;

const unsupported = (store: string, reason: string): StoreError =>
  new StoreError({ store, kind: "unsupported", reason });

const checkServer = async (database: Database): Promise<void> => {
  const [row] = await database.query(
    "SELECT current_setting('server_version_num')::int AS number, current_setting('server_encoding') AS encoding",
  );
  const version = Math.floor(Number(row?.["number"]) / 10_000);
  if (version < oldest) {
    throw unsupported(
      database.name,
      `it is Postgres ${version}, but ${oldest} or newer is required: update it, or use another server.`,
    );
  }
  if (row?.["encoding"] !== "UTF8") {
    throw unsupported(
      database.name,
      `its encoding is ${row?.["encoding"]}, but UTF8 is required: create the database with ENCODING 'UTF8'.`,
    );
  }
};

/** The store's tables that exist. */
const thereOf = async (query: Database["query"], { schema }: Names): Promise<ReadonlySet<string>> => {
  const rows = await query(
    "SELECT tablename AS name FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename LIKE 'espalier\\_%'",
    [schema],
  );
  return new Set(rows.map(({ name }) => name as string));
};

const versionOf = async (query: Database["query"], names: Names, store: string): Promise<number> => {
  const there = await thereOf(query, names);
  if (!there.has("espalier_version")) {
    if (there.size === 0) return 0;
    throw new StoreCorrupt({ store, reason: `its table "espalier_version" is missing.` });
  }
  const [row] = await query(`SELECT version FROM ${names.table("version")}`);
  const version = Number(row?.["version"] ?? 0);
  if (version > migrations.length) {
    throw new StoreError({
      store,
      kind: "newer",
      reason: `it was written by a newer Espalier (version ${version} of the schema; this one knows ${migrations.length}). Update Espalier, or use another schema.`,
    });
  }
  const missing = tablesOf(version).find((table: Table) => version > 0 && !there.has(`espalier_${table}`));
  if (missing !== undefined) {
    throw new StoreCorrupt({ store, reason: `its table "espalier_${missing}" is missing.` });
  }
  return version;
};

/** Another process may be migrating the same store: the version is read again once this one has the lock. */
const migrate = async (database: Database, names: Names): Promise<void> => {
  if ((await versionOf((...asked) => database.query(...asked), names, database.name)) === migrations.length)
    return;
  await database.transaction(async (query) => {
    await query(`SELECT pg_advisory_xact_lock(1164144748, ${names.lockSpace})`);
    const from = await versionOf(query, names, database.name);
    if (from === migrations.length) return;
    const [there] = await query("SELECT 1 AS found FROM pg_catalog.pg_namespace WHERE nspname = $1", [
      names.schema,
    ]);
    // Creating an existing schema would require a privilege that a store's user need not have.
    if (there === undefined) await query(`CREATE SCHEMA ${names.quotedSchema}`);
    // One block: each statement is a round trip.
    const statements = migrations.slice(from).flatMap((migration) => migration(names));
    const mark = `$espalier${randomUUID().replaceAll("-", "")}$`;
    await query(`DO ${mark} BEGIN ${statements.join(";\n")}; END ${mark}`);
    await query(`DELETE FROM ${names.table("version")}`);
    await query(`INSERT INTO ${names.table("version")} (version) VALUES (${migrations.length})`);
  });
};

/** Throws typed errors or Postgres's own. */
export const prepare = async (database: Database, names: Names): Promise<void> => {
  await checkServer(database);
  await migrate(database, names);
};
