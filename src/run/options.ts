/**
 * The options of a run, one entry each: what it must be, what it does, and what applies without it. They are checked before
 * the run begins. The table in `docs/reference/options.md` is generated from these entries.
 */
import { isLayer } from "effect/Layer";
import { InvalidInput } from "../errors.ts";
import { somePoolLimits } from "../graph/pool.ts";
import type { Check, Specification } from "../values/specification.ts";
import {
  aBoolean,
  aDuration,
  aFunction,
  aLimit,
  isRecord,
  oneOf,
  problemOf,
  typed,
  unknownOption,
} from "../values/specification.ts";
import { aRunId } from "./run-id.ts";

const limits: Check = (name, value) => {
  if (!isRecord(value)) return `${name} must be an object such as { network: 4 }; got ${typed(value)}.`;
  for (const pool of Object.keys(value)) {
    const problem = value[pool] === undefined ? undefined : somePoolLimits(`${name}.${pool}`, value[pool]);
    if (problem !== undefined) return problem;
  }
  return undefined;
};

export const aStore: Check = (name, value) =>
  isLayer(value)
    ? undefined
    : `${name} must be a layer such as SqliteStore.layer({ filename: "runs.db" }); got ${typed(value)}.`;

const workers: Check = (name, value) =>
  isLayer(value)
    ? undefined
    : `${name} must be a layer such as ThreadWorkers.layer({ module: new URL("./pipelines.ts", import.meta.url) }); got ${typed(value)}.`;

/** Checked by its members, not by its class: a signal may come from another realm or from a library. */
const anAbortSignal: Check = (name, value) =>
  isRecord(value) && typeof value["aborted"] === "boolean" && typeof value["addEventListener"] === "function"
    ? undefined
    : `${name} must be an AbortSignal, such as the signal of an AbortController; got ${typed(value)}.`;

/** In the order in which the documentation lists them. */
export const runOptions: Specification = {
  concurrency: {
    check: aLimit,
    does: "The maximum number of steps that run at once. A dynamic step that waits for its steps is not counted, so nesting cannot block itself",
    without: "no limit",
  },
  pools: {
    check: limits,
    does: 'For each pool, by name, the most steps that run at once, or limits such as `{ rate: { limit: 60, per: "1 minute" } }`. They override those of a [pool](#pool). An unknown name is refused, or reported as a warning',
    without: "the pools' own limits",
  },
  onFailure: {
    check: oneOf("interrupt", "finish", "compensate"),
    does: '`"interrupt"`: the first failure stops the rest. `"finish"`: everything that does not depend on it still runs, and then the run fails. `"compensate"`: the first failure stops the rest, the [compensations](../guides/sagas.md) of the steps that have succeeded run in reverse order, and then the run fails',
    without: '`"interrupt"`',
  },
  maxSteps: {
    check: aLimit,
    does: "The maximum number of steps that expansions can add in the whole run",
    without: "1,000,000",
  },
  maxDepth: { check: aLimit, does: "The maximum nesting depth of expansions", without: "32" },
  gracePeriod: {
    check: aDuration,
    does: "The time that an interrupted step has to end before it is abandoned and reported as leaked",
    without: "5 seconds",
  },
  signal: {
    check: anAbortSignal,
    does: "An `AbortSignal`. When it fires, the run is interrupted, and the signals of its steps fire with the same reason. A promise of the run rejects with that reason. If it has already fired, nothing starts",
    without: "no signal",
  },
  onEvent: {
    check: aFunction("each event"),
    does: "Called with each [event](events.md) of the run as it happens. If it throws, the error is logged once and the run continues",
    without: "no callback",
  },
  runId: { check: aRunId, does: "The id of the run, part of each `idempotencyKey`", without: "a new one" },
  store: { check: aStore, does: "Where the run is recorded", without: "nowhere" },
  workers: {
    check: workers,
    does: 'Executes steps with `where: "worker"`, such as the layer of [threads](../guides/use-all-cores.md). It can also be provided as a service',
    without: "such steps run in this process, with one warning per run",
  },
  refresh: {
    check: aBoolean,
    does: "Computes cached steps again, and caches their new outputs",
    without: "`false`",
  },
  tracing: {
    check: aBoolean,
    does: "Creates a span in Effect's tracer for the run and each step, item and expansion: [how to see them](../guides/observe-a-run.md)",
    without: "`false`",
  },
  metrics: {
    check: aBoolean,
    does: "Counts steps by state, and measures durations and the queue, as [Effect metrics](../guides/observe-a-run.md#metrics)",
    without: "`false`",
  },
};

/** The problem with the options of a run; undefined if there is none. */
export const optionsProblem = (options: unknown): InvalidInput | undefined => {
  const problem = (input: string, reason: string) =>
    new InvalidInput({ path: "", input, issuePath: [], reason });
  if (!isRecord(options)) return problem("options", `options must be an object; got ${typed(options)}.`);
  for (const name of Object.keys(options)) {
    const reason = problemOf({ [name]: options[name] }, runOptions, (option) =>
      unknownOption("A run", option, runOptions),
    );
    if (reason !== undefined) return problem(name, reason);
  }
  return undefined;
};
