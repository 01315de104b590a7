/** A store in one schema of a database. All users of the same one in one process share it. */
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
  RunDetails,
  RunFilter,
  StoreProblem,
  StoreService,
} from "../journal/store.ts";
import { leaving } from "../stores/leaving.ts";
import type { RunRow } from "../stores/rows.ts";
import { unowned } from "../stores/rows.ts";
import { Cache } from "./cache.ts";
import type { Claimed } from "./claims.ts";
import { Claims } from "./claims.ts";
import type { Database } from "./database.ts";
import { numbers, pause } from "./database.ts";
import type { Keeper } from "./journal.ts";
import { PostgresJournal } from "./journal.ts";
import { Lease } from "./lease.ts";
import { Listener } from "./listener.ts";
import { Mailbox } from "./mailbox.ts";
import { leaseMillis, Owners } from "./owners.ts";
import { problemOf } from "./problems.ts";
import { prune } from "./prune.ts";
import { Reader } from "./reader.ts";
import { Runners } from "./runners.ts";
import type { Names } from "./schema.ts";
import { Values } from "./values.ts";
import { Writer } from "./writer.ts";

/** How often it polls its runs while no notification arrives. */
const lookMillis = 1_000;
/** A run whose owner has lived for this long did not kill it immediately. */
const survivedMillis = 60_000;
/** A lease that the thread has not renewed for this long is renewed here. */
const threadPatienceMillis = 2_000;
const cleanMillis = 60_000;
/** The maximum time that closing waits for the last commit. */
const closeMillis = 2_000;

type Asked<Value> = Effect.Effect<Value, StoreProblem>;

export class PostgresService implements StoreService, Keeper {
  readonly name: string;
  readonly maxValueBytes: number;
  readonly keepsSecrets: boolean;
  readonly #database: Database;
  readonly #names: Names;
  readonly #values: Values;
  readonly #owners: Owners;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #claims: Claims;
  readonly #mailbox: Mailbox;
  readonly #runners: Runners;
  readonly #cache: Cache;
  readonly #listener: Listener;
  readonly #journals = new Map<string, PostgresJournal>();
  readonly #claiming = new Set<string>();
  #registering: Promise<void> | undefined = undefined;
  #lease: Lease | undefined = undefined;
  /** This process is announced as a runner: its lease is renewed even while it has no runs. */
  #isAnnounced = false;
  #looking: NodeJS.Timeout | undefined = undefined;
  #isLooking = false;
  #lastClean = performance.now();
  #isWanted = true;
  #closing: Promise<void> | undefined = undefined;
  onClosing: () => void = () => {};

  constructor(
    database: Database,
    names: Names,
    limits: { readonly maxValueBytes?: number | undefined; readonly codec?: StoreCodec | undefined },
  ) {
    const { maxValueBytes = 256 * 1024 * 1024, codec } = limits;
    this.name = database.name;
    this.maxValueBytes = maxValueBytes;
    this.keepsSecrets = codec !== undefined;
    this.#database = database;
    this.#names = names;
    this.#values = new Values(database, names, codec);
    this.#owners = new Owners(database, names);
    this.#reader = new Reader(database, names, this.#values, this.#owners);
    this.#writer = new Writer(database, names);
    this.#claims = new Claims(database, names, this.#owners, this.#values);
    this.#mailbox = new Mailbox(database, names, this.#owners, this.#claims, this.#values);
    this.#runners = new Runners(database, names, this.#owners, this.#values);
    this.#cache = new Cache(database, names, this.#owners, this.#values);
    this.#listener = new Listener(database, names.channel, (payload) => this.#hear(payload));
  }

  // -- Life cycle ----------------------------------------------------------------------------------------------------

  /** No layer uses it any more. It stays open as long as one of its runs does. Resolves once it is closed, if it closes now. */
  unwanted(): Promise<void> {
    this.#isWanted = false;
    return this.#journals.size === 0 ? this.#close() : Promise.resolve();
  }

  wanted(): void {
    this.#isWanted = true;
  }

