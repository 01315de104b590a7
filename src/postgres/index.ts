/**
 * A durable store in a Postgres database, over `@effect/sql-pg`.
 *
 * @packageDocumentation
 */
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { StoreCodec, StoreLayer } from "../../types/store.ts";
import { Store } from "../journal/store.ts";
import { defaultSchema, targetOf } from "./address.ts";
import { acquire, release } from "./shared.ts";

/**
 * How a store in Postgres keeps its runs.
 *
 * @public
 */
export interface PostgresSettings {
  /** The schema that holds the store's tables: `"espalier"`. It is created if there is none. Their names begin with `espalier_`. */
  readonly schema?: string;
  /** How large the text of one value may be: 256 MiB, and at most 512 MiB less one. A larger output fails its step. */
  readonly maxValueBytes?: number;
  /** Encrypts recorded values, which lets `Redacted` ones be recorded. Every process needs the same codec. */
  readonly codec?: StoreCodec;
}

/**
 * A database by its address.
 *
 * @public
 */
export interface PostgresUrl {
  /** `postgres://user:password@host:5432/database`. It must not lead to a pooler in transaction mode. */
  readonly url: string;
}

/**
 * A database by a client of `@effect/sql-pg` that the program has.
 *
 * @public
 */
export interface PostgresClient {
  /** The client. The store makes two connections of its own with the client's settings, and never closes the client. */
  readonly client: PgClient;
}

/**
 * Where a store in Postgres is, and how it keeps its runs.
 *
 * @public
 */
export type PostgresOptions = PostgresSettings & (PostgresUrl | PostgresClient);

const layer = (options: PostgresOptions): StoreLayer => {
  const { schema = defaultSchema, maxValueBytes, codec } = options;
  const opened = Effect.suspend(() => acquire({ target: targetOf(options), schema, maxValueBytes, codec }));
  return Layer.effect(Store, Effect.acquireRelease(opened, release));
};

/**
 * A store in a Postgres database, 14 or newer. Any number of processes on any number of machines may use it at once; each
 * run is executed by one of them.
 *
 * @example
 * ```ts
 * import { pipeline } from "espalier";
 * import { PostgresStore } from "espalier/postgres";
 *
 * const store = PostgresStore.layer({ url: process.env["DATABASE_URL"]! });
 * const sum = pipeline("sum").step("one", [], () => 1).step("two", ["one"], ({ one }) => one + 1);
 * console.log((await sum.runPromise({}, { store, runId: "first" })).two); // 2
 * ```
 *
 * @public
 */
export const PostgresStore: {
  /** For the run option `store`, or for `Effect.provide`. */
  readonly layer: (options: PostgresOptions) => StoreLayer;
} = { layer };
