/** The database, or any other store, that the processes of a cluster share. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { StoreCodec, StoreLayer } from "../../types/store.ts";
import type { Store } from "../journal/store.ts";
import { RunnerFailed } from "../errors.ts";
import { describe } from "../values/describe.ts";

/**
 * The database that the processes of a cluster share.
 *
 * @public
 */
export interface ClusterDatabase {
  /** The URL of a Postgres database: `postgres://user:password@host:5432/database`. */
  readonly database?: string;
  /** The schema that holds the tables; `"espalier"` by default. */
  readonly schema?: string;
  /** Encrypts recorded values. Every process needs the same codec. */
  readonly codec?: StoreCodec;
  /** A store to use instead of a database: a SQLite file serves the processes of one machine. */
  readonly store?: StoreLayer;
}

const refused = (reason: string): StoreLayer =>
  Layer.unwrap(Effect.fail(new RunnerFailed({ reason }))) as unknown as StoreLayer;

/** The store of that database. Loads `espalier/postgres` only if it is needed. */
export const storeOf = ({ database, store, schema, codec }: ClusterDatabase): StoreLayer => {
  if ((database === undefined) === (store === undefined)) {
    const given = database === undefined ? "neither" : "both";
    return refused(`it needs a database or a store; got ${given}. Give it { database: "postgres://…" }.`);
  }
  if (store !== undefined) return store;
  const made = Effect.map(
    Effect.tryPromise({
      try: () => import("../postgres/index.ts"),
      catch: (error) =>
        new RunnerFailed({ reason: `it needs the package @effect/sql-pg: ${describe(error)}` }),
    }),
    ({ PostgresStore }): StoreLayer =>
      PostgresStore.layer({
        url: database!,
        ...(schema === undefined ? {} : { schema }),
        ...(codec === undefined ? {} : { codec }),
      }),
  );
  return Layer.unwrap(made) as Layer.Layer<Store, any> as StoreLayer;
};
