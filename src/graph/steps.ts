/**
 * Creates the data of a step from a user's arguments: standalone `step` and `dynamic`, and every kind for the
 * builder. Reports mistakes that a later stage could not report as well: a value that is not a function, an invalid option.
 */

import { GraphError } from "../errors.ts";
import { describe } from "../values/describe.ts";
import { isSchema } from "../values/schema.ts";
import { isRecord, typed } from "../values/specification.ts";
import type { AnyOptions, StepDefinition, Turns, UserFunction } from "./definition.ts";
import { defaultMaxTurns, noOptions } from "./definition.ts";
import type { StepKind } from "../../types/plan.ts";
import { stepKinds } from "./kinds.ts";
import { optionsProblem } from "./options.ts";
import { addressOf } from "../path.ts";
import { keyProblem } from "./names.ts";

/** The key under which a standalone step holds its definition, for the builder. */
export const definitionOf: unique symbol = Symbol.for("espalier/definition") as never;

const noNames: ReadonlyArray<string> = Object.freeze([]);

/** A pipeline is a value: its creator may later change the arrays that it was created from. */
const copied = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length === 0 ? noNames : names.slice();

/** The names that the last step of a pipeline read, if they are few. */
let newest = noNames;
const mostShared = 4;

/** The same for a step of a pipeline: steps beside each other often read the same names, and then share one list. */
const sharedCopy = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const { length } = names;
  if (length === 0 || length > mostShared) return copied(names);
  let isSame = length === newest.length;
  for (let i = 0; isSame && i < length; i++) isSame = names[i] === newest[i];
  if (!isSame) newest = names.slice();
  return newest;
};

interface Parts {
  readonly kind: StepDefinition["kind"];
  readonly name: unknown;
  readonly inputs: unknown;
  readonly over?: unknown;
  /** For a race: nothing. */
  readonly call?: unknown;
  readonly cases?: unknown;
  /** For a loop. */
  readonly turn?: unknown;
  readonly options: AnyOptions | undefined;
  /** The options that the engine reads, if they differ from the user's. */
  readonly settings?: AnyOptions;
}

const refuse = (pipeline: string, name: unknown, reason: string): never => {
  throw new GraphError({ pipeline, step: describe(name), reason });
};

/** The problem with the names that a step reads; undefined if there is none. */
const inputsProblem = (inputs: unknown): string | undefined => {
  if (!Array.isArray(inputs)) return `inputs must be an array of names; got ${typed(inputs)}.`;
  // A loop: `findIndex` with a callback would be a tenth of what adding a step costs.
  for (let i = 0; i < inputs.length; i++) {
    if (typeof inputs[i] !== "string") return `inputs must contain only names; got ${typed(inputs[i])}.`;
  }
  return undefined;
};

/** The problem with inputs that are schemas by name. */
const schemasProblem = (schemas: Readonly<Record<string, unknown>>): string | undefined => {
  const bad = Object.keys(schemas).find((input) => !isSchema(schemas[input]));
  return bad === undefined
    ? undefined
    : `The schema of the input "${bad}" must be an Effect Schema, a Standard Schema or type<T>(); got ${typed(schemas[bad])}.`;
};

/** The problem with the functions by name of a switch or a race. */
const casesProblem = (kind: StepKind, cases: unknown): string | undefined => {
  const isRace = kind === "race";
  const each = isRace ? "contender" : "case";
  if (!isRecord(cases)) {
    return `${each}s must be a record of functions; got ${cases === null ? "none" : typed(cases)}.`;
  }
  const names = Object.keys(cases);
  if (isRace && names.length === 0) return "A race must have at least one contender; got an empty record.";
  const bad = names.find((name) => typeof cases[name] !== "function");
  if (bad !== undefined) return `The ${each} "${bad}" must be a function; got ${typed(cases[bad])}.`;
  const unnamed = isRace ? names.find((name) => keyProblem(name) !== undefined) : undefined;
  return unnamed === undefined
    ? undefined
    : `The contender ${JSON.stringify(unnamed)} cannot be part of a path. ${keyProblem(unnamed)}`;
};

/** The problem with the parts of a loop that are functions. */
const turnsProblem = (turn: unknown, until: unknown): string | undefined => {
  if (typeof turn !== "function") return `turn must be a function of the state; got ${typed(turn)}.`;
  return typeof until === "function"
    ? undefined
    : `until must be a function of the state that returns true when the loop ends; got ${typed(until)}. Write { until: (state) => … } in its options.`;
};

/** Does a function read the context, which follows `before` parameters? A function that declares none may, by a rest parameter. */
const readsContext = ({ length }: UserFunction, before: number): boolean => length > before || length === 0;

/** A function that declares no parameter and yet has inputs may read them by `arguments` or a rest, and the context too. */
const takesContext = (call: UserFunction, kind: StepKind, inputs: unknown): boolean =>
  readsContext(call, kind === "map" ? 2 : 1) &&
  (call.length > 0 || !Array.isArray(inputs) || inputs.length > 0);

