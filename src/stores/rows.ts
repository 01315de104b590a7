/** The rows that every store keeps for a run, and the checks that they must pass before they are used. */
import { StoreCorrupt } from "../errors.ts";
import type { Entry } from "../journal/records.ts";
import type { RunStatus } from "../journal/store.ts";
import { readLines } from "./lines.ts";
import { checksum } from "./texts.ts";

export interface RunRow {
  readonly run: number;
  readonly id: string;
  readonly pipeline: string;
  readonly shape: string;
  readonly inputs: string;
  readonly origin: string | null;
  readonly began: number;
  readonly crc: number;
  readonly status: RunStatus;
  readonly ended: number | null;
  readonly error: string | null;
  readonly epoch: number;
  /** The number of consecutive claims whose owner was gone without having recorded anything. */
  readonly crashes: number;
  /** When it was last claimed, or ended. */
  readonly active: number;
  /** The number of records that it had when it ended. */
  readonly records: number | null;
}

/** All records of one transaction of a run, a line each. */
export interface ChunkRow {
  /** The number of its first record; a run's records count from 1. */
  readonly seq: number;
  readonly count: number;
  readonly time: number;
  readonly lines: string;
  readonly crc: number;
}

/** The status of a run without an owner, from its row. */
export const unowned = ({ status, epoch, active }: RunRow): RunStatus =>
  // Before runs had owners, they had no epochs and no activity either.
  status !== "running" ? status : epoch === 0 && active > 0 ? "submitted" : "crashed";

/** The state of a run before it was claimed, to be restored when the run is given back. */
export type Before = Pick<RunRow, "status" | "ended" | "error" | "crashes" | "active" | "records">;

export const beforeOf = ({ status, ended, error, crashes, active, records }: RunRow): Before => ({
  status,
  ended,
  error,
  crashes,
  active,
  records,
});

export const runChecksum = (row: Pick<RunRow, "id" | "pipeline" | "shape" | "inputs" | "origin" | "began">) =>
  checksum(row.id, row.pipeline, row.shape, row.inputs, row.origin, row.began);

/** The error of a run that killed its process `mostCrashes` times in a row. */
export const crashedText = (crashes: number): string =>
  `It killed its process ${crashes} times in a row without recording anything.`;

export const checkRun = (row: RunRow, statuses: ReadonlyArray<RunStatus>, store: string): void => {
  if (row.crc === runChecksum(row) && statuses.includes(row.status)) return;
  throw new StoreCorrupt({ store, reason: `the row of run "${row.id}" differs from what was written.` });
};

/** Adds the records of a run's next row. Rows are only ever added: if one is missing, the store is damaged. */
export const addRecords = (entries: Array<Entry>, row: ChunkRow, id: string, store: string): void => {
  const { seq, count, time, lines, crc } = row;
  const corrupt = (reason: string) => new StoreCorrupt({ store, reason });
  if (seq !== entries.length + 1) throw corrupt(`record ${entries.length + 1} of run "${id}" is missing.`);
  if (crc !== checksum(seq, count, time, lines)) {
    throw corrupt(`record ${seq} of run "${id}" differs from what was written.`);
  }
  const before = entries.at(-1)?.path ?? "";
  for (const entry of readLines(lines, before, time, count, store)) entries.push(entry);
};

/** Checks that a run that has ended still has as many records as it had then. */
export const checkRecords = (entries: ReadonlyArray<Entry>, { records, id }: RunRow, store: string): void => {
  if (records === null || records === entries.length) return;
  const reason = `run "${id}" ended with ${records} records, and ${entries.length} are there.`;
  throw new StoreCorrupt({ store, reason });
};
