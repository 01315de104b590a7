/**
 * Streams of a run's events that a client can resume where its connection broke. Each event has an id. A stream outlives its
 * connection for a while and keeps the events that were sent last, so the next connection, which names the last id that
 * arrived, continues after it: no event is lost or arrives twice. If the stream is gone, as after a restart of the server,
 * a new one begins with an event that says so, and sends all events from the first.
 */
import { randomBytes } from "node:crypto";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Stream from "effect/Stream";
import type { PipelineEvent } from "../events.ts";
import type { RunEventData } from "./api.ts";
import { eventData } from "./event-data.ts";
import type { Watched } from "./run-events.ts";

/** If a reader is this many events behind, its stream ends. It can be requested again. */
const mostWaiting = 50_000;
/** The number of sent events that are kept, which may still have been on their way. */
const mostSent = 5_000;
/** How long a stream without a connection is kept, and how many of them. */
const keptMillis = 30_000;
const mostKept = 50;
/** The most events that a connection takes at a time. */
const mostAtOnce = 64;

/** An event and its id. */
export interface EventMessage {
  readonly id: string;
  readonly event: string;
  readonly data: RunEventData;
}

type Some = readonly [EventMessage, ...Array<EventMessage>];

class EventStream {
  readonly runId: string;
  readonly #key: string;
  /** Recorded events are in memory in any case: they are written when a connection takes them. */
  #events: Array<() => RunEventData> = [];
  /** The number of the first of them, of the next one to send, and how many of those to send were recorded. */
  #first = 0;
  #next = 0;
  #recorded = 0;
  #isOver = false;
  /** It is over because its reader was too far behind, and further events were not kept. */
  #isCut = false;
  #wake: (() => void) | undefined;
  /** The number of the current connection; an earlier one ends. */
  #connection = 0;

  constructor(runId: string, key: string) {
    this.runId = runId;
    this.#key = key;
  }

  get watched(): Watched {
    return {
      take: (events, areRecorded) => this.#take(events, areRecorded),
      end: () => this.end(),
    };
  }

  /** First announces that the events sent before are void. */
  reset(): void {
    const data = { type: "stream.reset", runId: this.runId, time: Date.now() };
    this.#events.push(() => data);
  }

  #take(events: ReadonlyArray<PipelineEvent>, areRecorded: boolean): void {
    if (this.#isOver) return;
    if (areRecorded) this.#recorded += events.length;
    for (const event of events) {
      const data = areRecorded ? undefined : eventData(event);
      this.#events.push(data === undefined ? () => eventData(event) : () => data);
    }
    // A reader that would miss an event must not continue without noticing.
    if (this.#end - this.#next > mostWaiting + this.#recorded) {
      this.#isCut = true;
      this.end();
    }
    this.#wake?.();
  }

  /** The number of the event after the last one. */
  get #end(): number {
    return this.#first + this.#events.length;
  }

  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  /** Moves to the event after the one with this number; false if that is not known here. */
  after(number: number): boolean {
    const next = number + 1;
    if (this.#isCut && next === this.#end) return false;
    if (!Number.isSafeInteger(next) || next < this.#first || next > this.#next) return false;
    this.#next = next;
    return true;
  }

  /** A connection: the events from the next one. `left` is called when it has ended and no other has begun. */
  connect(left: () => void): Stream.Stream<EventMessage> {
    const own = ++this.#connection;
    this.#wake?.();
    const pull: Effect.Effect<Some, Cause.Done> = Effect.suspend(() => {
      if (own !== this.#connection) return Cause.done();
      const news = this.#some();
      if (news.length > 0) return Effect.succeed(news as unknown as Some);
      return this.#isOver ? Cause.done() : Effect.flatMap(this.#more, () => pull);
    });
    return Stream.ensuring(
      Stream.fromPull(Effect.succeed(pull)),
      Effect.sync(() => {
        if (own === this.#connection) left();
      }),
    );
  }

  #some(): ReadonlyArray<EventMessage> {
    const from = this.#next - this.#first;
    const news = this.#events.slice(from, from + mostAtOnce).map((data, i) => ({
      id: `${this.#key}.${this.#next + i}`,
      event: "message",
      data: data(),
    }));
    this.#next += news.length;
    const sent = this.#next - this.#first;
    if (sent > 2 * mostSent) {
      this.#events = this.#events.slice(sent - mostSent);
      this.#first += sent - mostSent;
    }
    return news;
  }

  get #more(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const wake = (): void => resume(Effect.void);
      this.#wake = wake;
      return Effect.sync(() => {
        if (this.#wake === wake) this.#wake = undefined;
      });
    });
  }
}

interface Kept {
  readonly stream: EventStream;
  readonly fiber: Fiber.Fiber<unknown>;
  timer?: NodeJS.Timeout | undefined;
}

/** The streams of a server, by the first part of the ids of their events. */
export class EventStreams {
  readonly #watch: (runId: string, watched: Watched) => Effect.Effect<void, unknown>;
  readonly #streams = new Map<string, Kept>();

  constructor(watch: (runId: string, watched: Watched) => Effect.Effect<void, unknown>) {
    this.#watch = watch;
  }

  /** The events of a run after the one with the id `last`, or from the first. */
  open(runId: string, last: string | undefined): Stream.Stream<EventMessage> {
    const [known = "", number] = last?.split(".") ?? [];
    const found = this.#streams.get(known);
    if (found?.stream.runId === runId && found.stream.after(Number(number)))
      return this.#connect(known, found);
    const key = randomBytes(9).toString("base64url");
    const stream = new EventStream(runId, key);
    if (last !== undefined) stream.reset();
    const watching = Effect.ensuring(
      Effect.ignore(this.#watch(runId, stream.watched)),
      Effect.sync(() => stream.end()),
    );
    const kept: Kept = { stream, fiber: Effect.runFork(watching) };
    this.#streams.set(key, kept);
    return this.#connect(key, kept);
  }

  #connect(key: string, kept: Kept): Stream.Stream<EventMessage> {
    clearTimeout(kept.timer);
    kept.timer = undefined;
    // The oldest streams come first.
    return kept.stream.connect(() => {
      kept.timer = setTimeout(() => this.#close(key), keptMillis).unref();
      const left = [...this.#streams].filter(([, { timer }]) => timer !== undefined);
      for (const [other] of left.slice(0, Math.max(0, left.length - mostKept))) this.#close(other);
    });
  }

  #close(key: string): void {
    const kept = this.#streams.get(key);
    if (kept === undefined) return;
    this.#streams.delete(key);
    clearTimeout(kept.timer);
    kept.stream.end();
    Effect.runFork(Fiber.interrupt(kept.fiber));
  }

  /** Ends all of them. */
  close(): void {
    for (const key of Array.from(this.#streams.keys())) this.#close(key);
  }
}
