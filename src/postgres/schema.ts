/** The tables of a store in Postgres, and the migrations from older versions to this one. */
import { crc32 } from "node:zlib";

/** The quoted names of a schema and its tables. */
export interface Names {
  readonly schema: string;
  readonly quotedSchema: string;
  readonly table: (name: Table) => string;
  /** The channel that the processes of this store listen on. */
  readonly channel: string;
  /** Distinguishes the advisory locks of this store from those of others. */
  readonly lockSpace: number;
}

export const tables = [
  "runs",
  "chunks",
  "events",
  "blobs",
  "holds",
  "cache",
  "computing",
  "owners",
  "messages",
  "waits",
  "version",
  "runners",
] as const;
export type Table = (typeof tables)[number];

/** The tables of a store of this version. */
export const tablesOf = (version: number): ReadonlyArray<Table> =>
  version >= 2 ? tables : tables.filter((table) => table !== "runners");

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const namesOf = (schema: string): Names => {
  const sum = crc32(schema);
  return {
    schema,
    quotedSchema: quote(schema),
    // With a prefix, so that they can share a schema with the user's tables.
    table: (name) => `${quote(schema)}.espalier_${name}`,
    channel: `espalier_${sum.toString(36)}`,
    lockSpace: sum & 0x7fff_ffff,
  };
};

/**
 * Each migrates a store from the previous version; the first creates one. Never change a released migration: add
 * another. Several processes may run them at once: an advisory lock admits one at a time.
 *
 * All records of one commit of a run are one row, a line each, as in SQLite. Times of runs are in milliseconds
 * since 1970, by the clock of the process; times of owners are Postgres's own, so no two clocks are compared. Texts that
 * can be long are indexed only by their hash.
 */
export const migrations: ReadonlyArray<(names: Names) => ReadonlyArray<string>> = [
  ({ table: t }) => [
    `CREATE TABLE ${t("version")} (version integer NOT NULL)`,
    `CREATE TABLE ${t("runs")} (
      run bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id text COLLATE "C" NOT NULL UNIQUE,
      pipeline text NOT NULL,
      shape text NOT NULL,
      inputs text NOT NULL,
      origin text,
      began bigint NOT NULL,
      crc bigint NOT NULL,
      status text NOT NULL,
      ended bigint,
      error text,
      epoch integer NOT NULL,
      owner integer,
      claim text,
      crashes integer NOT NULL DEFAULT 0,
      active bigint NOT NULL,
      records integer
    ) WITH (fillfactor = 70)`,
    `CREATE INDEX espalier_runs_open ON ${t("runs")} (owner) WHERE status = 'running'`,
    `CREATE INDEX espalier_runs_began ON ${t("runs")} (began, run)`,
    `CREATE TABLE ${t("chunks")} (
      run bigint NOT NULL,
      seq integer NOT NULL,
      count integer NOT NULL,
      time bigint NOT NULL,
      lines text NOT NULL,
      crc bigint NOT NULL,
      PRIMARY KEY (run, seq)
    )`,
    `CREATE TABLE ${t("events")} (
      run bigint NOT NULL,
      epoch integer NOT NULL,
      number integer NOT NULL,
      time bigint NOT NULL,
      type text NOT NULL,
      path text NOT NULL,
      detail text NOT NULL,
      PRIMARY KEY (run, epoch, number)
    )`,
    `CREATE TABLE ${t("blobs")} (
      hash text NOT NULL,
      part integer NOT NULL,
      data bytea NOT NULL,
      touched timestamptz NOT NULL,
      PRIMARY KEY (hash, part)
    )`,
    `CREATE TABLE ${t("holds")} (run bigint NOT NULL, hash text NOT NULL, PRIMARY KEY (run, hash))`,
    `CREATE INDEX espalier_holds_hash ON ${t("holds")} (hash)`,
    `CREATE TABLE ${t("cache")} (
      key text PRIMARY KEY,
      step text NOT NULL,
      version text NOT NULL,
      inputs text NOT NULL,
      text text NOT NULL,
      run text NOT NULL,
      path text NOT NULL,
      time bigint NOT NULL,
      crc bigint NOT NULL
    )`,
    `CREATE INDEX espalier_cache_step ON ${t("cache")} (md5(step), inputs)`,
    `CREATE TABLE ${t("computing")} (key text PRIMARY KEY, owner integer NOT NULL)`,
    `CREATE TABLE ${t("owners")} (
      owner integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      host text NOT NULL,
      pid integer NOT NULL,
      since timestamptz NOT NULL,
      beat timestamptz NOT NULL,
      locks boolean NOT NULL
    ) WITH (fillfactor = 50)`,
    `CREATE TABLE ${t("messages")} (
      message bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      token text NOT NULL UNIQUE,
      run bigint NOT NULL,
      epoch integer NOT NULL,
      type text NOT NULL,
      path text NOT NULL,
      text text NOT NULL,
      time bigint NOT NULL,
      sent timestamptz NOT NULL,
      taken boolean NOT NULL DEFAULT false,
      answer text
    )`,
    `CREATE INDEX espalier_messages_run ON ${t("messages")} (run) WHERE NOT taken`,
    `CREATE TABLE ${t("waits")} (
      run bigint NOT NULL,
      key text NOT NULL,
      path text NOT NULL,
      since bigint NOT NULL,
      text text NOT NULL,
      PRIMARY KEY (run, key)
    )`,
  ],
  // The owners that execute the runs of others.
  ({ table: t }) => [`CREATE TABLE ${t("runners")} (owner integer PRIMARY KEY, text text NOT NULL)`],
  // The lines of records abbreviate paths, which older versions cannot read.
  () => ["NULL"],
];
