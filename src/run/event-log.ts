/**
 * The events of a run that is watched through its handle. Each reader gets all of them from the first, however late or slow
 * it is. The exception is emitted values: there can be endlessly many, so only the newest are kept. A streaming step waits a
 * while for readers that are behind, and a reader that misses values learns how many it missed.
 */
import type * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import type * as Stream from "effect/Stream";
import type { PipelineEvent, StepEmitted } from "../events.ts";

/** The number of emitted values that are kept for readers that are behind. */
const mostEmitted = 1024;
/** A streaming step waits for readers that are this many emitted values behind. */
const mostBehind = 512;
/** The most events that a reader takes at a time. */
const mostAtOnce = 64;

interface Emitted {
  readonly event: StepEmitted;
  /** The number of other events before it. */
  readonly after: number;
}

/** A reader's position. */
interface Reader {
  /** How many events it has read, without emitted values; and how many emitted values it has read or missed. */
  events: number;
  emitted: number;
  /** It has not read for so long that steps no longer wait for it, until it reads again. */
  isStalled: boolean;
}

export class EventLog {
  readonly #events: Array<PipelineEvent> = [];
  /** The newest emitted values: a ring buffer, in which `#emittedCount` is the position of the next one. */
  readonly #emitted: Array<Emitted> = [];
  #emittedCount = 0;
  readonly #readers = new Set<Reader>();
  readonly #waiting = new Set<() => void>();
  /** Steps that are waiting for readers. */
  readonly #whenRead = new Set<() => void>();
  #isWaking = false;
  #hasEnded = false;

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** All events except emitted values. */
  get events(): ReadonlyArray<PipelineEvent> {
    return this.#events;
  }

  push(event: PipelineEvent): void {
    if (event.type === "step.emitted") {
      this.#emitted[this.#emittedCount++ % mostEmitted] = { event, after: this.#events.length };
    } else {
      this.#events.push(event);
    }
    this.#wake();
  }

  /** Marks the end: no event follows. */
  end(): void {
    this.#hasEnded = true;
    this.#wake();
  }

  /** Readers that are so far behind that the emitting step should wait. */
  get #behind(): ReadonlyArray<Reader> {
    if (this.#emittedCount < mostBehind) return [];
    return Array.from(this.#readers).filter(
      ({ emitted, isStalled }) => !isStalled && this.#emittedCount - emitted >= mostBehind,
    );
  }

  /** Undefined if no reader is behind. Otherwise calls `caughtUp` as soon as none is, or those that are have been given up. */
  waitForReaders(
    caughtUp: () => void,
  ): { readonly giveUp: () => void; readonly leave: () => void } | undefined {
    if (this.#behind.length === 0) return undefined;
    const look = (): void => {
      if (this.#behind.length > 0) return;
      this.#whenRead.delete(look);
      caughtUp();
    };
    this.#whenRead.add(look);
    return {
      giveUp: () => {
        for (const reader of this.#behind) reader.isStalled = true;
        this.#tellRead();
      },
      leave: () => this.#whenRead.delete(look),
    };
  }

  #tellRead(): void {
    for (const look of Array.from(this.#whenRead)) look();
  }

  /** The next events for a reader, at most `mostAtOnce`; none if it has read all of them. */
  #take(reader: Reader): Array<PipelineEvent> {
    const taken: Array<PipelineEvent> = [];
    const first = Math.max(0, this.#emittedCount - mostEmitted);
    let dropped = Math.max(0, first - reader.emitted);
    reader.emitted += dropped;
    reader.isStalled = false;
    while (taken.length < mostAtOnce) {
      const emitted =
        reader.emitted < this.#emittedCount ? this.#emitted[reader.emitted % mostEmitted] : undefined;
      if (emitted !== undefined && emitted.after <= reader.events) {
        taken.push(dropped === 0 ? emitted.event : { ...emitted.event, dropped });
        dropped = 0;
        reader.emitted++;
      } else if (reader.events < this.#events.length) {
        taken.push(this.#events[reader.events++]!);
      } else {
        break;
      }
    }
    if (dropped > 0) reader.emitted -= dropped;
    if (this.#whenRead.size > 0) this.#tellRead();
    return taken;
  }

  /** All events, for each caller from the first. Ends when the run has ended. */
  stream(streams: typeof Stream, done: typeof Cause.done): Stream.Stream<PipelineEvent> {
    type Some = readonly [PipelineEvent, ...Array<PipelineEvent>];
    return streams.unwrap(
      Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => {
            const reader: Reader = { events: 0, emitted: 0, isStalled: false };
            this.#readers.add(reader);
            return reader;
          }),
          (reader) =>
            Effect.sync(() => {
              this.#readers.delete(reader);
              this.#tellRead();
            }),
        ),
        (reader) => {
          const pull: Effect.Effect<Some, Cause.Done> = Effect.suspend(() => {
            const news = this.#take(reader);
            if (news.length > 0) return Effect.succeed(news as unknown as Some);
            return this.#hasEnded ? done() : Effect.flatMap(this.#more, () => pull);
          });
          return streams.fromPull(Effect.succeed(pull));
        },
      ),
    );
  }

  get #more(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        resume(Effect.void);
      };
      this.#waiting.add(wake);
      return Effect.sync(() => this.#waiting.delete(wake));
    });
  }

  /** Wakes readers once for many events, not once per event: a reader takes all there are, and a run can emit a thousand at once. */
  #wake(): void {
    if (this.#waiting.size === 0 || this.#isWaking) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      for (const wake of Array.from(this.#waiting)) wake();
    });
  }
}
