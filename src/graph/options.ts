/**
 * The options of steps, one entry each: which kinds take it, what it must be, what it does, and what applies without it.
 * `optionsProblem` reports invalid options of a step immediately, for callers without types; the tables in
 * `docs/reference/options.md` are generated from these entries.
 */
import { isEffect } from "effect/Effect";
import { isSchedule } from "effect/Schedule";
import type { StepKind } from "../../types/plan.ts";
import { isSchema } from "../values/schema.ts";
import type { Check, OptionSpecification, Specification } from "../values/specification.ts";
import {
  aBoolean,
  aDuration,
  aFunction,
  aLimit,
  aListOf,
  aNumber,
  aRecordOf,
  aString,
  aWholeNumber,
  isRecord,
  oneOf,
  problemOf,
  received,
  typed,
  unknownOption,
} from "../values/specification.ts";
import { stepKinds } from "./kinds.ts";
import { aPool } from "./pool.ts";

interface StepOption extends OptionSpecification {
  readonly kinds: ReadonlyArray<StepKind>;
}

/** The fields of `retry`, if it is a record. */
export const retryFields: Specification = {
  times: {
    check: aWholeNumber(0),
    does: "The maximum number of attempts after the first",
    without: "until one succeeds",
  },
  delay: { check: aDuration, does: "The delay before the next attempt", without: "none" },
  factor: {
    check: aNumber(0),
    does: "Each delay is the previous one times this factor",
    without: "1",
  },
  maxDelay: { check: aDuration, does: "The maximum delay", without: "no limit" },
  jitter: {
    check: aBoolean,
    does: "Varies each delay at random between 80 % and 120 %",
    without: "`false`",
  },
  while: {
    check: aFunction("the error"),
    does: "A function of the error that returns whether to retry",
    without: "every error is retried",
  },
};

/** The fields of `cache`, if it is a record. */
export const cacheFields: Specification = {
  version: {
    check: (name, value) =>
      typeof value === "string" || typeof value === "number"
        ? undefined
        : `${name} must be a string or a number; got ${received(value)}.`,
    does: "A step never reads outputs that another version of it has cached",
    without: "none",
  },
  key: {
    check: aFunction("the inputs"),
    does: "A function of the inputs (in a map, of the item and the inputs; in a loop, of the state and the inputs) whose result identifies the output, instead of the inputs of the step and of the surrounding expansions",
    without: "the inputs of the step and of the surrounding expansions",
  },
  name: {
    check: aString,
    does: "Identifies the output instead of the pipeline's name and the step's path, so that pipelines can share it",
    without: "the pipeline's name and the step's path",
  },
  ttl: { check: aDuration, does: "How long an output can be reused", without: "no limit" },
};

const retry: Check = (name, value) =>
  isSchedule(value)
    ? undefined
    : aRecordOf(retryFields, "a Schedule or a record such as { times: 3 }")(name, value);

const cache: Check = (name, value) =>
  value === true
    ? undefined
    : aRecordOf(cacheFields, 'true or a record such as { ttl: "1 hour" }')(name, value);

const output: Check = (name, value) =>
  isSchema(value)
    ? undefined
    : `${name} must be an Effect Schema, a Standard Schema or type<T>(); got ${typed(value)}.`;

const fallback: Check = (name, value) =>
  isEffect(value) && !(value instanceof Error)
    ? `${name} must be a value or a function of the error, and this is an Effect. Write () => effect.`
    : undefined;

const outputs: Check = (name, value) => {
  if (value === "all") return undefined;
  if (Array.isArray(value) && value.length === 0) {
    return `${name} must not be empty, because every step provides something. Leave it out to provide the step's name.`;
  }
  return aListOf("names")(name, value);
};

const everyKind = (Object.keys(stepKinds) as ReadonlyArray<StepKind>).filter(
  (kind) => stepKinds[kind].takesOptions,
);
const kindsThat = (take: (kind: StepKind) => boolean): ReadonlyArray<StepKind> => everyKind.filter(take);

/** The kinds that run a function of the user, and so can fail and be tried again. */
const working = kindsThat((kind) => stepKinds[kind].returns !== "wait");
const waiting = kindsThat((kind) => stepKinds[kind].returns === "wait");
const withItems = kindsThat((kind) => stepKinds[kind].returns === "items");
const withTurns = kindsThat((kind) => stepKinds[kind].returns === "turns");