  #close(): Promise<void> {
    this.#closing ??= this.#closeOnce();
    return this.#closing;
  }

  async #closeOnce(): Promise<void> {
    this.onClosing();
    clearInterval(this.#looking);
    leaving.delete(this);
    await Promise.all([
      this.#writer.close(closeMillis),
      Promise.race([this.#cache.settled(), pause(closeMillis)]),
    ]);
    this.#lease?.drop();
    const leave = Promise.race([this.#owners.leave(), pause(closeMillis)]);
    // If it cannot be written, a lease that is not renewed expires by itself.
    await Promise.all([leave.catch(() => {}), this.#listener.close()]);
    await this.#database.close();
  }

  #ask<Value>(ask: () => Promise<Value>): Asked<Value> {
    return Effect.tryPromise({
      try: () => {
        if (this.#closing === undefined) return this.#database.patiently(ask);
        const reason = "it was closed: its layer's scope has ended.";
        throw new StoreError({ store: this.name, kind: "closed", reason });
      },
      catch: (error) => problemOf(this.name, error),
    });
  }

  // -- Owning --------------------------------------------------------------------------------------------------------

  claim(runId: string, run: NewRun | undefined, which: Claimable = "all"): Asked<Claim> {
    // Must not stop halfway: a claimed run is either given back or has a journal.
    return Effect.uninterruptible(this.#ask(() => this.#claim(runId, run, which)));
  }

  async #claim(runId: string, run: NewRun | undefined, which: Claimable): Promise<Claim> {
    await this.#registered();
    const isFree = !this.#journals.has(runId) && !this.#claiming.has(runId);
    if (isFree) this.#claiming.add(runId);
    try {
      for (;;) {
        const claimed = await this.#claims.claim(runId, run, { isFree, which });
        if (claimed.type !== "succeeded") return await this.#claimed(runId, claimed);
        const { row } = claimed;
        const read = await this.#database.patiently(() => this.#reader.details(row, "succeeded", false));
        // The run does not belong to this process: another one may have resumed it from a step while it was read.
        const now = await this.#database.patiently(() => this.#reader.row(runId));
        if (now?.epoch === row.epoch) return { type: "succeeded", run: read };
      }
    } finally {
      if (isFree) this.#claiming.delete(runId);
    }
  }

  async #claimed(runId: string, claimed: Exclude<Claimed, { type: "succeeded" }>): Promise<Claim> {
    switch (claimed.type) {
      case "new":
        return { type: "new", journal: this.#journal(runId, claimed, 0, false) };
      case "existing": {
        const { row, epoch, before } = claimed;
        try {
          // The run belongs to this process now: its records are complete when they are read here.
          const { details, count, isWaiting } = await this.#database.patiently(() => this.#recorded(row));
          const claim = { run: row.run, epoch, before };
          return { type: "existing", run: details, journal: this.#journal(runId, claim, count, isWaiting) };
        } catch (error) {
          await this.#database.patiently(() => this.#claims.giveBack(row.run, epoch, before)).catch(() => {});
          throw error;
        }
      }
      default:
        return claimed;
    }
  }

  async #recorded(row: RunRow) {
    const status = unowned(row);
    // A run that was only submitted has no records apart from its row.
    if (status === "submitted")
      return { details: await this.#reader.submitted(row), count: 0, isWaiting: false };
    const [details, count, isWaiting] = await Promise.all([
      this.#reader.details(row, status, false),
      this.#reader.count(row.run),
      this.#reader.isWaiting(row.run),
    ]);
    return { details, count, isWaiting };
  }

  #journal(
    runId: string,
    claim: Pick<PostgresJournal, "run" | "epoch"> & Partial<Pick<PostgresJournal, "before">>,
    count: number,
    isWaiting: boolean,
  ): PostgresJournal {
    const { run, epoch, before } = claim;
    const crashes = before === undefined ? 0 : before.crashes + (before.status === "running" ? 1 : 0);
    const journal = new PostgresJournal(
      { runId, run, epoch, count, before, crashes, isWaiting, store: this.name },
      this,
      this.#writer,
      this.#values,
    );
    this.#journals.set(runId, journal);
    // The timer keeps the process alive while a run is in progress, which may only be waiting and have nothing else.
    leaving.add(this);
    this.#looking ??= setInterval(() => void this.#look(), lookMillis);
    return journal;
  }

  async #registered(): Promise<void> {
    this.#registering ??= this.#register();
    try {
      await this.#registering;
    } catch (error) {
      this.#registering = undefined;
      throw error;
    }
  }

  /** Called before the first claim: from then on this process has a lease, and receives notifications. */
  async #register(): Promise<void> {
    const me = await this.#owners.register();
    try {
      await this.#listener.start(this.#owners.holdSql);
    } catch (error) {
      await this.#owners.leave().catch(() => {});
      throw error;
    }
    this.#lease = await Lease.keep(me, this.#database.client.config, this.#owners);
  }

  forget(journal: PostgresJournal): void {
    if (this.#journals.get(journal.runId) === journal) this.#journals.delete(journal.runId);
    if (this.#journals.size > 0) return;
    this.#stopLooking();
    leaving.delete(this);
    // Not immediately: a caller that is notified of the end may still read.
    if (!this.#isWanted)
      setImmediate(() => !this.#isWanted && this.#journals.size === 0 && void this.#close());
  }

  #stopLooking(): void {
    if (this.#journals.size > 0 || this.#isAnnounced) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  giveBack({ run, epoch, before }: PostgresJournal): Effect.Effect<void> {
    const asked: Asked<void> =
      before === undefined ? Effect.void : this.#ask(() => this.#claims.giveBack(run, epoch, before));
    return Effect.ignore(asked);
  }

  isLate(): boolean {
    const lease = this.#lease!;
    if (!lease.hadGap && lease.age < leaseMillis) return false;
    // This process was frozen or disconnected: others may have taken over its runs.
    void this.#look();
    return true;
  }

  isLeaving(): boolean {
    return leaving.isLeaving;
  }

  /** The process is ending: the records stay, and others can take over the runs immediately. */
  async releaseAll(): Promise<void> {
    await this.#writer.close(closeMillis);
    await this.#database.query(
      `UPDATE ${this.#names.table("runs")} SET owner = NULL, active = $1::bigint WHERE owner = ${this.#owners.me}
         AND status = 'running'`,
      [String(Date.now())],
    );
  }

  /** Finds the runs that have another owner by now, and the messages to those that do not. */
  async #look(): Promise<void> {
    if (this.#isLooking || (this.#journals.size === 0 && !this.#isAnnounced)) return;
    this.#isLooking = true;
    try {
      await this.#renew();
      if (this.#journals.size === 0) return;
      const lease = this.#lease!;
      const { gaps } = lease;
      const asked = performance.now();
      const mine = [...this.#journals.values()];
      const rows = await this.#database.query(
        `SELECT run::float8 AS run, epoch FROM ${this.#names.table("runs")} WHERE run = ANY ($1::bigint[])`,
        [numbers(mine.map(({ run }) => run))],
      );
      const epochs = new Map(rows.map(({ run, epoch }) => [run as number, epoch as number]));
      for (const journal of mine) {
        if (epochs.get(journal.run) !== journal.epoch) journal.fenced();
      }
      lease.verified(gaps);
      if (lease.age < leaseMillis) for (const journal of mine) journal.onCommit();
      await this.#mailbox.deliver(this.#journals.values());
      await this.#sweep(asked);
    } catch {
      // It is retried soon; a commit reports the problem.
    } finally {
      this.#isLooking = false;
    }
  }

  /** Renews the lease if the thread does not. */
  async #renew(): Promise<void> {
    const lease = this.#lease!;
    if (lease.age < threadPatienceMillis) return;
    const asked = performance.now();
    await this.#owners.beat();
    lease.renewed(performance.now() - asked);
  }

  /** Periodic maintenance. */
  async #sweep(now: number): Promise<void> {
    const survived = [...this.#journals.values()].filter(
      ({ crashes, claimed }) => crashes > 0 && now - claimed > survivedMillis,
    );
    if (survived.length > 0) {
      await this.#database.query(
        `UPDATE ${this.#names.table("runs")} SET crashes = 0 WHERE run = ANY ($1::bigint[]) AND owner = ${this.#owners.me}`,
        [numbers(survived.map(({ run }) => run))],
      );
      for (const journal of survived) journal.crashes = 0;
    }
    if (now - this.#lastClean < cleanMillis) return;
    this.#lastClean = now;
    await this.#mailbox.clean();
  }

  #hear(payload: string): void {
    // No particular run: notifications may have been missed.
    if (payload === "") void this.#look();
    if (payload === "" || payload === "submitted") this.#runners.tell();
    if (payload === `message ${this.#owners.me}`) {
      this.#mailbox.deliver(this.#journals.values()).catch(() => {}); // The next poll finds it again.
    }
  }

  receive(journal: PostgresJournal): Promise<void> {
    return this.#database.patiently(() => this.#mailbox.receive(journal)).catch(() => {});
  }

  acquit(runId: string): Asked<void> {
    return this.#ask(() => this.#claims.acquit(runId));
  }

  submit(run: NewRun): Asked<boolean> {
    return Effect.tap(
      this.#ask(() => this.#runners.submit(run)),
      () => Effect.sync(() => this.#runners.tell()),
    );
  }

  claimable(pipelines: ReadonlyArray<string>, limit: number): Asked<ReadonlyArray<ClaimableRun>> {
    return this.#ask(() => this.#runners.claimable(pipelines, limit));
  }

  onClaimable(tell: () => void): () => void {
    return this.#runners.listen(tell);
  }

  announce(text: string | undefined): Asked<void> {
    return this.#ask(async () => {
      await this.#registered();
      await this.#runners.announce(text);
      this.#isAnnounced = text !== undefined;
      if (this.#isAnnounced) this.#looking ??= setInterval(() => void this.#look(), lookMillis);
      else this.#stopLooking();
    });
  }

  runners(): Asked<ReadonlyArray<string>> {
    return this.#ask(() => this.#runners.list());
  }

  // -- Reading -------------------------------------------------------------------------------------------------------

  /** Runs the query once everything that the runs of this process have recorded so far is committed. */
  #read<Value>(ask: () => Promise<Value>): Asked<Value> {
    return this.#ask(async () => {
      await this.#writer.tried();
      return ask();
    });
  }

  find(runId: string): Asked<RunDetails | undefined> {
    return this.#read(async () => {
      const row = await this.#reader.row(runId);
      return row === undefined ? undefined : this.#reader.details(row, row.stated, true);
    });
  }

  summary(runId: string) {
    return this.#read(async () => {
      const row = await this.#reader.row(runId);
      return row === undefined ? undefined : this.#reader.summary(row, row.stated);
    });
  }

  summaries(runIds: ReadonlyArray<string>) {
    return this.#ask(() => this.#reader.summaries(runIds));
  }

  runs(filter: RunFilter = {}) {
    return this.#read(() => this.#reader.runs(filter));
  }

  value(runId: string, path: string): Asked<string | undefined> {
    return this.#read(async () => {
      const row = await this.#reader.row(runId);
      return row === undefined ? undefined : this.#reader.value(row, path);
    });
  }

  waiting() {
    return this.#read(() => this.#reader.waiting());
  }

  // -- Messages ------------------------------------------------------------------------------------------------------

  send(message: NewMessage): Asked<Answer> {
    return Effect.suspend(() => {
      let isUnwanted = false;
      const onStored = (): void => {
        const journal = this.#journals.get(message.runId);
        if (journal !== undefined) void this.receive(journal);
      };
      return Effect.onInterrupt(
        this.#ask(() => this.#mailbox.send(message, onStored, () => isUnwanted)),
        () =>
          Effect.sync(() => {
            isUnwanted = true;
          }),
      );
    });
  }

  prune(options: PruneOptions): Asked<number> {
    return this.#ask(() => prune(this.#database, this.#names, this.#owners, options));
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
    return this.#ask(() => this.#cache.start(key));
  }

  stopComputing(key: CacheKey): void {
    this.#cache.stop(key);
  }
}
