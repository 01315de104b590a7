/** The database of a store: its name for messages and for finding it again, without secrets. */
import type { PgClient, PgClientConfig } from "@effect/sql-pg/PgClient";
import * as Redacted from "effect/Redacted";
import { StoreError } from "../errors.ts";
import { typed } from "../values/specification.ts";

/** The default schema. */
export const defaultSchema = "espalier";

const example = "postgres://user:password@host:5432/database";

const invalid = (store: string, reason: string): StoreError =>
  new StoreError({ store, kind: "failed", reason });

/** Parses a URL. The error does not repeat an invalid text, since a password may be anywhere in it. */
const parse = (text: unknown): URL => {
  if (typeof text !== "string") {
    throw invalid(
      "postgres",
      `url must be a string such as ${example}; got ${typed(text)}. Or give a client.`,
    );
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid("postgres", `url is not a URL. Write it as ${example}, with special characters encoded.`);
  }
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") {
    throw invalid(
      "postgres",
      `url must begin with postgres://; got "${url.protocol}". Write it as ${example}.`,
    );
  }
  return url;
};

const nameOf = (host: string, port: string, database: string, schema: string): string => {
  const at = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const place = `postgres://${at}:${port}/${encodeURIComponent(database)}`;
  return schema === defaultSchema ? place : `${place}?schema=${encodeURIComponent(schema)}`;
};

const nameOfUrl = (text: string, schema: string): string => {
  const url = parse(text);
  const { searchParams } = url;
  const host = searchParams.get("host") ?? (url.hostname === "" ? "localhost" : url.hostname);
  const port = searchParams.get("port") ?? (url.port === "" ? "5432" : url.port);
  const user = searchParams.get("user") ?? decodeURIComponent(url.username);
  const database = searchParams.get("dbname") ?? decodeURIComponent(url.pathname.slice(1));
  return nameOf(host, port, database === "" ? user : database, schema);
};

const nameOfConfig = (config: PgClientConfig, schema: string): string => {
  if (config.url !== undefined && config.host === undefined && config.database === undefined) {
    return nameOfUrl(Redacted.value(config.url), schema);
  }
  const database = config.database ?? config.username ?? "postgres";
  return nameOf(config.path ?? config.host ?? "localhost", String(config.port ?? 5432), database, schema);
};

/** How to connect to a store. */
export type Target = { readonly url: string } | { readonly client: PgClient };

/** The target in the options. */
export const targetOf = (options: Target): Target =>
  "client" in options && options.client !== undefined
    ? { client: options.client }
    : { url: (options as { url: string }).url };

/** The name of a store. Throws if the URL is invalid. */
export const nameOfTarget = (target: Target, schema: string): string =>
  "url" in target ? nameOfUrl(target.url, schema) : nameOfConfig(target.client.config, schema);

/** Throws if the name is not valid for a schema. */
export const checkSchema = (schema: string): void => {
  const bytes = Buffer.byteLength(schema);
  if (
    bytes > 0 &&
    bytes <= 63 &&
    schema.isWellFormed() &&
    !schema.includes("\0") &&
    !schema.startsWith("pg_")
  )
    return;
  throw invalid(
    "postgres",
    `schema must be a name of 1 to 63 bytes that does not begin with "pg_"; got ${JSON.stringify(schema)}.`,
  );
};
