/**
 * Waiting for something from outside: the steps of `.await` and `.sleep`, and `Signal.send`, which sends a waiting step its
 * value. The run may be in this process, owned by another process, or stopped.
 */
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type { StoreLayer } from "../../types/store.ts";
import type { Graph } from "../engine/graph.ts";
import { CurrentStep } from "../engine/context.ts";
import { hasEnded, hasValue, noStep, noWait, wasSkipped } from "../engine/standing.ts";
import type { StepTimedOut, StoreCorrupt, StoreError } from "../errors.ts";
import { RunNotFound, SignalRefused, StepFailed } from "../errors.ts";
import { Kind, outcomesOf } from "../journal/records.ts";
import type { Shapes } from "../journal/shape.ts";
import { kindAt, mayCome, shapeOf, shapesOf, skippedAbove } from "../journal/shape.ts";
import type { Answer, Message, RunDetails, StoreService } from "../journal/store.ts";
import { Store } from "../journal/store.ts";
import { isAtOrUnder } from "../path.ts";
import { describe } from "../values/describe.ts";
import { decode as decodeText } from "../values/encode.ts";
import { readSent, writeSent } from "../values/sent.ts";
import { aDurationOrDate, typed } from "../values/specification.ts";
import type { LiveRun } from "./live.ts";
import { CurrentRun, liveRun, liveRuns } from "./live.ts";
import type { Delivery } from "./mailbox.ts";
import { checkedOptions } from "./checked-options.ts";
import { asPromise } from "./promises.ts";

/** The run of a step. A run without a store is found by its id, which is unique unless the caller chose the same id twice. */
const runOf = (step: CurrentStep["Service"]): Effect.Effect<LiveRun | undefined> =>
  Effect.map(CurrentRun, (run) => {
    if (run !== undefined) return run;
    return liveRuns(step.runId).find(({ store }) => store === undefined);
  });

/** How much is left of `millis`, counted from the step's first start in any process. */
const remaining = (run: LiveRun | undefined, path: string, millis: number): Effect.Effect<number> =>
  Effect.suspend(() => {
    const journal = run?.journal;
    if (journal === undefined) return Effect.succeed(millis);
    return Effect.callback<number>((resume) => {
      const left: number = journal.deadline(path, millis, () => resume(Effect.sync(() => left)));
    });
  });

/** The function of an `.await` step. It returns the value that was sent; the step's output schema decodes it. */
export const awaitSignal = (
  schema: unknown,
  timeout: Duration.Input | undefined,
  ask: unknown,
): Effect.Effect<unknown, StepTimedOut, CurrentStep> =>
  Effect.gen(function* () {
    const step = yield* CurrentStep;
    const { path, attempt } = step;
    const run = yield* runOf(step);
    const mailbox = yield* run?.mailbox() ?? Effect.undefined;
    if (mailbox === undefined) return yield* Effect.interrupt; // The run has ended.
    const millis = timeout === undefined ? undefined : Duration.toMillis(Duration.fromInputUnsafe(timeout));
    const limit = millis === undefined ? undefined : { millis, remaining: remaining(run, path, millis) };
    return yield* mailbox.wait({ path, attempt, schema, ask, limit });
  });

/** The longest that one timer can wait. */
const longestTimer = 2 ** 31 - 1;

/** The function of a `.sleep` step: waits for a length of time, or until a date. */
export const sleepFor = (span: Duration.Input | Date): Effect.Effect<void, StepFailed, CurrentStep> =>
  Effect.gen(function* () {
    const step = yield* CurrentStep;
    const { path } = step;
    const run = yield* runOf(step);
    const problem = aDurationOrDate("duration", span);
    if (problem !== undefined) return yield* new StepFailed({ path, cause: new TypeError(problem) });
    const millis =
      span instanceof Date
        ? Math.max(0, span.getTime() - (yield* Clock.currentTimeMillis))
        : Duration.toMillis(Duration.fromInputUnsafe(span));
    let left = yield* remaining(run, path, millis);
    for (; left > longestTimer; left -= longestTimer) yield* Effect.sleep(longestTimer);
    yield* Effect.sleep(Math.max(0, left));
  });

