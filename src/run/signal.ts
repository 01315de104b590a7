/**
 * Waiting for the outside: the steps of `.await` and `.sleep`, and `Signal.send`, which gives a step the value that it
 * waits for, in this process or in a run that stopped and will be resumed.
 */
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type { StoreLayer } from "../../types/store.ts";
import { CurrentStep } from "../engine/context.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import { CurrentDurable } from "../engine/seams.ts";
import { kindAt, shapesOf } from "../journal/shape.ts";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import { RunNotFound, SignalRefused, StepTimedOut } from "../errors.ts";
import type { Answer, Message, RunDetails, StoreService } from "../journal/store.ts";
import { Kind } from "../journal/records.ts";
import { Store } from "../journal/store.ts";
import { describe } from "../values/describe.ts";
import { decode as decodeText, encode } from "../values/encode.ts";
import { decode } from "../values/schema.ts";
import type { LiveRun } from "./live.ts";
import { anyLiveRun, liveRun } from "./live.ts";
import { addressOf } from "../path.ts";

interface Waiting {
  readonly schema: unknown;
  readonly deliver: (value: unknown) => void;
}

/** The steps that wait in this process, by run and path. */
const waiting = new Map<string, Waiting>();

const keyOf = (runId: string, path: string): string => addressOf(runId, path);

/** Why a value is none that the schema takes; undefined where it is one. */
const problem = (schema: unknown, value: unknown): Effect.Effect<string | undefined> =>
  Effect.matchCause(decode(schema, value), {
    onSuccess: () => undefined,
    onFailure: (cause) => describe(cause.reasons[0]?._tag === "Fail" ? cause.reasons[0].error.reason : cause),
  });

/** How long is left of `millis`, which began when the step first did, in whichever process that was. */
const remaining = (path: string, millis: number): Effect.Effect<number> =>
  Effect.flatMap(CurrentDurable, (durable) =>
    durable === undefined
      ? Effect.succeed(millis)
      : Effect.callback<number>((resume) => {
          const left: number = durable.deadline(path, millis, () => resume(Effect.sync(() => left)));
        }),
  );

/** What a step of `.await` does. What it gives is the value as sent: the step's output schema decodes it. */
export const awaitSignal = (
  schema: unknown,
  timeout: Duration.Input | undefined,
): Effect.Effect<unknown, StepTimedOut, CurrentStep> =>
  Effect.gen(function* () {
    const { path, idempotencyKey } = yield* CurrentStep;
    const durable = yield* CurrentDurable;
    const sent = durable?.sent(path);
    if (durable !== undefined && sent !== undefined) {
      const value = decodeText(sent);
      if ((yield* problem(schema, value)) === undefined) return value;
      durable.forgetSent(path); // Whoever sent it could not be told: the step waits for one that fits.
    }
    const arrival = Effect.callback<unknown>((resume) => {
      durable?.waiting(path, {});
      waiting.set(idempotencyKey, { schema, deliver: (value) => resume(Effect.succeed(value)) });
      return Effect.sync(() => waiting.delete(idempotencyKey));
    });
    const arrived = Effect.ensuring(
      arrival,
      Effect.sync(() => waiting.delete(idempotencyKey)),
    );
    if (timeout === undefined) return yield* arrived;
    const timeoutMillis = Duration.toMillis(Duration.fromInputUnsafe(timeout));
    const left = yield* remaining(path, timeoutMillis);
    return yield* Effect.timeoutOrElse(arrived, {
      duration: left,
      orElse: () => Effect.fail(new StepTimedOut({ path, timeoutMillis })),
    });
  });

/** What a step of `.sleep` does. */
export const sleepFor = (duration: Duration.Input): Effect.Effect<void, never, CurrentStep> =>
  Effect.gen(function* () {
    const { path } = yield* CurrentStep;
    const left = yield* remaining(path, Duration.toMillis(Duration.fromInputUnsafe(duration)));
    yield* Effect.sleep(left);
  });

/** Gives a waiting step its value. False: nobody waits there. */
const deliver = (
  runId: string,
  path: string,
  value: unknown,
  message?: number,
): Effect.Effect<boolean, SignalRefused> =>
  Effect.gen(function* () {
    const waiter = waiting.get(keyOf(runId, path));
    if (waiter === undefined) return false;
    const reason = yield* problem(waiter.schema, value);
    if (reason !== undefined) {
      return yield* new SignalRefused({ runId, path, reason: `The value does not fit: ${reason}` });
    }
    if (waiting.get(keyOf(runId, path)) !== waiter) return false;
    waiting.delete(keyOf(runId, path));
    const durable = anyLiveRun(runId)?.durable;
    const text = encode(value);
    // Whoever sent it is told so once it cannot be lost any more.
    if (durable !== undefined && typeof text === "string") {
      yield* recordIn(durable, path, text, message);
    }
    waiter.deliver(value);
    return true;
  });

