/** Deletes old runs, with everything that only they refer to, and cached outputs of that age. */
import type { DatabaseSync } from "node:sqlite";
import type { PruneOptions } from "../journal/store.ts";
import { transaction } from "./database.ts";
import type { Reader, SqliteRunRow } from "./reader.ts";

/** Selects runs by their last activity: the last claim, record or end. Owned runs are never included. */
const old = (
  database: DatabaseSync,
  reader: Reader,
  { before, resumable }: PruneOptions,
): ReadonlyArray<number> => {
  const rows = database
    .prepare(
      `SELECT * FROM runs WHERE max(active, coalesce(ended, began), began,
         coalesce((SELECT max(time) FROM chunks WHERE chunks.run = runs.run), 0)) < ?`,
    )
    .all(before) as unknown as ReadonlyArray<SqliteRunRow>;
  return rows
    .filter((row) => {
      const status = reader.statusOf(row);
      return status === "succeeded" || (resumable && status !== "running");
    })
    .map(({ run }) => run);
};

export const prune = (database: DatabaseSync, reader: Reader, options: PruneOptions): number => {
  const count = transaction(database, () => {
    const runs = JSON.stringify(old(database, reader, options));
    for (const table of ["chunks", "events", "holds", "messages", "waits", "runs"]) {
      database.prepare(`DELETE FROM ${table} WHERE run IN (SELECT value FROM json_each(?))`).run(runs);
    }
    database.prepare("DELETE FROM cache WHERE time < ?").run(options.before);
    database.exec(
      `DELETE FROM blobs WHERE hash NOT IN (
         SELECT hash FROM holds UNION SELECT substr(text, 2) FROM cache WHERE text LIKE '#%')`,
    );
    return (JSON.parse(runs) as ReadonlyArray<number>).length;
  });
  try {
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // Another process is reading: the next checkpoint does it.
  }
  return count;
};