const refusalByShape = (shapes: Shapes, path: string): string | undefined => {
  const kind = kindAt(path, shapes);
  if (kind === "await" || (kind === undefined && mayCome(path, shapes))) return undefined;
  return kind === undefined ? noStep : noWait(kind);
};

/** Why a recorded run refuses a value for the step at a path; undefined if it does not. `now`: to find waits that have expired. */
const refusalOf = (run: RunDetails, path: string, now: number): string | undefined => {
  if (run.status === "succeeded") return "The run has ended.";
  const shapes = shapesOf(run);
  const problem = refusalByShape(shapes, path);
  if (problem !== undefined) return problem;
  const outcomes = outcomesOf(run.entries);
  if (outcomes.has(path)) return hasValue;
  for (const above of outcomes.keys()) {
    if (isAtOrUnder(path, above)) return hasEnded(above);
  }
  const isFalse = (condition: string): boolean => outcomes.get(condition)?.text === "false";
  const skipped = skippedAbove(path, shapes, isFalse);
  if (skipped !== undefined) return wasSkipped(path, skipped);
  const deadline = run.entries.find((entry) => entry.kind === Kind.deadline && entry.path === path);
  if (deadline !== undefined && Number(deadline.text) <= now) {
    return "Too late: the timeout of the step at this path has passed.";
  }
  return undefined;
};

/** Why a live run with a store refuses a value for a step that is not waiting now. */
export const refusalIn =
  (store: StoreService, runId: string) =>
  (path: string): Effect.Effect<string | undefined, StoreError | StoreCorrupt> =>
    Effect.map(store.find(runId), (run) => (run === undefined ? undefined : refusalOf(run, path, -Infinity)));

/** The same for a run without a store: only the graph of its pipeline is known. */
export const refusalInMemory =
  (graph: Graph) =>
  (path: string): Effect.Effect<string | undefined> =>
    Effect.sync(() => refusalByShape(new Map([["", shapeOf(graph)]]), path));

type SendError = SignalRefused | RunNotFound | StoreError | StoreCorrupt;

/** Handles a message that was sent to a run here from outside. */
export const hear = async (live: LiveRun, { id, type, path, text }: Message): Promise<Answer> => {
  if (type === "cancel") {
    live.cancel((decodeText(text) as { readonly compensate?: boolean } | null)?.compensate === true);
    return { type: "delivered" };
  }
  const sending = Effect.flatMap(live.mailbox(), (mailbox) =>
    mailbox === undefined ? Effect.succeed("kept" as const) : mailbox.send(path, readSent(text), text, id),
  );
  return Effect.runPromise(
    Effect.matchCause(sending, {
      onSuccess: (type): Answer => ({ type }),
      onFailure: (cause): Answer => {
        const error = Cause.squash(cause);
        return { type: "refused", reason: error instanceof SignalRefused ? error.reason : describe(error) };
      },
    }),
  );
};

/** Sends a value to a run that is not live here. */
const sendToStore = (
  store: StoreService,
  runId: string,
  path: string,
  text: string,
): Effect.Effect<Delivery, SendError> =>
  Effect.gen(function* () {
    const run = yield* store.find(runId);
    if (run === undefined) return yield* new RunNotFound({ runId });
    const live = liveRun(store, runId);
    if (live !== undefined) return yield* sendTo(store, runId, path, readSent(text));
    const time = yield* Clock.currentTimeMillis;
    const isSent = run.entries.some((entry) => entry.kind === Kind.signal && entry.path === path);
    const reason =
      refusalOf(run, path, time) ??
      (isSent ? "A value was sent to this path already; the step gets that one." : undefined);
    if (reason !== undefined) return yield* new SignalRefused({ runId, path, reason });
    const answer = yield* store.send({ runId, type: "signal", path, text, time });
    if (answer.type === "absent") return yield* new RunNotFound({ runId });
    if (answer.type === "refused") return yield* new SignalRefused({ runId, path, reason: answer.reason });
    return answer.type;
  });

