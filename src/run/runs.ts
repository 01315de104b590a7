/**
 * `Runs`: recorded runs, for any process at any time. Reads runs, even while they run here or in another process, cancels
 * them, and deletes old ones. It works on the store alone and needs neither the pipeline nor a claim.
 */
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type {
  CancelOptions,
  GetOptions,
  PruneOptions,
  RecordedCompensation,
  RecordedStep,
  RunFile,
  RunInfo,
  RunRecord,
  RunsFilter,
  RunsOptions,
  WaitingStep,
} from "../../types/runs.ts";
import type { StoreLayer } from "../../types/store.ts";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import { CancelRefused, InvalidInput, RunNotFound } from "../errors.ts";
import { attemptBegan } from "../journal/kept-events.ts";
import { givenTexts } from "../journal/recorded-inputs.ts";
import type { Entry, WaitText } from "../journal/records.ts";
import { Kind, outcomesOf } from "../journal/records.ts";
import type { RunDetails, RunSummary, StoreService, Wait } from "../journal/store.ts";
import { isUnderWay, runStatuses, Store } from "../journal/store.ts";
import { readError } from "../journal/failure-text.ts";
import { describeWithCauses } from "../values/causes.ts";
import { describe } from "../values/describe.ts";
import { decodeShown } from "../values/encode.ts";
import type { Check } from "../values/specification.ts";
import { aBoolean, aDuration, aString, oneOf, received, typed } from "../values/specification.ts";
import { checkedOptions } from "./checked-options.ts";
import { asPromise } from "./promises.ts";
import { aRunId } from "./run-id.ts";

type StoreProblem = StoreError | StoreCorrupt;

const noStore = (): InvalidInput =>
  new InvalidInput({
    path: "",
    input: "store",
    issuePath: [],
    reason: "recorded runs are read from a store: give one as an option, or provide it",
  });

/** Asks the store from the options, or the provided one. */
const withStore = <Value, Failure>(
  layer: StoreLayer | undefined,
  ask: (store: StoreService) => Effect.Effect<Value, Failure>,
): Effect.Effect<Value, Failure | StoreProblem | InvalidInput> =>
  Effect.gen(function* () {
    if (layer !== undefined) {
      const { build } = yield* Effect.promise(() => import("effect/Layer"));
      return yield* Effect.scoped(Effect.flatMap(build(layer), (built) => ask(Context.get(built, Store))));
    }
    const store = Context.getOrUndefined(yield* Effect.context<never>(), Store);
    return yield* store === undefined ? Effect.fail(noStore()) : ask(store);
  });

/** A summary, for users. */
const infoOf = ({ id, pipeline, status, began, ended, error, origin }: RunSummary): RunInfo => ({
  id,
  pipeline,
  status,
  began,
  ended,
  error,
  origin: origin === undefined ? undefined : (JSON.parse(origin) as RunFile),
});

const waitOf = ({ runId, path, since, text }: Wait): WaitingStep => {
  const { ask, deadline } = JSON.parse(text) as WaitText;
  return { runId, path, ask, since, ...(deadline === undefined ? {} : { deadline }) };
};

const inputsOf = (text: string): Readonly<Record<string, unknown>> => {
  return Object.fromEntries(
    Object.entries(givenTexts(text)).map(([name, text]) => [name, decodeShown(text)]),
  );
};

/** What `read` returns, as the member `name`; nothing if it throws. */
const readable = <Name extends string, Value>(
  name: Name,
  read: () => Value,
): { readonly [member in Name]?: Value } => {
  try {
    return { [name]: read() } as { readonly [member in Name]: Value };
  } catch {
    return {};
  }
};

const stepOf = ({ kind, path, text, began, ended, attempt }: Entry, withValue: boolean): RecordedStep => {
  const hasFailed = kind === Kind.failure;
  return {
    path,
    status: hasFailed ? "failed" : "succeeded",
    began,
    ended,
    attempt,
    ...(withValue ? readable("value", () => decodeShown(text)) : {}),
    ...(hasFailed ? readable("error", () => describe(readError(text))) : {}),
  };
};

const recordOf = (run: RunDetails, withValues: boolean): RunRecord => {
  const outcomes = outcomesOf(run.entries);
  return {
    ...infoOf(run),
    inputs: inputsOf(run.inputs),
    steps: [...outcomes.values()].map((entry) => stepOf(entry, withValues)),
    waiting: isUnderWay(run.status)
      ? run.entries
          .filter(({ kind, path }) => kind === Kind.waiting && !outcomes.has(path))
          .map(({ path, text, ended }) => waitOf({ runId: run.id, path, text, since: ended }))
      : [],
    events: run.events.filter(({ type }) => type !== attemptBegan),
    compensation: recordedCompensation(run.entries),
  };
};

