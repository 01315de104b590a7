/**
 * Values from outside for the waiting steps of a live run. A value is accepted in one synchronous step, which closes the path
 * to other values. Then it is recorded, if there is a journal, and delivered. So a value that is sent just as a wait begins,
 * is answered or expires is either accepted and delivered exactly once, or refused.
 */
import * as Effect from "effect/Effect";
import type { PipelineEvent } from "../events.ts";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import { SignalRefused, StepTimedOut } from "../errors.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import type { StoreService } from "../journal/store.ts";
import { encode } from "../values/encode.ts";
import type { Misfit } from "../values/from-json.ts";
import { decode, isEffectSchema, isUnchecked, problemOf } from "../values/schema.ts";
import { readSent } from "../values/sent.ts";

type StoreProblem = StoreError | StoreCorrupt;

/** The outcome for an accepted value: its step has it, or gets it when it begins to wait. */
export type Delivery = "delivered" | "kept";

/** A step that waits: a value is accepted for it, then recorded, then used. */
class Waiting {
  readonly state = "waiting";
  readonly schema: unknown;
  #accepted: { readonly value: unknown } | undefined = undefined;
  #hasArrived = false;
  #isUsed = false;
  #onArrival: (() => void) | undefined = undefined;

  constructor(schema: unknown) {
    this.schema = schema;
  }

  accept(value: unknown): void {
    this.#accepted = { value };
  }

  /** The accepted value can no longer be lost. */
  arrive(): void {
    this.#hasArrived = true;
    this.#onArrival?.();
  }

  /** A value that was accepted, but has not reached the step. */
  get unused(): { readonly value: unknown } | undefined {
    return this.#isUsed ? undefined : this.#accepted;
  }