const turnsOf = (turn: UserFunction, { until, maxTurns }: AnyOptions): Turns => ({
  turn,
  takesContext: readsContext(turn, 2),
  until: until!,
  maxTurns: maxTurns ?? defaultMaxTurns,
});

/** A race has no function other than those of its contenders. */
const noCall: UserFunction = () => undefined;

/** Checks the parts and combines them; errors name the `pipeline`. */
export const makeDefinition = (pipeline: string, parts: Parts): StepDefinition => {
  const { kind, name, inputs, cases, turn } = parts;
  const call = kind === "race" ? noCall : parts.call;
  const options = parts.options ?? noOptions;
  // Standalone steps may declare their inputs by schemas.
  const schemas = pipeline === "" && isRecord(inputs) ? inputs : undefined;
  const problem =
    (schemas === undefined ? inputsProblem(inputs) : schemasProblem(schemas)) ??
    (typeof call === "function"
      ? undefined
      : `${stepKinds[kind].call} must be a function; got ${typed(call)}.`) ??
    (cases === undefined ? undefined : casesProblem(kind, cases)) ??
    (options === noOptions ? undefined : optionsProblem(kind, options)) ??
    (kind === "loop" ? turnsProblem(turn, options.until) : undefined);
  if (problem !== undefined) refuse(pipeline, name, problem);
  const { outputs } = options;
  return {
    kind,
    name: name as string,
    inputs:
      schemas !== undefined
        ? Object.keys(schemas)
        : pipeline === ""
          ? copied(inputs as ReadonlyArray<string>)
          : sharedCopy(inputs as ReadonlyArray<string>),
    over: parts.over as string | undefined,
    outputs: outputs === undefined ? [name as string] : outputs === "all" ? outputs : copied(outputs),
    call: call as UserFunction,
    takesContext: takesContext(call as UserFunction, kind, inputs),
    cases: cases as StepDefinition["cases"],
    turns: kind === "loop" ? turnsOf(turn as UserFunction, options) : undefined,
    schemas,
    options: parts.settings ?? options,
    isPlain: kind === "step" && schemas === undefined && (parts.settings ?? options) === noOptions,
  };
};

/** The data of a step with only names and a function, whose names are known to be valid. */
export const plainDefinition = (
  kind: StepKind,
  name: string,
  inputs: ReadonlyArray<string>,
  outputs: ReadonlyArray<string>,
  call: UserFunction,
): StepDefinition => ({
  kind,
  name,
  inputs,
  over: undefined,
  outputs,
  call,
  takesContext: takesContext(call, kind, inputs),
  cases: undefined,
  turns: undefined,
  schemas: undefined,
  options: noOptions,
  isPlain: kind === "step" && outputs.length === 1,
});

/** A step or a dynamic step that belongs to no pipeline yet. */
class StandaloneStep {
  readonly name: string;
  readonly kind: "step" | "dynamic";
  readonly inputs: ReadonlyArray<string>;
  readonly outputs: ReadonlyArray<string> | "all";
  readonly [definitionOf]: StepDefinition;

  constructor(definition: StepDefinition) {
    this.name = definition.name;
    this.kind = definition.kind as "step" | "dynamic";
    this.inputs = definition.inputs;
    this.outputs = definition.outputs;
    this[definitionOf] = definition;
  }
}

class StandaloneDynamic extends StandaloneStep {
  /** Calls the user's function directly, to inspect its result, which is not run. */
  readonly expand: (inputs: unknown, context?: unknown) => unknown;

  constructor(definition: StepDefinition) {
    super(definition);
    this.expand = (inputs, context = directContext(definition.name)) => definition.call(inputs, context);
  }
}

/** The context of a dynamic step that is called outside a run. */
const directContext = (path: string) => ({
  path,
  attempt: 1,
  signal: new AbortController().signal,
  idempotencyKey: addressOf("direct", path),
  log: () => {},
  progress: () => {},
  emit: () => {},
});

export const step = (name: string, inputs: unknown, run: unknown, options?: AnyOptions): StandaloneStep => {
  const isPlain = options === undefined && typeof run === "function" && inputsProblem(inputs) === undefined;
  if (!isPlain)
    return new StandaloneStep(makeDefinition("", { kind: "step", name, inputs, call: run, options }));
  const names = copied(inputs as ReadonlyArray<string>);
  return new StandaloneStep(plainDefinition("step", name, names, [name], run as UserFunction));
};

export const dynamic = (
  name: string,
  inputs: unknown,
  expand: unknown,
  options?: AnyOptions,
): StandaloneDynamic =>
  new StandaloneDynamic(makeDefinition("", { kind: "dynamic", name, inputs, call: expand, options }));

/** The data of a standalone step; undefined for anything else. */
export const standalone = (value: unknown): StepDefinition | undefined =>
  typeof value === "object" && value !== null && definitionOf in value
    ? (value as StandaloneStep)[definitionOf]
    : undefined;
