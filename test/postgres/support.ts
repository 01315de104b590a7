/** Helpers that the tests of the Postgres store share. */
import { randomUUID } from "node:crypto";
import * as PgClient from "@effect/sql-pg/PgClient";
import * as Effect from "effect/Effect";
import * as Redacted from "effect/Redacted";
import type { StoreCodec, StoreLayer } from "espalier";
import { PostgresStore } from "espalier/postgres";
import { sharedPostgres } from "./server/shared.ts";

/** A name that is not in use yet. */
export const newSchema = (): string => `test ${randomUUID().slice(0, 8)}`;

/** A store in a schema of the tests' database, a new one by default. */
export const storeIn = async (schema = newSchema(), codec?: StoreCodec): Promise<StoreLayer> =>
  PostgresStore.layer({ url: await sharedPostgres(), schema, ...(codec === undefined ? {} : { codec }) });

/** The address of a new schema, for another process: `storeOf` turns it into a store. */
export const newAddress = async (): Promise<string> => {
  const url = new URL(await sharedPostgres());
  url.searchParams.set("schema", newSchema());
  return url.href;
};

type Row = Readonly<Record<string, any>>;

/** Queries the database directly. */
export const sql = async (text: string, url?: string): Promise<ReadonlyArray<Row>> => {
  const client = PgClient.layer({ url: Redacted.make(url ?? (await sharedPostgres())), maxConnections: 1 });
  const asked = Effect.flatMap(PgClient.PgClient, (pg) => pg.unsafe<Row>(text).unprepared);
  return Effect.runPromise(Effect.provide(asked, client));
};