/** In the order in which the documentation lists them. */
export const stepOptions: Readonly<Record<string, StepOption>> = {
  after: {
    kinds: waiting,
    check: aListOf("names"),
    does: "Outputs that must exist before the wait begins",
    without: "the wait begins with the run",
  },
  ask: {
    kinds: ["await"],
    check: aFunction("the outputs in `after`"),
    does: "A function of the outputs in `after` that returns the question: shown with the waiting step, and in the event `step.waiting`",
    without: "no question",
  },
  outputs: {
    kinds: kindsThat((kind) => stepKinds[kind].provides !== "name"),
    check: outputs,
    does: 'The names of the outputs, if there are several or the name differs from the step\'s: the function returns a record of them. For a dynamic step also `"all"`: every output of the pipeline that it returns',
    without: "the step's name",
  },
  until: {
    kinds: withTurns,
    check: aFunction("the state and the inputs"),
    does: "A function of the state and the inputs, called after each turn, that returns whether the loop ends. It must return a boolean, not a Promise",
    without: "required",
  },
  maxTurns: {
    kinds: withTurns,
    check: aLimit,
    does: "The maximum number of turns; a loop that needs more fails with `TooManyTurns`. If the limit is raised, a resumed run continues the loop",
    without: "1,000",
  },
  retry: {
    kinds: working,
    check: retry,
    does: "Retries a failed step: an Effect `Schedule`, or a [record](#retry)",
    without: "one attempt",
  },
  timeout: {
    kinds: [...working, "await"],
    check: aDuration,
    does: "The maximum duration of one attempt, which then fails with `StepTimedOut`. For `.await`: the maximum wait, including restarts of the run",
    without: "no limit",
  },
  fallback: {
    kinds: [...working, "await"],
    check: fallback,
    does: "The value to use once every attempt has failed, or a function of the error that returns it (directly, or as a Promise or Effect). For `.await`: once its timeout has passed",
    without: "the run fails",
  },
  pool: {
    kinds: working,
    check: aPool,
    does: "A limit that steps share: a [pool](#pool), or the name of one",
    without: "no limit",
  },
  output: {
    kinds: working,
    check: output,
    does: "A schema that decodes the output",
    without: "not decoded",
  },
  cache: {
    kinds: working,
    check: cache,
    does: "Reuses the output in other runs that have a [store](#run): `true`, or a [record](#cache)",
    without: "not reused",
  },
  compensate: {
    kinds: working,
    check: aFunction("the output and the inputs"),
    does: 'A function of the output and the inputs (in a map, of the output, the item and the inputs; in a loop, of the new state, the state before and the inputs) that undoes what the step did. Called if the step has succeeded and the run, with `onFailure: "compensate"`, fails: [how](../guides/sagas.md)',
    without: "nothing is undone",
  },
  concurrency: {
    kinds: withItems,
    check: aLimit,
    does: "The maximum number of items that run at once",
    without: "all",
  },
  key: {
    kinds: withItems,
    check: aFunction("an item and its index"),
    does: "A function of the item and its index that names the item in its path. Keys must differ",
    without: "the index",
  },
  failures: {
    kinds: withItems,
    check: oneOf("fail", "collect"),
    does: '`"collect"`: a failed item does not fail the others, and each output is a `Result`',
    without: '`"fail"`',
  },
  minSuccess: {
    kinds: withItems,
    check: aNumber(0),
    does: 'With `"collect"`: the least number of items that must succeed; with fewer, the map fails with `TooFewSucceeded`',
    without: "0",
  },
  enough: {
    kinds: withItems,
    check: aWholeNumber(1),
    does: "The number of items that the map needs: once this many have succeeded, the others are interrupted, and the output contains the values of the successful items, in item order. Failed items are tolerated as long as enough others can succeed; otherwise the map fails with `TooFewSucceeded`",
    without: "every item",
  },
  where: {
    kinds: working,
    check: oneOf("here", "worker"),
    does: '`"worker"`: the function runs on one of the run\'s [workers](#run), such as a thread. For a map, a loop or a race, this is the function of each item, turn or contender. Pipelines that it returns, and the function of a dynamic step or a switch, run in the owning process',
    without: '`"here"`',
  },
  description: { kinds: everyKind, check: aString, does: "Shown in diagrams and reports", without: "none" },
  tags: {
    kinds: everyKind,
    check: aListOf("strings"),
    does: "Labels that group steps in diagrams and reports",
    without: "none",
  },
};

const specificationOf = (kind: StepKind): Specification =>
  Object.fromEntries(Object.entries(stepOptions).filter(([, { kinds }]) => kinds.includes(kind)));

const specifications = Object.fromEntries(everyKind.map((kind) => [kind, specificationOf(kind)])) as Readonly<
  Record<StepKind, Specification>
>;

const article = (kind: StepKind): string => (kind === "await" ? "an" : "a");

/** An option that this kind does not take: one of another kind, or an unknown one. */
const refused = (kind: StepKind, option: string): string => {
  const { label } = stepKinds[kind];
  const owner = `${article(kind)} ${label}`.replace(/^a/, "A");
  if (!Object.hasOwn(stepOptions, option)) return unknownOption(owner, option, specifications[kind]);
  if (option === "outputs") return `${owner} has one output, its name: remove the option "outputs".`;
  const takers = stepOptions[option]!.kinds.map((other) => stepKinds[other].label);
  return `${owner} has no option "${option}"; only ${takers.join(", ")} can have it. Remove it.`;
};

/** Options that contradict each other. */
const contradiction = ({
  failures,
  minSuccess,
  enough,
  compensate,
  cache,
}: Readonly<Record<string, unknown>>): string | undefined => {
  if (compensate !== undefined && cache !== undefined) {
    return "compensate cannot be combined with cache: a cached output may be the work of another run, which must not be undone. Remove one of them.";
  }
  if (enough !== undefined && (failures !== undefined || minSuccess !== undefined)) {
    const other = failures === undefined ? "minSuccess" : "failures";
    return `enough cannot be combined with ${other}: a map with enough tolerates failures by itself. Remove one of them.`;
  }
  return minSuccess !== undefined && failures !== "collect"
    ? 'minSuccess must be used with failures: "collect", since otherwise every item must succeed. Add that option, or remove minSuccess.'
    : undefined;
};

/** The problem with the options of a step of this kind, in one sentence; undefined if there is none. */
export const optionsProblem = (kind: StepKind, options: unknown): string | undefined => {
  if (!isRecord(options)) return `options must be an object; got ${typed(options)}.`;
  const problem = problemOf(options, specifications[kind], (name) => refused(kind, name));
  if (problem !== undefined) return problem;
  if (options["outputs"] === "all" && stepKinds[kind].provides !== "outputs or all") {
    return 'outputs can be "all" only for a dynamic step. List the names of the outputs.';
  }
  if (kind === "await" && options["fallback"] !== undefined && options["timeout"] === undefined) {
    return "fallback is used once the timeout has passed, but there is no timeout. Add one, or remove fallback.";
  }
  return contradiction(options);
};
