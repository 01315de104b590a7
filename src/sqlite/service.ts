/** A store over one file. All users of the same file in one process share one connection. */
import { stat, statSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import * as Effect from "effect/Effect";
import type { StoreCodec } from "../../types/store.ts";
import { StoreError } from "../errors.ts";
import type {
  Answer,
  Cached,
  CacheKey,
  Claim,
  Claimable,
  ClaimableRun,
  NewMessage,
  NewRun,
  PruneOptions,
  RunFilter,
  StoreProblem,
  StoreService,
} from "../journal/store.ts";
import { Cache } from "./cache.ts";
import type { Claimed } from "./claims.ts";
import { Claims } from "./claims.ts";
import { inMemory, openDatabase } from "./database.ts";
import type { Keeper, Statements } from "./journal.ts";
import { SqliteJournal, statements } from "./journal.ts";
import { dropLease, keepLease } from "./lease.ts";
import { leaving } from "../stores/leaving.ts";
import { answerMillis, unheard } from "../stores/messages.ts";
import { Mailbox } from "./mailbox.ts";
import { leaseMillis, Owners } from "./owners.ts";
import { prune } from "./prune.ts";
import { Reader } from "./reader.ts";
import { problemOf } from "./problems.ts";
import { patiently } from "./retry.ts";
import { Runners } from "./runners.ts";
import { Values } from "./values.ts";
import { Writer } from "./writer.ts";

export interface Limits {
  readonly maxValueBytes?: number | undefined;
  readonly maxFileBytes?: number | undefined;
  readonly codec?: StoreCodec | undefined;
}

/** How often a store with runs in progress polls for writes of others. */
const lookMillis = 40;
/** How often it checks that the file still exists. */
const checkMillis = 1_000;
/** A run whose owner has lived for this long did not kill it immediately. */
const survivedMillis = 60_000;

type Asked<Value> = Effect.Effect<Value, StoreProblem>;

export class SqliteService implements StoreService, Keeper {
  readonly name: string;
  readonly maxValueBytes: number;
  readonly keepsSecrets: boolean;
  readonly #database: DatabaseSync;
  readonly #values: Values;
  readonly #owners: Owners;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #claims: Claims;
  readonly #mailbox: Mailbox;
  readonly #statements: Statements;
  readonly #runners: Runners;
  readonly #cache: Cache;
  readonly #dataVersion: StatementSync;
  readonly #filename: string | undefined;
  readonly #journals = new Set<SqliteJournal>();
  readonly #inode: number | undefined = undefined;
  #seen: unknown = undefined;
  #isShared = false;
  #looking: NodeJS.Timeout | undefined = undefined;
  #lastCheck = 0;
  /** When this process last verified that its runs are its own. */
  #verified = performance.now();
  #hasLease = false;
  #isWanted = true;

  /** Opens the file, once. Throws. `name`: its name in messages, which differs for each store in memory. */
  constructor(
    name: string,
    filename: string,
    { maxValueBytes = 256 * 1024 * 1024, maxFileBytes, codec }: Limits,
  ) {
    this.name = name;
    this.maxValueBytes = maxValueBytes;
    this.keepsSecrets = codec !== undefined;
    this.#filename = filename === inMemory ? undefined : filename;
    const database = openDatabase(filename, maxFileBytes);
    if (filename !== inMemory) this.#inode = statSync(filename).ino;
    this.#database = database;
    this.#values = new Values(database, name, codec);
    this.#owners = new Owners(database, this.#inode ?? 0);
    this.#reader = new Reader(database, name, this.#values, this.#owners);
    this.#writer = new Writer(database, name, () => this.#isShared);
    this.#claims = new Claims(database, this.#owners, this.#reader, this.#values);
    this.#mailbox = new Mailbox(database, this.#reader, this.#owners, this.#claims, this.#values);
    this.#statements = statements(database);
    this.#runners = new Runners(database, this.#reader, this.#values);
    this.#cache = new Cache(database, this.#writer, this.#values, this.#owners, (work) =>
      Effect.runPromise(this.#ask(work)),
    );
    this.#dataVersion = database.prepare("PRAGMA data_version");
  }

  // -- Life cycle ----------------------------------------------------------------------------------------------------

  /** No layer uses it any more. It stays open as long as one of its runs does. */
  unwanted(): void {
    this.#isWanted = false;
    if (this.#journals.size === 0) this.#close();
  }

  wanted(): void {
    this.#isWanted = true;
  }

  #close(): void {
    if (!this.#database.isOpen) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
    leaving.delete(this);
    this.#writer.close();
    if (this.#hasLease) this.#leave();
    this.#database.close();
    this.onClosed();
  }

  /** Releases the lease. A process that only read has none, writes nothing, and blocks no other process. */
  #leave(): void {
    this.#hasLease = false;
    dropLease(this.#owners.me.owner);
    try {
      // All records of the runs are on the disk by now, and a lease need not survive a power loss.
      this.#database.exec("PRAGMA synchronous = NORMAL");
      this.#owners.leave();
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // Another process is writing, or nothing can be written: a lease that is not renewed expires by itself.
    }
  }

  onClosed: () => void = () => {};

  #ask<Value>(ask: () => Value): Asked<Value> {
    return patiently(this.name, () => {
      if (this.#database.isOpen) return ask();
      throw new StoreError({
        store: this.name,
        kind: "closed",
        reason: "it was closed: its layer's scope has ended.",
      });
    });
  }

  // -- Owning --------------------------------------------------------------------------------------------------------

  claim(runId: string, run: NewRun | undefined, which: Claimable = "all"): Asked<Claim> {
    return Effect.flatMap(
      this.#ask(() => {
        this.#keepLease();
        return this.#claims.claim(runId, run, which);
      }),
      (claimed): Asked<Claim> => {
        switch (claimed.type) {
          case "new":
            return Effect.succeed({ type: "new", journal: this.#journal(runId, claimed, 1) });
          case "existing":
            // The run belongs to this process now: its records are complete when they are read here.
            return this.#ask((): Claim => {
              try {
                const run = this.#reader.details(claimed.row);
                const seq = this.#reader.nextSeq(claimed.row.run);
                const journal = this.#journal(runId, { ...claimed, run: claimed.row.run }, seq);
                return { type: "existing", run, journal };
              } catch (error) {
                this.#claims.giveBack(claimed.row.run, claimed.epoch, claimed.before);
                throw error;
              }
            });
          case "succeeded":
            return Effect.flatMap(
              this.#ask(() => {
                const read = this.#reader.details(claimed.row);
                return { run: read, isSame: this.#reader.row(runId)?.epoch === claimed.row.epoch };
              }),
              // The run does not belong to this process: another one may have resumed it from a step while it was read.
              (read) =>
                read.isSame
                  ? Effect.succeed({ type: "succeeded", run: read.run })
                  : this.claim(runId, run, which),
            );
          default:
            return Effect.succeed(claimed);
        }
      },
    );
  }

  #journal(
    runId: string,
    claimed: { readonly run: number; readonly epoch: number } & Partial<
      Pick<Extract<Claimed, { before: unknown }>, "before">
    >,
    seq: number,
  ): SqliteJournal {
    const { run, epoch, before } = claimed;
    const isWaiting = before !== undefined && this.#reader.isWaiting(run);
    const journal = new SqliteJournal(
      { runId, run, epoch, seq, before, isWaiting, store: this.name },
      this,
      this.#writer,
      this.#statements,
      this.#values,
    );
    this.#verified = performance.now();
    this.#journals.add(journal);
    this.#keepLooking();
    return journal;
  }

  /** The timer keeps the process alive while a run is in progress, which may only be waiting and have nothing else. */
  #keepLooking(): void {
    leaving.add(this);
    this.#looking ??= setInterval(() => this.#look(), lookMillis);
  }

  /** Called before the first claim, to keep the time between a claim and its first commit as short as possible. */
  #keepLease(): void {
    if (this.#hasLease || this.#filename === undefined) return;
    this.#hasLease = true;
    keepLease(this.#filename, this.#owners.me);
    try {
      this.#owners.clean();
      this.#isShared = this.#owners.hasOthers;
    } catch {
      // Busy: another process is cleaning.
    }
  }

  forget(journal: SqliteJournal): void {
    this.#journals.delete(journal);
    if (this.#journals.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
    leaving.delete(this);
    // Not immediately: a caller that is notified of the end may still read.
    if (!this.#isWanted) setImmediate(() => !this.#isWanted && this.#journals.size === 0 && this.#close());
  }

  giveBack({ run, epoch, before }: SqliteJournal): Effect.Effect<void> {
    const asked =
      before === undefined ? this.#ask(() => {}) : this.#ask(() => this.#claims.giveBack(run, epoch, before));
    return Effect.ignore(asked);
  }

  isLate(): boolean {
    if (this.#filename === undefined || performance.now() - this.#verified < leaseMillis) return false;
    // This process was frozen, or blocked by a step: others may have taken over its runs.
    this.#verify();
    return performance.now() - this.#verified >= leaseMillis;
  }

  isLeaving(): boolean {
    return leaving.isLeaving;
  }

  /** The process is ending: the records stay, and others can take over the runs immediately. */
  releaseAll(): void {
    this.#writer.close();
    for (const { run, epoch } of this.#journals) {
      try {
        this.#statements.release.run(Date.now(), run, epoch);
      } catch {
        // The end of the process is detected anyway.
      }
    }
  }

  /** Finds the runs that have another owner by now. */
  #verify(): void {
    try {
      for (const journal of this.#journals) {
        if (this.#statements.fence.get(journal.run, journal.epoch) === undefined) {
          journal.lose("another process has taken it over, because this one seemed to be gone.");
        }
      }
      this.#verified = performance.now();
    } catch {
      // It is retried soon; until it succeeds, nothing new starts.
    }
  }

  #look(): void {
    const now = performance.now();
    this.#checkFile(now);
    try {
      const version = Object.values(this.#dataVersion.get() ?? {})[0];
      const isNews = version !== this.#seen;
      this.#seen = version;
      if (isNews) {
        this.#verify();
        this.#isShared = this.#filename !== undefined && this.#owners.hasOthers;
      } else this.#verified = now;
      for (const journal of this.#journals) {
        if (isNews || !journal.hasLooked) this.receive(journal).catch(() => {}); // Busy: it is retried.
      }
    } catch {
      // Busy, or worse: then a commit reports it.
    }
  }

  /** A deleted file still accepts writes, but no reader will ever find them. */
  #checkFile(now: number): void {
    if (this.#inode === undefined || now - this.#lastCheck < checkMillis) return;
    this.#lastCheck = now;
    this.#inodeOf((inode) => {
      if (inode === this.#inode || !this.#database.isOpen) return;
      const reason = "the file was deleted or replaced while runs were recorded in it.";
      this.#writer.fail(new StoreError({ store: this.name, kind: "missing", reason }));
    });
    for (const journal of this.#journals) {
      if (now - journal.claimed < survivedMillis || journal.hasSurvived) continue;
      journal.hasSurvived = true;
      this.#statements.survived.run(journal.run);
    }
  }

  #inodeOf(tell: (inode: number | undefined) => void): void {
    stat(this.#filename!, (error, stats) => {
      if (error === null) tell(stats.ino);
      else if (error.code === "ENOENT") tell(undefined);
    });
  }

  receive(journal: SqliteJournal): Promise<void> {
    return this.#mailbox.deliver(journal);
  }

  submit(run: NewRun): Asked<boolean> {
    return this.#ask(() => this.#runners.submit(run));
  }

  acquit(runId: string): Asked<void> {
    return this.#ask(() => this.#claims.acquit(runId));
  }

  claimable(pipelines: ReadonlyArray<string>, limit: number): Asked<ReadonlyArray<ClaimableRun>> {
    return this.#ask(() => this.#runners.claimable(pipelines, limit));
  }

  onClaimable(tell: () => void): () => void {
    return this.#runners.listen(tell);
  }

  announce(text: string | undefined): Asked<void> {
    return this.#ask(() => {
      this.#keepLease();
      this.#owners.beat();
      this.#owners.announce(text);
    });
  }

  runners(): Asked<ReadonlyArray<string>> {
    return this.#ask(() => this.#owners.runners());
  }

  // -- Reading -------------------------------------------------------------------------------------------------------

  /** Runs the query once everything that the runs of this process have recorded so far is committed. */
  #read<Value>(ask: () => Value): Asked<Value> {
    return Effect.suspend(() => {
      const tried = this.#writer.tried();
      const asked = this.#ask(ask);
      return tried === undefined
        ? asked
        : Effect.andThen(
            Effect.promise(() => tried),
            asked,
          );
    });
  }

  find(runId: string) {
    return this.#read(() => {
      const row = this.#reader.row(runId);
      return row === undefined ? undefined : this.#reader.details(row, true);
    });
  }

  summary(runId: string) {
    return this.#read(() => {
      const row = this.#reader.row(runId);
      return row === undefined ? undefined : this.#reader.summary(row);
    });
  }

  summaries(runIds: ReadonlyArray<string>) {
    return this.#read(() =>
      runIds.flatMap((runId) => {
        const row = this.#reader.row(runId);
        return row === undefined ? [] : [this.#reader.summary(row)];
      }),
    );
  }

  runs(filter: RunFilter = {}) {
    return this.#read(() => this.#reader.runs(filter));
  }

  value(runId: string, path: string) {
    return this.#read(() => {
      const row = this.#reader.row(runId);
      return row === undefined ? undefined : this.#reader.value(row, path);
    });
  }

  waiting() {
    return this.#read(() => this.#reader.waiting());
  }

  // -- Messages ------------------------------------------------------------------------------------------------------

  send(message: NewMessage): Asked<Answer> {
    return Effect.flatMap(
      this.#ask(() => this.#mailbox.send(message)),
      (sent) => {
        if (sent.type === "answered") return Effect.succeed(sent.answer);
        for (const journal of this.#journals)
          if (journal.runId === message.runId) this.receive(journal).catch(() => {});
        return this.#answer(message.type, sent.message);
      },
    );
  }

  /** Waits for the owner's answer. */
  #answer(type: "signal" | "cancel", message: number): Asked<Answer> {
    const until = performance.now() + answerMillis;
    const again = (): Asked<Answer> =>
      Effect.flatMap(
        this.#ask(() => this.#mailbox.answerTo(message)),
        (answer) => {
          if (answer !== undefined) return Effect.succeed(answer);
          if (performance.now() < until) return Effect.flatMap(soon, again);
          return type === "signal"
            ? Effect.succeed({ type: "kept" })
            : Effect.as(this.#giveUp(message), unheard);
        },
      );
    const asked = again();
    return type === "signal" ? asked : Effect.onInterrupt(asked, () => this.#giveUp(message));
  }

  #giveUp(message: number): Effect.Effect<void> {
    return Effect.ignore(this.#ask(() => this.#mailbox.giveUp(message)));
  }

  prune(options: PruneOptions): Asked<number> {
    return this.#ask(() => prune(this.#database, this.#reader, options));
  }

  // -- The cache -----------------------------------------------------------------------------------------------------

  cached(key: CacheKey): Asked<Cached | undefined> {
    return this.#ask(() => this.#cache.get(key));
  }

  missReason(key: CacheKey): Asked<string> {
    return this.#ask(() => this.#cache.missReason(key));
  }

  putCached(key: CacheKey, cached: Cached): void {
    this.#cache.put(key, cached);
  }

  startComputing(key: CacheKey): Asked<boolean> {
    if (this.#filename === undefined) return Effect.succeed(true);
    return Effect.tryPromise({
      try: () => this.#cache.start(key),
      catch: (error) => problemOf(this.name, error),
    });
  }

  stopComputing(key: CacheKey): void {
    if (this.#filename !== undefined) this.#cache.stop(key);
  }
}

/** Uses real time, whatever clock the program runs on. */
const soon: Effect.Effect<void> = Effect.callback((resume) => {
  const timer = setTimeout(() => resume(Effect.void), 10);
  return Effect.sync(() => clearTimeout(timer));
});
