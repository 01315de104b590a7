/** The tables of a store's file, and how a file of an older version becomes one of this version. */

/** "Espl": what says that a SQLite file is a store. */
export const applicationId = 0x45_73_70_6c;

/**
 * Each brings a file from the version before to the next; the first makes an empty file a store. Never change one that
 * was released: add another.
 *
 * All records that a run makes in one transaction are one row, a line each: what a row costs, a line does not, and a run
 * is read as a whole anyway. Nothing is ever updated, so that a gap in the numbers of the records means damage.
 */
export const migrations: ReadonlyArray<string> = [
  `
  CREATE TABLE runs (
    run INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    pipeline TEXT NOT NULL,
    shape TEXT NOT NULL,
    inputs TEXT NOT NULL,
    origin TEXT,
    began INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    status TEXT NOT NULL,
    ended INTEGER,
    error TEXT
  ) STRICT;
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
  CREATE INDEX cache_by_step ON cache (step, inputs);
  `,
];