/** The recorded compensations; undefined if the run has not begun to undo its steps. */
const recordedCompensation = (entries: ReadonlyArray<Entry>): RecordedCompensation | undefined => {
  const has = (wanted: Kind): boolean => entries.some(({ kind }) => kind === wanted);
  if (!has(Kind.compensating)) return undefined;
  return {
    state: has(Kind.compensated) ? "compensated" : "compensating",
    undone: entries
      .filter(({ kind }) => kind === Kind.undone)
      .map(({ path, text }) => ({
        path,
        error: text === "" ? undefined : describeWithCauses(readError(text)),
      })),
  };
};

const invalid = (input: string, reason: string): InvalidInput =>
  new InvalidInput({ path: "", input, issuePath: [], reason });

const aCount: Check = (name, value) =>
  value >= 0 && typeof value === "number"
    ? undefined
    : `${name} must be a number of at least 0; got ${received(value)}.`;

const aRun: Check = (name, value) =>
  typeof value?.id === "string" && typeof value.began === "number"
    ? undefined
    : `${name} must be a run of the list, with its id and when it began; got ${received(value)}.`;

const listed = {
  pipeline: aString,
  status: oneOf(...runStatuses),
  idPrefix: aString,
  search: aString,
  after: aRun,
  limit: aCount,
};

const list = (filter: RunsFilter = {}) => {
  const problem = checkedOptions("Runs.list", filter, listed);
  if (problem !== undefined) return Effect.fail(problem);
  const { store, pipeline, status, idPrefix, search, after, limit } = filter;
  return withStore(store, (open) =>
    Effect.map(open.runs({ pipeline, status, idPrefix, search, after, limit }), (runs) => runs.map(infoOf)),
  );
};

/** Asks a store about one run. An id that no run can have is not looked up. */
const withRun = <Value, Failure>(
  runId: string,
  store: StoreLayer | undefined,
  wrong: InvalidInput | undefined,
  ask: (store: StoreService) => Effect.Effect<Value, Failure>,
): Effect.Effect<Value, Failure | RunNotFound | StoreProblem | InvalidInput> => {
  const problem = aRunId("runId", runId);
  if (typeof runId !== "string") return Effect.fail(invalid("runId", problem!));
  if (wrong !== undefined) return Effect.fail(wrong);
  return problem === undefined ? withStore(store, ask) : Effect.fail(new RunNotFound({ runId }));
};

const info = (runId: string, options: RunsOptions = {}) =>
  withRun(runId, options?.store, checkedOptions("Runs.info", options), (open) =>
    Effect.flatMap(open.summary(runId), (run) =>
      run === undefined ? Effect.fail(new RunNotFound({ runId })) : Effect.succeed(infoOf(run)),
    ),
  );

const get = (runId: string, options: GetOptions = {}) => {
  const wrong = checkedOptions("Runs.get", options, { values: aBoolean, graph: aBoolean });
  const { store, values = false, graph = false } = options ?? {};
  return withRun(runId, store, wrong, (open) =>
    Effect.gen(function* () {
      const run = yield* open.find(runId);
      if (run === undefined) return yield* new RunNotFound({ runId });
      const record = recordOf(run, values);
      if (!graph) return record;
      const { recordedGraph } = yield* Effect.promise(() => import("./recorded-graph.ts"));
      return { ...record, graph: recordedGraph(run) };
    }),
  );
};

const value = (runId: string, path: string, options: RunsOptions = {}) =>
  withRun(runId, options?.store, checkedOptions("Runs.value", options), (open) =>
    Effect.gen(function* () {
      if (typeof path !== "string")
        return yield* invalid("path", `path must be a string; got ${typed(path)}`);
      const text = yield* open.value(runId, path);
      if (text !== undefined) return decodeShown(text);
      const run = yield* open.summary(runId);
      if (run === undefined) return yield* new RunNotFound({ runId });
      return yield* invalid("path", `no value is recorded at "${path}" in run "${runId}"`);
    }),
  );

const waiting = (options: RunsOptions = {}) => {
  const problem = checkedOptions("Runs.waiting", options);
  if (problem !== undefined) return Effect.fail(problem);
  return withStore(options.store, (open) => Effect.map(open.waiting(), (waits) => waits.map(waitOf)));
};

const notOwned =
  "No process is running it, so its steps cannot be undone now. Resume it, then cancel it while it runs.";

const cancel = (runId: string, options: CancelOptions = {}) => {
  const wrong = checkedOptions("Runs.cancel", options, { compensate: aBoolean });
  const { store, compensate = false } = options ?? {};
  return withRun(runId, store, wrong, (open) =>
    Effect.gen(function* () {
      const time = yield* Clock.currentTimeMillis;
      if (compensate) {
        // Only a process that has the pipeline can call its compensations.
        const run = yield* open.summary(runId);
        if (run?.status === "crashed") return yield* new CancelRefused({ runId, reason: notOwned });
      }
      const text = compensate ? JSON.stringify({ compensate }) : "null";
      const answer = yield* open.send({ runId, type: "cancel", path: "", text, time });
      if (answer.type === "absent") return yield* new RunNotFound({ runId });
      if (answer.type === "refused") return yield* new CancelRefused({ runId, reason: answer.reason });
    }),
  );
};