  readonly arrival: Effect.Effect<unknown> = Effect.callback((resume) => {
    this.#onArrival = () => {
      this.#isUsed = true;
      resume(Effect.succeed(this.#accepted!.value));
    };
    if (this.#hasArrived) this.#onArrival();
  });
}

type Slot =
  | Waiting
  /** A value was accepted before its step began to wait. */
  | { readonly state: "kept"; readonly value: unknown }
  /** The step has begun to wait, and a kept value is being checked. */
  | { readonly state: "checking"; readonly whenChecked: Array<() => void> }
  | { readonly state: "closed"; readonly reason: string };

/** What a mailbox needs to know about its run. */
export interface MailboxOf {
  readonly runId: string;
  readonly journal: RunJournal | undefined;
  readonly now: () => number;
  /** Why the step at a path, which is not waiting now, will not take a value later either; undefined if it can. */
  readonly refusal: (path: string) => Effect.Effect<string | undefined, StoreProblem>;
  /** The same, as far as the engine knows at this moment. */
  readonly standing: (path: string) => string | undefined;
}

/** A step that begins to wait. */
export interface WaitingStep {
  readonly path: string;
  readonly attempt: number;
  readonly schema: unknown;
  /** What the step asks for, shown to the person who answers. */
  readonly ask: unknown;
  /** Its timeout, and how much of it is left; known once the deadline is recorded. */
  readonly limit: { readonly millis: number; readonly remaining: Effect.Effect<number> } | undefined;
}

type Unstamped = PipelineEvent extends infer Event
  ? Event extends { readonly type: "step.waiting" | "signal.refused" }
    ? Omit<Event, "runId" | "time">
    : never
  : never;

const answered = "The step at this path has its value already.";
const sentBefore = "A value was already sent to this path; the step gets that one when it begins to wait.";
const tooLate = "The step at this path has stopped waiting: its timeout has passed.";

const unknownYet =
  "The value is not plain data, and the step does not wait yet, so that its schema is not known. Send the value as JSON.";

/** The value as a schema decodes it, or the reason why the schema refuses it. */
const tried = (
  schema: unknown,
  value: unknown,
): Effect.Effect<{ readonly decoded: unknown } | { readonly misfit: Misfit }> =>
  Effect.matchCause(decode(schema, value), {
    onSuccess: (decoded) => ({ decoded }),
    onFailure: (cause) => {
      const { path, reason } = problemOf(cause);
      return { misfit: { issuePath: path, reason } };
    },
  });

/** A value that its schema accepts, its decoded form, and the text to record if it is not plain data; or why it does not fit. */
type Received =
  | { readonly value: unknown; readonly decoded: unknown; readonly text?: string }
  | { readonly reason: string };

/** A value may be wrong at any depth: at most this many parts of the path are reported. */
const mostParts = 20;

const sentence = ({ issuePath, reason }: Misfit): string => {
  if (issuePath.length === 0) return reason;
  const at = issuePath.slice(0, mostParts).map(String).join(".");
  return `at ${at}${issuePath.length > mostParts ? "…" : ""}: ${reason}`;
};

const forms = Effect.promise(() => import("../values/from-json.ts"));

/**
 * A value may be sent in the form that the schema decodes, as JSON, which represents values that it cannot hold (a Date as
 * text), or in decoded form. The first of these that fits is used.
 */
const received = (schema: unknown, value: unknown): Effect.Effect<Received> =>
  Effect.flatMap(tried(schema, value), (made): Effect.Effect<Received> => {
    if ("decoded" in made) return Effect.succeed({ value, decoded: made.decoded });
    if (!isEffectSchema(schema)) return Effect.succeed({ reason: sentence(made.misfit) });
    return Effect.flatMap(forms, ({ fromJson, fromDecoded }): Effect.Effect<Received> => {
      const json = fromJson(schema, value);
      const found = "misfit" in json ? fromDecoded(schema, value) : json;
      if ("misfit" in found)
        return Effect.succeed({ reason: sentence("misfit" in json ? json.misfit : found.misfit) });
      return Effect.map(
        tried(schema, found.value),
        (again): Received =>
          "decoded" in again
            ? { value: found.value, decoded: again.decoded }
            : { reason: sentence(again.misfit) },
      );
    });
  });

/** Refuses a text that its schema decodes to a secret: a store without encryption would hold the text. */
const refusedSecret = (taken: Received): Effect.Effect<Received> =>
  Effect.map(
    Effect.promise(() => import("../values/codec.ts")),
    ({ secretRefusal }) => {
      const secret = "decoded" in taken ? secretRefusal(taken.decoded) : undefined;
      return secret === undefined ? taken : { reason: `it cannot be recorded: ${sentence(secret)}` };
    },
  );

/** The same, if the value can be recorded. `store`: the store to record it in; undefined if nothing is recorded. */
const receive = (schema: unknown, sent: unknown, store: StoreService | undefined): Effect.Effect<Received> =>
  Effect.flatMap(received(schema, sent), (taken): Effect.Effect<Received> => {
    if (store === undefined || "reason" in taken) return Effect.succeed(taken);
    const isHidden = store.keepsSecrets || isUnchecked(schema);
    return Effect.flatMap(isHidden ? Effect.succeed(taken) : refusedSecret(taken), (kept) =>
      "reason" in kept ? Effect.succeed(kept) : written(schema, kept),
    );
  });

const written = (
  schema: unknown,
  taken: Exclude<Received, { readonly reason: string }>,
): Effect.Effect<Received> =>
  Effect.suspend((): Effect.Effect<Received> => {
    const plain = encode(taken.value);
    if (typeof plain === "string") return Effect.succeed(taken);
    if (isUnchecked(schema)) return Effect.succeed({ reason: `it cannot be recorded: ${sentence(plain)}` });
    return Effect.flatMap(forms, ({ toJson }) =>
      Effect.map(toJson(schema, taken.value), (json): Received => {
        if ("misfit" in json) return { reason: `it cannot be recorded: ${sentence(json.misfit)}` };
        const text = encode(json.value);
        if (typeof text !== "string") return { reason: `it cannot be recorded: ${sentence(text)}` };
        return { ...taken, value: isEffectSchema(schema) ? taken.value : json.value, text };
      }),
    );
  });

/** Too long to ever fire: Node keeps a process alive while a timer is set. */
const forever = 2 ** 31 - 1;

export class Mailbox {
  readonly #run: MailboxOf;
  readonly #slots = new Map<string, Slot>();
  /** Senders whose value is accepted, but not recorded yet. */
  readonly #unrecorded = new Set<() => void>();
  #waiting = 0;
  #alive: ReturnType<typeof setInterval> | undefined = undefined;
  /** Receives the events of waiting steps. */
  onEvent: (event: PipelineEvent) => void = () => {};

  constructor(run: MailboxOf) {
    this.#run = run;
  }

  /** Accepts a value for the step at a path, or refuses it with the reason. `message`: how it came, if from a store. */
  send(
    path: string,
    value: unknown,
    text: string | undefined,
    message?: number,
  ): Effect.Effect<Delivery, SignalRefused | StoreProblem> {
    return Effect.suspend((): Effect.Effect<Delivery, SignalRefused | StoreProblem> => {
      const again = Effect.suspend(() => this.send(path, value, text, message));
      const slot = this.#slotAt(path);
      if (slot === undefined) {
        return Effect.flatMap(this.#run.refusal(path), (reason) => {
          if (this.#slotAt(path) !== undefined) return again;
          const refused = this.#run.standing(path) ?? reason;
          if (refused !== undefined) return this.#refuse(path, refused);
          if (text === undefined && this.#run.journal !== undefined) return this.#refuse(path, unknownYet);
          this.#slots.set(path, { state: "kept", value });
          return Effect.as(
            this.#record(path, text, message, () => {}),
            "kept" as const,
          );
        });
      }
      switch (slot.state) {
        case "closed":
          return this.#refuse(path, slot.reason);
        case "kept":
          return this.#refuse(path, this.#run.standing(path) ?? sentBefore);
        case "checking":
          return Effect.flatMap(
            Effect.callback<void>((resume) => {
              slot.whenChecked.push(() => resume(Effect.void));
            }),
            () => again,
          );
        case "waiting":
          return Effect.flatMap(receive(slot.schema, value, this.#run.journal?.store), (taken) => {
            if (this.#slots.get(path) !== slot) return again;
            if ("reason" in taken) return this.#refuse(path, `The value does not fit: ${taken.reason}`);
            this.#slots.set(path, { state: "closed", reason: answered });
            slot.accept(taken.value);
            return Effect.as(
              this.#record(path, taken.text ?? text, message, () => slot.arrive()),
              "delivered" as const,
            );
          });
      }
    });
  }

  /** Waits for a value for the step, and returns it as it was sent. */
  wait(step: WaitingStep): Effect.Effect<unknown, StepTimedOut> {
    return Effect.suspend(() => {
      const { path, attempt, schema } = step;
      const kept = this.#slotAt(path);
      if (kept?.state !== "kept") return this.#begin(step);
      return Effect.flatMap(this.#check(path, kept.value, schema), (taken) => {
        if ("value" in taken) return Effect.succeed(taken.value);
        const { reason } = taken;
        this.#tell({ type: "signal.refused", path, attempt, reason });
        return this.wait(step);
      });
    });
  }

  /** The schema of the step that waits at a path now. */
  schemaAt(path: string): unknown {
    const slot = this.#slots.get(path);
    return slot?.state === "waiting" ? slot.schema : undefined;
  }

  /**
   * The run is about to end. Reports the values that were kept for steps that never began to wait: in a run that can be resumed,
   * they stay.
   */
  refuseRest(hasSucceeded: boolean): void {
    const { journal } = this.#run;
    if (!hasSucceeded && journal !== undefined) return;
    const kept = [...this.#slots].flatMap(([path, { state }]) => (state === "kept" ? [path] : []));
    for (const path of new Set([...kept, ...(journal?.sentTo ?? [])])) {
      const reason = this.#run.standing(path) ?? "The run has ended, and no step at this path has waited.";
      this.#tell({ type: "signal.refused", path, attempt: 1, reason });
    }
  }

  /** The run has ended: no more values are accepted. */
  close(): void {
    clearInterval(this.#alive);
    for (const refuse of this.#unrecorded) refuse();
  }

  /** Checks a value that was kept. Other senders wait for the result. */
  #check(path: string, value: unknown, schema: unknown): Effect.Effect<Received> {
    return Effect.suspend(() => {
      const whenChecked: Array<() => void> = [];
      this.#slots.set(path, { state: "checking", whenChecked });
      const settle = (slot: Slot | undefined): void => {
        if (slot === undefined) this.#slots.delete(path);
        else this.#slots.set(path, slot);
        // After the step has continued: if the value does not fit, the wait that begins then takes its place.
        queueMicrotask(() => {
          for (const wake of whenChecked) wake();
        });
      };
      const { journal } = this.#run;
      const checked = Effect.map(receive(schema, value, journal?.store), (taken) => {
        journal?.forgetSignal(path);
        settle("value" in taken ? { state: "closed", reason: answered } : undefined);
        return taken;
      });
      return Effect.onInterrupt(checked, () => Effect.sync(() => settle({ state: "kept", value })));
    });
  }

  #begin({ path, attempt, schema, ask, limit }: WaitingStep): Effect.Effect<unknown, StepTimedOut> {
    const slot = new Waiting(schema);
    this.#slots.set(path, slot);
    this.#countWaiting(1);
    this.#tell({ type: "step.waiting", path, attempt, ...(ask === undefined ? {} : { ask }) });
    const expired = Effect.suspend((): Effect.Effect<never, StepTimedOut> => {
      if (this.#slots.get(path) !== slot) return Effect.never; // A value was accepted and is about to arrive.
      this.#slots.set(path, { state: "closed", reason: tooLate });
      return Effect.fail(new StepTimedOut({ path, timeoutMillis: limit!.millis }));
    });
    const { journal } = this.#run;
    const settled =
      limit === undefined
        ? slot.arrival
        : Effect.flatMap(limit.remaining, (left) => {
            journal?.waiting(path, ask);
            return Effect.raceFirst(slot.arrival, Effect.andThen(Effect.sleep(left), expired));
          });
    if (limit === undefined) journal?.waiting(path, ask);
    return Effect.ensuring(
      settled,
      Effect.sync(() => {
        this.#countWaiting(-1);
        if (this.#slots.get(path) === slot) this.#slots.delete(path);
        else if (slot.unused === undefined) this.#run.journal?.forgetSignal(path);
        // The step was interrupted while a value was about to arrive: its next attempt gets that value.
        else this.#slots.set(path, { state: "kept", value: slot.unused.value });
      }),
    );
  }

  #countWaiting(more: number): void {
    this.#waiting += more;
    if (this.#waiting > 0) this.#alive ??= setInterval(() => {}, forever);
    else {
      clearInterval(this.#alive);
      this.#alive = undefined;
    }
  }

  /** Calls `done` once the value can no longer be lost: immediately if nothing is recorded. */
  #record(
    path: string,
    text: string | undefined,
    message: number | undefined,
    done: () => void,
  ): Effect.Effect<void, SignalRefused> {
    const { journal, runId } = this.#run;
    if (journal === undefined || text === undefined) return Effect.sync(done);
    return Effect.callback((resume) => {
      const refuse = (): void => {
        const reason = "The run ended before the value was recorded.";
        resume(Effect.fail(new SignalRefused({ runId, path, reason })));
      };
      this.#unrecorded.add(refuse);
      journal.signal(
        path,
        text,
        () => {
          this.#unrecorded.delete(refuse);
          done();
          resume(Effect.void);
        },
        message,
      );
    });
  }

  #refuse(path: string, reason: string): Effect.Effect<never, SignalRefused> {
    return Effect.fail(new SignalRefused({ runId: this.#run.runId, path, reason }));
  }

  /** A value that was recorded before the run was resumed, and that no step has received, is kept too. */
  #slotAt(path: string): Slot | undefined {
    const slot = this.#slots.get(path);
    const recorded = slot === undefined ? this.#run.journal?.signalOf(path) : undefined;
    if (recorded === undefined) return slot;
    const kept = { state: "kept", value: readSent(recorded) } as const;
    this.#slots.set(path, kept);
    return kept;
  }

  #tell(event: Unstamped): void {
    const { runId } = this.#run;
    this.onEvent({ ...event, runId, time: this.#run.now() });
  }
}
