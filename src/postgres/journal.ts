/** The records of one run in the database, written by its owner. */
import type { Entry } from "../journal/records.ts";
import { isOutcome, Kind } from "../journal/records.ts";
import type { Journal, StoredEvent, StoreProblem } from "../journal/store.ts";
import { isAtOrUnder } from "../path.ts";
import { lineOf } from "../stores/lines.ts";
import type { End, Keeper as OwnedKeeper, OwnedClaim } from "../stores/owned-journal.ts";
import { OwnedJournal } from "../stores/owned-journal.ts";
import type { ChunkRow } from "../stores/rows.ts";
import { checksum, hashIn } from "../stores/texts.ts";
import type { EndRow, EventRow, Part } from "./commit.ts";
import { pause } from "./database.ts";
import { isPassing, problemOf } from "./problems.ts";
import type { Values } from "./values.ts";
import { legible } from "./values.ts";
import type { Client, Writer } from "./writer.ts";

interface Queued {
  readonly entry: Entry;
  readonly done: (() => void) | undefined;
  readonly size: number;
  /** The stored form of its text; undefined while a long text is being written. */
  placed: string | undefined;
}

/** The maximum size of one row of records, in bytes: longer ones are split. */
const mostRowBytes = 1024 * 1024;

const sizeOf = ({ path, text }: Entry): number => path.length + text.length + 32;

export type Keeper = OwnedKeeper<PostgresJournal>;

export class PostgresJournal extends OwnedJournal<PostgresJournal, Writer> implements Journal, Client {
  readonly #values: Values;
  #seq: number;
  /** The path of the last record that this process has passed to a commit. */
  #last = "";
  #queue: Array<Queued> = [];
  #events: Array<StoredEvent> = [];
  #eventCount = 0;
  /** The contents of the commit in progress. */
  #flying:
    | { readonly dones: ReadonlyArray<() => void>; readonly size: number; readonly count: number }
    | undefined;
  /** Why a long text cannot be written at the moment. */
  #stuck: StoreProblem | undefined = undefined;
  #isWaiting: boolean;
  /** The number of consecutive claims before this one that crashed without a record; reset by the first record. */
  crashes: number;
  bytes = 0;

  constructor(
    claim: OwnedClaim & {
      /** The number of records. */
      readonly count: number;
      readonly crashes: number;
      readonly isWaiting: boolean;
    },
    keeper: Keeper,
    writer: Writer,
    values: Values,
  ) {
    super(claim, keeper, writer);
    this.crashes = claim.crashes;
    this.#seq = claim.count + 1;
    this.#isWaiting = claim.isWaiting;
    this.#values = values;
  }

  get entries(): number {
    return this.#queue.length + this.#events.length + (this.ending === undefined ? 0 : 1);
  }

  isBlocked(): boolean {
    return this.isOver || this.writer.isBlocked || this.keeper.isLate() || this.keeper.isLeaving();
  }

  append(entry: Entry, done: (() => void) | undefined): void {
    if (this.isOver) return;
    const size = sizeOf(entry);
    const queued: Queued = { entry, done, size, placed: undefined };
    this.#queue.push(queued);
    this.bytes += size;
    this.#place(queued);
  }

