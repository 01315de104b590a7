/**
 * A durable store in a Postgres database, based on `@effect/sql-pg`.
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
 * Settings of a store in Postgres.
 *
 * @public
 */
export interface PostgresSettings {
  /** The schema that holds the store's tables, created if missing: `"espalier"` by default. Table names start with `espalier_`. */
  readonly schema?: string | undefined;
  /** The maximum size of one value's text, in bytes: 256 MiB by default, at most 512 MiB less one. A larger output fails its step. */
  readonly maxValueBytes?: number | undefined;
  /** Encrypts recorded values, which lets `Redacted` ones be recorded. Every process needs the same codec. */
  readonly codec?: StoreCodec | undefined;
}

/**
 * A database given by its URL.
 *
 * @public
 */
export interface PostgresUrl {
  /** `postgres://user:password@host:5432/database`. It must not point to a pooler in transaction mode. */
  readonly url: string;
}

/**
 * A database given by an existing client of `@effect/sql-pg`.
 *
 * @public
 */
export interface PostgresClient {
  /** The client. The store opens two connections of its own with the client's settings, and never closes the client. */
  readonly client: PgClient;
}

/**
 * The location and the settings of a store in Postgres.
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
 * A store in a Postgres database, version 14 or newer. Any number of processes on any number of machines can use it at once; each
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
