/**
 * A store's file: opened, owned, checked and migrated. One process owns a file: SQLite's exclusive lock says so, which a
 * killed process leaves to the next. A second file beside it tells who the owner is.
 */
import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreCorrupt, StoreError } from "../errors.ts";
import { problemOf } from "./problems.ts";
import { applicationId, migrations } from "./schema.ts";

/** Above this, a check of the whole file at each start would take longer than it is worth. */
const checkedUpTo = 32 * 1024 * 1024;

/** The one name of a file, however it is written. */
export const nameOf = (filename: string): string => {
  if (filename === ":memory:") return filename;
  const path = resolve(filename);
  try {
    return realpathSync(path);
  } catch {
    try {
      return join(realpathSync(dirname(path)), basename(path));
    } catch {
      return path;
    }
  }
};

export const ownerFile = (name: string): string => `${name}-owner`;

/** Who has the file, as far as that can be told. */
const owner = (name: string): string => {
  try {
    const { pid, since } = JSON.parse(readFileSync(ownerFile(name), "utf8")) as {
      readonly pid: number;
      readonly since: string;
    };
    return `process ${pid} has it since ${since}`;
  } catch {
    return "another process has it";
  }
};

const inUse = (name: string): StoreError =>
  new StoreError({
    store: name,
    kind: "busy",
    reason: `${owner(name)}, and only one at a time can. Wait until it has ended, or use another file.`,
  });

const pragma = (database: DatabaseSync, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];

/** Takes the lock, which SQLite keeps until the connection is closed, and looks at whose file it is. */
const own = (database: DatabaseSync, name: string): void => {
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA journal_mode = WAL");
  // Survives a loss of power: a commit has reached the disk when it returns.
  database.exec("PRAGMA synchronous = FULL");
  database.exec("BEGIN IMMEDIATE");
  database.exec("COMMIT");
  const isNew = pragma(database, "schema_version") === 0;
  const id = pragma(database, "application_id");
  if (!isNew && id !== applicationId) {
    throw new StoreCorrupt({
      store: name,
      reason: "it is no store of Espalier, or its beginning is damaged.",
    });
  }
};

const check = (database: DatabaseSync, name: string): void => {
  if (name !== ":memory:" && statSync(name).size > checkedUpTo) return;
  const found = pragma(database, "integrity_check(1)");
  if (found !== "ok") throw new StoreCorrupt({ store: name, reason: `${String(found)}.` });
};

const migrate = (database: DatabaseSync, name: string): void => {
  const version = Number(pragma(database, "user_version"));
  if (version > migrations.length || version < 0) {
    throw new StoreError({
      store: name,
      kind: "newer",
      reason: `it was written by a newer Espalier (version ${version} of the file, and this one knows ${migrations.length}). Update Espalier, or use another file.`,
    });
  }
  if (version === migrations.length) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
};

/** SQLite calls it an error of the disk where it cannot make its log beside the file. */
const checkWritable = (name: string): void => {
  try {
    accessSync(dirname(name), constants.W_OK);
    if (existsSync(name)) accessSync(name, constants.R_OK | constants.W_OK);
  } catch {
    throw new StoreError({
      store: name,
      kind: "read-only",
      reason: "it cannot be written: make the file and its folder writable for you.",
    });
  }
};

/** Limits how large the file may grow. */
const limit = (database: DatabaseSync, maxFileBytes: number | undefined): void => {
  if (maxFileBytes === undefined) return;
  const pages = Math.max(1, Math.floor(maxFileBytes / Number(pragma(database, "page_size"))));
  database.exec(`PRAGMA max_page_count = ${pages}`);
};

/** Opens a file. Throws typed errors. */
export const openDatabase = (name: string, maxFileBytes: number | undefined): DatabaseSync => {
  if (name !== ":memory:" && !existsSync(dirname(name))) {
    throw new StoreError({
      store: name,
      kind: "missing",
      reason: `there is no folder "${dirname(name)}": make it first.`,
    });
  }
  if (name !== ":memory:") checkWritable(name);
  const database = new DatabaseSync(name, { timeout: 500 });
  try {
    own(database, name);
    check(database, name);
    migrate(database, name);
    limit(database, maxFileBytes);
    // A run that nobody owns any more has crashed.
    database.exec("UPDATE runs SET status = 'crashed' WHERE status = 'running'");
    if (name !== ":memory:") {
      const since = new Date().toISOString();
      writeFileSync(ownerFile(name), JSON.stringify({ pid: process.pid, since }));
    }
    return database;
  } catch (error) {
    database.close();
    const problem = problemOf(name, error);
    throw problem instanceof StoreError && problem.kind === "busy" ? inUse(name) : problem;
  }
};

export const closeDatabase = (database: DatabaseSync, name: string): void => {
  if (name !== ":memory:") rmSync(ownerFile(name), { force: true });
  database.close();
};