const prune = (options: PruneOptions) => {
  const wrong = checkedOptions("Runs.prune", options, { olderThan: aDuration, resumable: aBoolean });
  if (wrong !== undefined) return Effect.fail(wrong);
  const { olderThan, resumable = false, store } = options;
  const problem = aDuration("olderThan", olderThan);
  if (problem !== undefined) return Effect.fail(invalid("olderThan", problem));
  return withStore(store, (open) =>
    Effect.flatMap(Clock.currentTimeMillis, (now) =>
      open.prune({ before: now - Duration.toMillis(Duration.fromInputUnsafe(olderThan)), resumable }),
    ),
  );
};

/**
 * Recorded runs: reads them at any time, even while they run in another process, cancels them, and deletes old ones.
 *
 * @example
 * ```ts
 * import { Runs, pipeline } from "espalier";
 * import { SqliteStore } from "espalier/sqlite";
 * import { mkdtempSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 *
 * const store = SqliteStore.layer({ filename: join(mkdtempSync(join(tmpdir(), "runs-")), "runs.db") });
 * const sum = pipeline("sum").step("one", [], () => 1).step("two", ["one"], ({ one }) => one + 1);
 * await sum.runPromise({}, { store, runId: "first" });
 *
 * const [run] = await Runs.listPromise({ store, pipeline: "sum" });
 * console.log(run?.id, run?.status); // first succeeded
 * console.log(await Runs.valuePromise("first", "two", { store })); // 2
 * ```
 *
 * @public
 */
export const Runs: {
  /** The runs of a store, newest first. */
  readonly list: (
    filter?: RunsFilter,
  ) => Effect.Effect<ReadonlyArray<RunInfo>, StoreError | StoreCorrupt | InvalidInput>;
  /** `list` as a Promise. */
  readonly listPromise: (filter?: RunsFilter) => Promise<ReadonlyArray<RunInfo>>;
  /** A summary of one run, whose records are not read. Fails with `RunNotFound` if there is none. */
  readonly info: (
    runId: string,
    options?: RunsOptions,
  ) => Effect.Effect<RunInfo, RunNotFound | StoreError | StoreCorrupt | InvalidInput>;
  /** `info` as a Promise. */
  readonly infoPromise: (runId: string, options?: RunsOptions) => Promise<RunInfo>;
  /** One run with its records; with its values and its graph if the options ask for them. Fails with `RunNotFound` if there is none. */
  readonly get: (
    runId: string,
    options?: GetOptions,
  ) => Effect.Effect<RunRecord, RunNotFound | StoreError | StoreCorrupt | InvalidInput>;
  /** `get` as a Promise. */
  readonly getPromise: (runId: string, options?: GetOptions) => Promise<RunRecord>;
  /** The complete recorded value of a path, as encoded by the step's `output` schema. */
  readonly value: (
    runId: string,
    path: string,
    options?: RunsOptions,
  ) => Effect.Effect<unknown, RunNotFound | StoreError | StoreCorrupt | InvalidInput>;
  /** `value` as a Promise. */
  readonly valuePromise: (runId: string, path: string, options?: RunsOptions) => Promise<unknown>;
  /** The steps that are waiting for a value from outside, longest wait first. Answer them with `Signal.send`. */
  readonly waiting: (
    options?: RunsOptions,
  ) => Effect.Effect<ReadonlyArray<WaitingStep>, StoreError | StoreCorrupt | InvalidInput>;
  /** `waiting` as a Promise. */
  readonly waitingPromise: (options?: RunsOptions) => Promise<ReadonlyArray<WaitingStep>>;
  /**
   * Stops a run in whichever process executes it, and returns when that process has received the request. A crashed run is
   * marked as interrupted. With `compensate`, the run is undone: the compensations of its succeeded steps run, and it
   * cannot be resumed. Fails with `CancelRefused` if the run has already ended or its process does not answer.
   */
  readonly cancel: (
    runId: string,
    options?: CancelOptions,
  ) => Effect.Effect<void, RunNotFound | CancelRefused | StoreError | StoreCorrupt | InvalidInput>;
  /** `cancel` as a Promise. */
  readonly cancelPromise: (runId: string, options?: CancelOptions) => Promise<void>;
  /**
   * Deletes succeeded runs, with data that only they hold, and cached values of that age. Returns the number of runs. Runs
   * that can be resumed are kept, unless `resumable` is true; a run that is under way is always kept.
   */
  readonly prune: (options: PruneOptions) => Effect.Effect<number, StoreError | StoreCorrupt | InvalidInput>;
  /** `prune` as a Promise. */
  readonly prunePromise: (options: PruneOptions) => Promise<number>;
} = {
  list,
  listPromise: asPromise(list),
  info,
  infoPromise: asPromise(info),
  get,
  getPromise: asPromise(get),
  value,
  valuePromise: asPromise(value),
  waiting,
  waitingPromise: asPromise(waiting),
  cancel,
  cancelPromise: asPromise(cancel),
  prune,
  prunePromise: asPromise(prune),
};