  /** Writes a long text in advance; its record waits for that, and so do all later ones of this run. */
  #place(queued: Queued): void {
    let placed: string | Promise<string>;
    try {
      placed = this.#values.place(queued.entry.text);
    } catch (error) {
      this.failed(problemOf(this.store, error));
      return;
    }
    if (typeof placed === "string") {
      queued.placed = placed;
      this.writer.add(this, queued.size);
      return;
    }
    void this.#placeLater(queued, placed);
  }

  async #placeLater(queued: Queued, placing: Promise<string>): Promise<void> {
    try {
      queued.placed = await placing;
    } catch (error) {
      return this.#placeAgain(queued, problemOf(this.store, error));
    }
    if (this.isOver) return;
    if (this.#stuck !== undefined) this.onTrouble((this.#stuck = undefined));
    this.writer.add(this, queued.size);
  }

  async #placeAgain(queued: Queued, problem: StoreProblem): Promise<void> {
    if (!isPassing(problem)) return this.failed(problem);
    if (this.#stuck === undefined) this.trouble((this.#stuck = problem));
    await pause(500);
    if (!this.isOver) this.#place(queued);
  }

  tell(event: StoredEvent): void {
    if (this.isOver) return;
    this.#events.push(event);
    this.writer.add(this, 0);
  }

  take(room: { entries: number; bytes: number }): Part | undefined {
    if (this.isOver || this.#flying !== undefined) return undefined;
    try {
      return this.#part(room);
    } catch (error) {
      this.failed(problemOf(this.store, error)); // Its codec throws.
      return undefined;
    }
  }

  #part(room: { entries: number; bytes: number }): Part | undefined {
    const ready = this.#ready(room);
    const isAll = ready.length === this.#queue.length;
    const end = isAll ? this.ending : undefined;
    if (ready.length === 0 && (!isAll || (this.#events.length === 0 && end === undefined))) return undefined;
    const { chunks, holds } = this.#rows(ready);
    const waiting = this.#waits(ready);
    const events = isAll ? this.#eventRows() : [];
    const size = ready.reduce((sum, one) => sum + one.size, 0);
    this.#queue.splice(0, ready.length);
    this.#flying = {
      dones: ready.flatMap(({ done }) => (done === undefined ? [] : [done])),
      size,
      count: ready.length,
    };
    room.entries -= ready.length + events.length + 1;
    room.bytes -= size;
    return {
      run: this.run,
      epoch: this.epoch,
      chunks,
      events,
      holds,
      ...waiting,
      survives: this.crashes > 0 && chunks.length > 0,
      end: end === undefined ? undefined : this.#endRow(end),
    };
  }

  /** The first entries of the queue whose texts are written. */
  #ready(room: { entries: number; bytes: number }): ReadonlyArray<Queued> {
    let bytes = 0;
    let count = 0;
    for (const { size, placed } of this.#queue) {
      if (placed === undefined || count >= room.entries || (count > 0 && bytes >= room.bytes)) break;
      bytes += placed.length < size ? placed.length : size;
      count++;
    }
    return this.#queue.slice(0, count);
  }

  #rows(ready: ReadonlyArray<Queued>): Pick<Part, "chunks" | "holds"> {
    const chunks: Array<ChunkRow> = [];
    const holds = new Set<string>();
    for (let at = 0; at < ready.length; ) {
      const seq = this.#seq + at;
      // The time of the last step, since that may have taken days: this is about when the row was written.
      const time = Math.round(ready[at]!.entry.ended);
      const parts: Array<string> = [];
      let bytes = 0;
      do {
        const { entry, placed } = ready[at++]!;
        const line = lineOf(entry, this.#last, time, placed!);
        this.#last = entry.path;
        const hash = hashIn(placed!);
        if (hash !== undefined) holds.add(hash);
        parts.push(line);
        bytes += line.length;
      } while (at < ready.length && bytes < mostRowBytes);
      const lines = parts.join("");
      const count = this.#seq + at - seq;
      chunks.push({ seq, count, time, lines, crc: checksum(seq, count, time, lines) });
    }
    return { chunks, holds: [...holds] };
  }

  /** The changes that the records make to the list of waiting steps, and the messages that they record. */
  #waits(ready: ReadonlyArray<Queued>): Pick<Part, "waits" | "unwaits" | "taken"> {
    const waits = new Map<string, { readonly since: number; readonly text: string }>();
    const unwaits = new Set<string>();
    const taken: Array<number> = [];
    for (const { entry, placed } of ready) {
      const { kind, path, ended, message } = entry;
      if (message !== undefined) taken.push(message);
      if (kind === Kind.waiting) {
        this.#isWaiting = true;
        waits.set(path, { since: Math.round(ended), text: placed! });
      } else if (this.#isWaiting && (isOutcome(entry) || kind === Kind.dropped)) {
        unwaits.add(path);
        for (const other of waits.keys()) {
          if (isAtOrUnder(other, path)) waits.delete(other);
        }
      }
    }
    return { waits, unwaits: [...unwaits], taken };
  }

  #eventRows(): ReadonlyArray<EventRow> {
    const rows = this.#events.map(({ time, type, path, detail }) => ({
      number: this.#eventCount++,
      time: Math.round(time),
      type,
      path: legible(path),
      detail: this.#values.hideSaid(detail),
    }));
    this.#events = [];
    return rows;
  }

  #endRow({ status, error, time }: End): EndRow {
    const isReleased = status === "interrupted" && (this.releases || this.keeper.isLeaving());
    return {
      status: isReleased ? undefined : status,
      error: error === undefined ? undefined : this.#values.hideSaid(error),
      time,
      records: this.#seq - 1 + this.#flying!.count,
    };
  }

  committed(part: Part): void {
    if (this.isOver) return;
    const { dones, size, count } = this.#flying!;
    this.#flying = undefined;
    this.#seq += count;
    this.bytes -= size;
    if (part.survives) this.crashes = 0;
    for (const done of dones) done();
    if (part.end !== undefined) this.finish(undefined);
    else if (this.entries > 0) this.writer.add(this, 0);
  }

  protected override get stuck(): StoreProblem | undefined {
    return super.stuck ?? this.#stuck;
  }

  protected drop(): void {
    this.#queue = [];
    this.#events = [];
  }
}
