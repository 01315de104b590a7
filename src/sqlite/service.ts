/** A store over one file. All who open the same file in one process share one connection. */
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
import { patiently } from "./retry.ts";
import { Runners } from "./runners.ts";
import { Values } from "./values.ts";
import { Writer } from "./writer.ts";

export interface Limits {
  readonly maxValueBytes?: number;
  readonly maxFileBytes?: number;
  readonly codec?: StoreCodec;
}

/** How often a store with runs under way looks for what others wrote. */
const lookMillis = 40;
/** How often it checks that the file still exists. */
const checkMillis = 1_000;
/** A run whose owner has lived for so long did not kill it at once. */
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
  /** When this process last knew that its runs are its own. */
  #verified = performance.now();
  #hasLease = false;
  #isWanted = true;

  /** Opens the file, once. Throws. `name`: what to call it, which differs for each store in memory. */
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
    this.#cache = new Cache(database, this.#writer, this.#values, this.#owners);
    this.#dataVersion = database.prepare("PRAGMA data_version");
  }

  // -- Its life ------------------------------------------------------------------------------------------------------

  /** No layer holds it any more. It lives on as long as a run of it does. */
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

  /** Takes back the lease. Who only read has none, writes nothing, and keeps no other process waiting. */
  #leave(): void {
    this.#hasLease = false;
    dropLease(this.#owners.me.owner);
    try {
      // All that runs recorded is on the disk by now, and a lease need not survive a loss of power.
      this.#database.exec("PRAGMA synchronous = NORMAL");
      this.#owners.leave();
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // Another process writes, or nothing can be written: a lease that is not renewed ends by itself.
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
            // It is this process's now: what is read here is all that there is.
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
              // It is not this process's: another one may have resumed it from a step while it was read.
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

  /** Its timer keeps the process alive while a run of it is under way: one that only waits has nothing else. */
  #keepLooking(): void {
    leaving.add(this);
    this.#looking ??= setInterval(() => this.#look(), lookMillis);
  }

  /** Before the first claim: between a claim and its first commit there should be as little as possible. */
  #keepLease(): void {
    if (this.#hasLease || this.#filename === undefined) return;
    this.#hasLease = true;
    keepLease(this.#filename, this.#owners.me);
    try {
      this.#owners.clean();
      this.#isShared = this.#owners.hasOthers;
    } catch {
      // Busy: another process cleans.
    }
  }

  forget(journal: SqliteJournal): void {
    this.#journals.delete(journal);
    if (this.#journals.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
    leaving.delete(this);
    // Not at once: a caller that learns of the end may still read.
    if (!this.#isWanted) setImmediate(() => !this.#isWanted && this.#journals.size === 0 && this.#close());
  }

  giveBack({ run, epoch, before }: SqliteJournal): Effect.Effect<void> {
    const asked =
      before === undefined ? this.#ask(() => {}) : this.#ask(() => this.#claims.giveBack(run, epoch, before));
    return Effect.ignore(asked);
  }

  isLate(): boolean {
    if (this.#filename === undefined || performance.now() - this.#verified < leaseMillis) return false;
    // This process was frozen, or a step blocked it: others may have taken its runs.
    this.#verify();
    return performance.now() - this.#verified >= leaseMillis;
  }

  isLeaving(): boolean {
    return leaving.isLeaving;
  }

  /** The process ends: what is recorded stays, and others may take the runs over at once. */
  releaseAll(): void {
    this.#writer.close();
    for (const { run, epoch } of this.#journals) {
      try {
        this.#statements.release.run(Date.now(), run, epoch);
      } catch {
        // It is noticed anyway that the process has gone.
      }
    }
  }

  /** Finds out which runs have another owner by now. */
  #verify(): void {
    try {
      for (const journal of this.#journals) {
        if (this.#statements.fence.get(journal.run, journal.epoch) === undefined) {
          journal.lose("another process has taken it over, because this one seemed to be gone.");
        }
      }
      this.#verified = performance.now();
    } catch {
      // It is tried again soon; until it succeeds, nothing new starts.
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
        if (isNews || !journal.hasLooked) this.receive(journal).catch(() => {}); // Busy: it is tried again.
      }
    } catch {
      // Busy, or worse: then a commit says so.
    }
  }

  /** A file that was deleted takes writes as before, and no reader will ever find them. */
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

  /** Asks once what the runs of this process have said so far is committed. */
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

  // -- Steering ------------------------------------------------------------------------------------------------------

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

  /** Waits for the owner. */
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
    return this.#filename === undefined ? Effect.succeed(true) : this.#ask(() => this.#cache.start(key));
  }

  stopComputing(key: CacheKey): void {
    if (this.#filename !== undefined) this.#cache.stop(key);
  }
}

/** Real time, whatever clock the program runs on. */
const soon: Effect.Effect<void> = Effect.callback((resume) => {
  const timer = setTimeout(() => resume(Effect.void), 10);
  return Effect.sync(() => clearTimeout(timer));
});
