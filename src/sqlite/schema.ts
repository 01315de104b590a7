/** The tables of a store's file, and the migrations from older versions to this one. */

/** "Espl": marks a SQLite file as a store. */
export const applicationId = 0x45_73_70_6c;

/**
 * All records of one transaction of a run are one row, a line each: a row is expensive, a line is not, and a run
 * is read as a whole anyway. No row is ever updated, so a gap in the numbers of the records means damage.
 */
const records = `
  CREATE TABLE chunks (
    run INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    count INTEGER NOT NULL,
    time INTEGER NOT NULL,
    lines TEXT NOT NULL,
    crc INTEGER NOT NULL,
    PRIMARY KEY (run, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE events (
    event INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    path TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_run ON events (run);
  CREATE TABLE blobs (
    hash TEXT PRIMARY KEY,
    data BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE holds (
    run INTEGER NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (run, hash)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE cache (
    key TEXT PRIMARY KEY,
    step TEXT NOT NULL,
    version TEXT NOT NULL,
    inputs TEXT NOT NULL,
    text TEXT NOT NULL,
    run TEXT NOT NULL,
    path TEXT NOT NULL,
    time INTEGER NOT NULL,
    crc INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX cache_by_step ON cache (step, inputs);`;

/** For several processes: each run has an owner, and each claim an epoch. */
const owners = `
  CREATE TABLE owners (
    owner TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started TEXT NOT NULL,
    inode INTEGER NOT NULL,
    since INTEGER NOT NULL,
    beat INTEGER NOT NULL,
    tick INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE messages (
    message INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    type TEXT NOT NULL,
    path TEXT NOT NULL,
    text TEXT NOT NULL,
    time INTEGER NOT NULL,
    taken INTEGER NOT NULL DEFAULT 0,
    answer TEXT
  ) STRICT;
  CREATE INDEX messages_by_run ON messages (run, taken);
  CREATE TABLE waits (
    run INTEGER NOT NULL,
    path TEXT NOT NULL,
    since INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (run, path)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE computing (
    key TEXT PRIMARY KEY,
    owner TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;`;

/** The owners that execute the runs of others, and the runs that have not ended. */
const runners = `
  CREATE TABLE runners (
    owner TEXT PRIMARY KEY,
    text TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX runs_open ON runs (run) WHERE status = 'running';`;

/** Lets a page of the list of runs be read without the rest. */
const runsByTime = "CREATE INDEX runs_by_time ON runs (began, run);";

/** One version of the tables: its additions to the previous version. */
interface Version {
  /** Columns of the `runs` table. */
  readonly runColumns?: ReadonlyArray<string>;
  /** Tables and indexes. */
  readonly tables: string;
}

/** Never change a released version: add another. A later column needs a default, or must be nullable. */
const versions: ReadonlyArray<Version> = [
  {
    runColumns: [
      "run INTEGER PRIMARY KEY",
      "id TEXT NOT NULL UNIQUE",
      "pipeline TEXT NOT NULL",
      "shape TEXT NOT NULL",
      "inputs TEXT NOT NULL",
      "origin TEXT",
      "began INTEGER NOT NULL",
      "crc INTEGER NOT NULL",
      "status TEXT NOT NULL",
      "ended INTEGER",
      "error TEXT",
    ],
    tables: records,
  },
  {
    // `records` is the number of records of a run that has ended.
    runColumns: [
      "epoch INTEGER NOT NULL DEFAULT 0",
      "owner TEXT",
      "crashes INTEGER NOT NULL DEFAULT 0",
      "active INTEGER NOT NULL DEFAULT 0",
      "records INTEGER",
    ],
    tables: owners,
  },
  { tables: runners },
  // The lines of records abbreviate paths, which older versions cannot read.
  { tables: "" },
  { tables: runsByTime },
];

const runsWith = (columns: ReadonlyArray<string>): string =>
  `CREATE TABLE runs (${columns.join(", ")}) STRICT;`;

/** Each migrates a file from the previous version; the first turns an empty file into a store. */
export const migrations: ReadonlyArray<string> = versions.map(({ runColumns = [], tables }, version) =>
  version === 0
    ? `${runsWith(runColumns)} ${tables}`
    : [...runColumns.map((column) => `ALTER TABLE runs ADD COLUMN ${column};`), tables].join("\n"),
);

/** A new file gets the tables of this version at once, which takes half the time of creating and altering them. */
export const newest = [
  runsWith(versions.flatMap(({ runColumns = [] }) => runColumns)),
  ...versions.map(({ tables }) => tables),
].join("\n");
