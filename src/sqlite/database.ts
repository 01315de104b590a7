/** A store's file: creates, opens, checks and migrates it. Several processes may do so at once. */
import { accessSync, closeSync, constants, existsSync, openSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { StoreCorrupt, StoreError } from "../errors.ts";
import { applicationId, migrations, newest } from "./schema.ts";

/** Checking a file of up to this size takes a few milliseconds. The rows of larger ones are checked as they are read. */
const checkedUpTo = 4 * 1024 * 1024;

/** How long SQLite itself waits for a lock: this blocks the event loop, and bridges the gap between two commits. */
const busyMillis = 5;

export const inMemory = ":memory:";

/** The canonical name of a file, however it is written. */
export const nameOf = (filename: string): string => {
  if (filename === inMemory) return filename;
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

const pragma = (database: DatabaseSync, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];

/** Runs `work` in one write transaction. If it throws, nothing is written, and the error is rethrown. */
export const transaction = <Value>(database: DatabaseSync, work: () => Value): Value => {
  database.exec("BEGIN IMMEDIATE");
  try {
    const value = work();
    database.exec("COMMIT");
    return value;
  } catch (error) {
    // If the disk was full, SQLite has already rolled back.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
};

const isForeign = (database: DatabaseSync): boolean =>
  pragma(database, "schema_version") !== 0 && pragma(database, "application_id") !== applicationId;

const checkForeign = (database: DatabaseSync, name: string): void => {
  if (!isForeign(database)) return;
  throw new StoreCorrupt({
    store: name,
    reason: "it is not a store of Espalier, or its beginning is damaged.",
  });
};

const check = (database: DatabaseSync, name: string): void => {
  if (name === inMemory || statSync(name).size > checkedUpTo) return;
  const found = pragma(database, "integrity_check(1)");
  if (found !== "ok") throw new StoreCorrupt({ store: name, reason: `${String(found)}.` });
};

const versionOf = (database: DatabaseSync, name: string): number => {
  const version = Number(pragma(database, "user_version"));
  if (version >= 0 && version <= migrations.length) return version;
  throw new StoreError({
    store: name,
    kind: "newer",
    reason: `it was written by a newer Espalier (version ${version} of the file; this one knows ${migrations.length}). Update Espalier, or use another file.`,
  });
};

/** Another process may be migrating the same file: the version is read again once this one has the lock. */
const migrate = (database: DatabaseSync, name: string): void => {
  if (versionOf(database, name) === migrations.length) return;
  transaction(database, () => {
    checkForeign(database, name);
    const version = versionOf(database, name);
    if (version === 0) database.exec(newest);
    else for (const migration of migrations.slice(version)) database.exec(migration);
    database.exec(`PRAGMA application_id = ${applicationId}`);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
};

const tables = [
  "runs",
  "chunks",
  "events",
  "blobs",
  "holds",
  "cache",
  "owners",
  "messages",
  "waits",
  "computing",
  "runners",
];

const checkTables = (database: DatabaseSync, name: string): void => {
  const there = new Set(
    database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map((row) => row["name"]),
  );
  const missing = tables.find((table) => !there.has(table));
  if (missing !== undefined) {
    throw new StoreCorrupt({ store: name, reason: `its table "${missing}" is missing.` });
  }
};

/** A folder inside one without search permission may exist. */
const isMissing = (folder: string): boolean => {
  try {
    statSync(folder);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "EACCES";
  }
};

/** If SQLite cannot create its log next to the file, it reports a disk error. */
const checkWritable = (name: string): void => {
  try {
    accessSync(dirname(name), constants.W_OK | constants.X_OK);
    if (existsSync(name)) accessSync(name, constants.R_OK | constants.W_OK);
  } catch {
    throw new StoreError({
      store: name,
      kind: "read-only",
      reason: "it cannot be written: make the file and its folder writable for you.",
    });
  }
};

/** Creates the file, accessible to its owner only; SQLite gives the files next to it the same mode. */
const create = (name: string): void => {
  const folder = dirname(name);
  if (isMissing(folder)) {
    throw new StoreError({
      store: name,
      kind: "missing",
      reason: `there is no folder "${folder}": create it first.`,
    });
  }
  checkWritable(name);
  if (!existsSync(name)) closeSync(openSync(name, "a", 0o600));
};

/** Sets the maximum size of the file. */
const limit = (database: DatabaseSync, maxFileBytes: number | undefined): void => {
  if (maxFileBytes === undefined) return;
  const pages = Math.max(1, Math.floor(maxFileBytes / Number(pragma(database, "page_size"))));
  database.exec(`PRAGMA max_page_count = ${pages}`);
};

/** Opens a file, once. Throws typed errors, or SQLite's own if the file is busy. */
export const openDatabase = (name: string, maxFileBytes: number | undefined): DatabaseSync => {
  if (name !== inMemory) create(name);
  const database = new DatabaseSync(name, { timeout: busyMillis });
  try {
    if (name !== inMemory) {
      checkForeign(database, name);
      database.exec("PRAGMA journal_mode = WAL");
    }
    // Survives a power loss: a commit has reached the disk when it returns.
    database.exec("PRAGMA synchronous = FULL");
    check(database, name);
    migrate(database, name);
    checkTables(database, name);
    limit(database, maxFileBytes);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
};