/** Does what is asked of a run here from outside. */
export const hear = async (live: LiveRun, { id, type, path, text }: Message): Promise<Answer> => {
  const { durable, runId } = live;
  if (type === "cancel") {
    live.cancel();
    return { type: "delivered" };
  }
  if (durable === undefined) return { type: "kept" };
  const sending = Effect.gen(function* () {
    if (yield* deliver(runId, path, decodeText(text), id)) return "delivered";
    const run = yield* durable.store.find(runId);
    const problem = run && refused(run, path);
    if (problem !== undefined) return yield* problem;
    yield* recordIn(durable, path, text, id);
    return "kept";
  });
  return Effect.runPromise(
    Effect.matchCause(sending, {
      onSuccess: (what): Answer => ({ type: what as "delivered" | "kept" }),
      onFailure: (cause): Answer => {
        const error = Cause.squash(cause);
        return { type: "refused", reason: error instanceof SignalRefused ? error.reason : describe(error) };
      },
    }),
  );
};

const recordIn = (durable: RunJournal, path: string, text: string, message?: number): Effect.Effect<void> =>
  Effect.callback((resume) => durable.signal(path, text, () => resume(Effect.void), message));

const refused = (run: RunDetails, path: string): SignalRefused | undefined => {
  const no = (reason: string) => new SignalRefused({ runId: run.id, path, reason });
  const kind = kindAt(path, shapesOf(run));
  if (kind === undefined) return no("There is no step at this path, as far as the run has come.");
  if (kind !== "await") return no("The step at this path waits for no value.");
  if (run.entries.some((entry) => entry.kind === Kind.outcome && entry.path === path))
    return no("The step at this path has its value already.");
  return undefined;
};

const record = (
  store: StoreService,
  runId: string,
  path: string,
  text: string,
): Effect.Effect<void, SignalRefused | RunNotFound | StoreError | StoreCorrupt> =>
  Effect.gen(function* () {
    const run = yield* store.find(runId);
    if (run === undefined) return yield* new RunNotFound({ runId });
    const problem = refused(run, path);
    if (problem !== undefined) return yield* problem;
    const durable = liveRun(runId, store.name)?.durable;
    if (durable !== undefined) return yield* recordIn(durable, path, text);
    const time = yield* Effect.clockWith((clock) => clock.currentTimeMillis);
    const answer = yield* store.send({ runId, type: "signal", path, text, time });
    if (answer.type === "absent") return yield* new RunNotFound({ runId });
    if (answer.type === "refused") return yield* new SignalRefused({ runId, path, reason: answer.reason });
  });

const send = (
  runId: string,
  path: string,
  value: unknown,
  options: { readonly store?: StoreLayer } = {},
): Effect.Effect<void, SignalRefused | RunNotFound | StoreError | StoreCorrupt> =>
  Effect.gen(function* () {
    const text = encode(value);
    if (typeof text !== "string") {
      return yield* new SignalRefused({ runId, path, reason: `The value cannot be written: ${text.reason}` });
    }
    if (yield* deliver(runId, path, value)) return;
    const context = yield* Effect.context<never>();
    const live = anyLiveRun(runId)?.durable?.store ?? Context.getOrUndefined(context, Store);
    if (live !== undefined) {
      yield* record(live, runId, path, text);
    } else if (options.store !== undefined) {
      const { build } = yield* Effect.promise(() => import("effect/Layer"));
      yield* Effect.scoped(
        Effect.flatMap(build(options.store), (built) => record(Context.get(built, Store), runId, path, text)),
      );
    } else {
      const reason =
        "Nobody waits there in this process. Give the store that the run is in, for the time when it is resumed.";
      return yield* new SignalRefused({ runId, path, reason });
    }
  });

/**
 * Values for steps that wait for the outside, which `.await` adds to a pipeline.
 *
 * @example
 * ```ts
 * import { Signal, pipeline, type } from "espalier";
 * import * as Effect from "effect/Effect";
 *
 * const release = pipeline("release")
 *   .await("approval", type<{ by: string }>())
 *   .step("text", ["approval"], ({ approval }) => `Released by ${approval.by}`);
 *
 * const run = await Effect.runPromise(release.start());
 * await new Promise((resolve) => setTimeout(resolve, 10));
 * await Effect.runPromise(Signal.send(run.id, "approval", { by: "Ada" }));
 * console.log((await Effect.runPromise(run.await)).text); // Released by Ada
 * ```
 *
 * @public
 */
export const Signal: {
  /**
   * Gives the step at `path` of a run the value that it waits for: the value as the step's schema reads it. Where the run
   * is not under way in this process, the value is recorded in the store, given here or provided, for when it is resumed.
   */
  readonly send: (
    runId: string,
    path: string,
    value: unknown,
    options?: {
      /** Where the run is recorded; a store that is provided serves as well. */
      readonly store?: StoreLayer;
    },
  ) => Effect.Effect<void, SignalRefused | RunNotFound | StoreError | StoreCorrupt>;
} = { send };
