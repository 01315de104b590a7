/**
 * The processes that own runs in a file, and which of them are alive. Each has a row whose lease it renews once a second. A
 * killed process is detected immediately by its process id; one that is frozen, or that cannot be checked, by its lease.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { DatabaseSync, StatementSync } from "node:sqlite";

/** An owner without a beat for this long is gone. */
export const leaseMillis = 5_000;

export interface OwnerRow {
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly started: string;
  /** The inode of the open file: in a copy of a store, no run has an owner. */
  readonly inode: number;
  readonly since: number;
  /** The time of the last beat, by the wall clock. */
  readonly beat: number;
  /** The same by a monotonic clock, which all processes of one host share. */
  readonly tick: number;
}

const contents = (read: () => string): string => {
  try {
    return read().trim();
  } catch {
    return "";
  }
};

/** Processes of the same host see each other's process ids and share a clock; those of another container do not. */
const host: string = (() => {
  const boot = contents(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  const space = contents(() => readlinkSync("/proc/self/ns/pid"));
  return boot === "" || space === "" ? `host ${hostname()}` : `boot ${boot} ${space}`;
})();

/** Milliseconds of the monotonic clock. */
const tickNow = (): number => Math.floor(Number(process.hrtime.bigint() / 1_000_000n));

/** The state and start time of a process, if the system reports them. */
const statOf = (pid: number): { readonly state: string; readonly started: string } | undefined => {
  const text = contents(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (text === "") return undefined;
  // The name before it may contain anything, including spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", started: fields[19] ?? "" };
};

const livesHere = ({ pid, started }: OwnerRow): boolean => {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const stat = statOf(pid);
  if (stat === undefined || started === "") return true;
  return stat.started === started && stat.state !== "Z" && stat.state !== "X";
};

const isAlive = (row: OwnerRow | undefined, inode: number): boolean => {
  if (row === undefined || row.inode !== inode) return false;
  if (row.host !== host) return Math.abs(Date.now() - row.beat) <= leaseMillis;
  return Math.abs(tickNow() - row.tick) <= leaseMillis && livesHere(row);
};

export const beatSql = `INSERT INTO owners (owner, host, pid, started, inode, since, beat, tick) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (owner) DO UPDATE SET beat = excluded.beat, tick = excluded.tick`;

/** The row of this process in one file. */
const newOwner = (inode: number): OwnerRow => ({
  owner: randomUUID(),
  host,
  pid: process.pid,
  started: statOf(process.pid)?.started ?? "",
  inode,
  since: Date.now(),
  beat: Date.now(),
  tick: tickNow(),
});

export class Owners {
  readonly me: OwnerRow;
  readonly #beat: StatementSync;
  readonly #one: StatementSync;
  readonly #all: StatementSync;
  readonly #leave: StatementSync;
  readonly #clean: StatementSync;
  readonly #announce: StatementSync;
  readonly #withdraw: StatementSync;
  readonly #announced: StatementSync;
  #isAnnounced = false;

  constructor(database: DatabaseSync, inode: number) {
    this.me = newOwner(inode);
    this.#beat = database.prepare(beatSql);
    this.#one = database.prepare("SELECT * FROM owners WHERE owner = ?");
    this.#all = database.prepare("SELECT * FROM owners");
    this.#leave = database.prepare("DELETE FROM owners WHERE owner = ?");
    this.#clean = database.prepare(
      "DELETE FROM owners WHERE owner = ? AND owner NOT IN (SELECT owner FROM runs WHERE owner IS NOT NULL)",
    );
    this.#announce = database.prepare("INSERT OR REPLACE INTO runners (owner, text) VALUES (?, ?)");
    this.#withdraw = database.prepare("DELETE FROM runners WHERE owner = ?");
    this.#announced = database.prepare("SELECT owner, text FROM runners ORDER BY owner");
  }

  beat(): void {
    const { owner, host, pid, started, inode, since } = this.me;
    this.#beat.run(owner, host, pid, started, inode, since, Date.now(), tickNow());
  }

  leave(): void {
    if (this.#isAnnounced) this.announce(undefined);
    this.#leave.run(this.me.owner);
  }

  /** Announces that this process executes runs, or withdraws the announcement. */
  announce(text: string | undefined): void {
    if (text === undefined) this.#withdraw.run(this.me.owner);
    else this.#announce.run(this.me.owner, text);
    this.#isAnnounced = text !== undefined;
  }

  /** The announcements of the living processes that execute runs. */
  runners(): ReadonlyArray<string> {
    const rows = this.#announced.all() as unknown as ReadonlyArray<{
      readonly owner: string;
      readonly text: string;
    }>;
    return rows.flatMap(({ owner, text }) => (this.living(owner) === undefined ? [] : [text]));
  }

  /** Deletes owners that are gone and that no run refers to. */
  clean(): void {
    for (const row of this.#rows())
      if (row.owner !== this.me.owner && !this.#isAlive(row)) this.#clean.run(row.owner);
  }

  #isAlive(row: OwnerRow | undefined): boolean {
    return isAlive(row, this.me.inode);
  }

  #rows(): ReadonlyArray<OwnerRow> {
    return this.#all.all() as unknown as ReadonlyArray<OwnerRow>;
  }

  /** Whether another living process uses the file. */
  get hasOthers(): boolean {
    return this.#rows().some((row) => row.owner !== this.me.owner && this.#isAlive(row));
  }

  /** The owner with this name, if it is alive. This process is: it is the one asking. */
  living(owner: string | null): OwnerRow | undefined {
    if (owner === null) return undefined;
    if (owner === this.me.owner) return this.me;
    const row = this.#one.get(owner) as OwnerRow | undefined;
    return this.#isAlive(row) ? row : undefined;
  }
}

/** The name of an owner, for messages. */
export const nameOfOwner = ({ pid, host: at, since }: OwnerRow): string =>
  at === host && pid === process.pid
    ? "this process"
    : `process ${pid}${at === host ? "" : " of another machine or container"}, which started at ${new Date(since).toISOString()}`;
