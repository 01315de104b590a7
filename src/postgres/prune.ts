/** Deletes old runs, with everything that only they refer to, and cached outputs of that age. */
import type { PruneOptions } from "../journal/store.ts";
import type { Database } from "./database.ts";
import { numbers } from "./database.ts";
import type { Owners } from "./owners.ts";
import type { Names } from "./schema.ts";

/** Deletes the data of runs in batches of this size, so that no lock is held for long. */
const mostAtOnce = 1_000;

/** Selects runs by their last activity: the last claim, record or end. Owned runs are never included. */
const forgetSome = async (
  query: Database["query"],
  { table }: Names,
  owners: Owners,
  { before, resumable }: PruneOptions,
): Promise<number> => {
  const rows = await query(
    `SELECT r.run::float8 AS run FROM ${table("runs")} AS r
     WHERE greatest(r.active, coalesce(r.ended, r.began), r.began,
         coalesce((SELECT max(c.time) FROM ${table("chunks")} AS c WHERE c.run = r.run), 0)) < $1::float8
       AND CASE WHEN $2::boolean THEN ${owners.status("r")} <> 'running' ELSE r.status = 'succeeded' END
     ORDER BY r.run LIMIT ${mostAtOnce} FOR UPDATE OF r SKIP LOCKED`,
    [String(before), String(resumable)],
  );
  const runs = numbers(rows.map(({ run }) => run as number));
  for (const name of ["chunks", "events", "holds", "messages", "waits", "runs"] as const) {
    await query(`DELETE FROM ${table(name)} WHERE run = ANY ($1::bigint[])`, [runs]);
  }
  return rows.length;
};

export const prune = async (
  database: Database,
  names: Names,
  owners: Owners,
  options: PruneOptions,
): Promise<number> => {
  let count = 0;
  for (let some = mostAtOnce; some === mostAtOnce; count += some) {
    some = await database.transaction((query) => forgetSome(query, names, owners, options));
  }
  const { table } = names;
  await database.query(`DELETE FROM ${table("cache")} WHERE time < $1::float8`, [String(options.before)]);
  // A text is written before the rows that refer to it: one from today is possibly not referred to yet.
  await database.query(
    `DELETE FROM ${table("blobs")} AS b WHERE b.touched < now() - interval '1 day'
       AND NOT EXISTS (SELECT FROM ${table("holds")} AS h WHERE h.hash = b.hash)
       AND NOT EXISTS (SELECT FROM ${table("cache")} AS c WHERE c.text = '#' || b.hash)`,
  );
  return count;
};