const sendTo = (
  store: StoreService | undefined,
  runId: string,
  path: string,
  value: unknown,
): Effect.Effect<Delivery, SendError> =>
  Effect.gen(function* () {
    const refuse = (reason: string) => new SignalRefused({ runId, path, reason });
    const found = store === undefined ? liveRuns(runId) : [liveRun(store, runId) ?? []].flat();
    if (found.length > 1) {
      const reason = `${found.length} runs of this process have the id "${runId}". Give the store of the one that is meant.`;
      return yield* refuse(reason);
    }
    const live = found[0];
    const written = writeSent(value);
    const text = typeof written === "string" ? written : undefined;
    const mailbox = live === undefined ? undefined : yield* live.mailbox();
    if (mailbox !== undefined) return yield* mailbox.send(path, value, text);
    const ended = store ?? live?.store;
    if (ended !== undefined && typeof written !== "string") {
      return yield* refuse(`The value cannot be recorded: ${written.reason}`);
    }
    if (ended !== undefined) return yield* sendToStore(ended, runId, path, text!);
    const reason =
      live === undefined
        ? `No run with this id is under way in this process. Give the store of the run: Signal.send(runId, path, value, { store }).`
        : "The run has ended.";
    return yield* refuse(reason);
  });

const send = (
  runId: string,
  path: string,
  value: unknown,
  options: { readonly store?: StoreLayer | undefined } = {},
): Effect.Effect<Delivery, SendError> =>
  Effect.gen(function* () {
    for (const [name, text] of Object.entries({ runId, path })) {
      if (typeof text === "string") continue;
      const reason = `${name} must be a string; got ${typed(text)}.`;
      return yield* new SignalRefused({ runId: describe(runId), path: describe(path), reason });
    }
    if (!runId.isWellFormed()) return yield* new RunNotFound({ runId });
    const wrong = checkedOptions("Signal.send", options);
    if (wrong !== undefined) return yield* new SignalRefused({ runId, path, reason: wrong.reason });
    const { store } = options;
    if (store === undefined) {
      return yield* sendTo(Context.getOrUndefined(yield* Effect.context<never>(), Store), runId, path, value);
    }
    const { build } = yield* Effect.promise(() => import("effect/Layer"));
    return yield* Effect.scoped(
      Effect.flatMap(build(store), (built) => sendTo(Context.get(built, Store), runId, path, value)),
    );
  });

/**
 * Sends values to steps that wait for something from outside, which `.await` adds to a pipeline.
 *
 * @example
 * ```ts
 * import { Signal, pipeline, type } from "espalier";
 *
 * const release = pipeline("release")
 *   .await("approval", type<{ by: string }>())
 *   .step("text", ["approval"], ({ approval }) => `Released by ${approval.by}`);
 *
 * const run = await release.startPromise();
 * await Signal.sendPromise(run.id, "approval", { by: "Ada" });
 * console.log((await run.result).text); // Released by Ada
 * ```
 *
 * @public
 */
export const Signal: {
  /**
   * Sends the step at `path` of a run the value that it waits for: in the form that the step's schema decodes, or else as
   * JSON, or else as an Effect Schema has decoded it (a `Date` for `Schema.DateFromString`). An accepted value reaches its
   * step exactly once: immediately (`"delivered"`), or when the step begins to wait, in this process or in one that resumes
   * the run (`"kept"`). Otherwise the value is refused, with the reason: it does not fit the schema, the step already has
   * its value or has timed out, the run has ended, or there is no such step.
   */
  readonly send: (
    runId: string,
    path: string,
    value: unknown,
    options?: {
      /** The store that has the run. Defaults to the provided store. */
      readonly store?: StoreLayer | undefined;
    },
  ) => Effect.Effect<"delivered" | "kept", SignalRefused | RunNotFound | StoreError | StoreCorrupt>;
  /** `send` as a Promise. */
  readonly sendPromise: (
    runId: string,
    path: string,
    value: unknown,
    options?: {
      /** The store that has the run. */
      readonly store?: StoreLayer | undefined;
    },
  ) => Promise<"delivered" | "kept">;
} = { send, sendPromise: asPromise(send) };
