/**
 * Makes the data of a step from what a user wrote: standalone `step` and `dynamic`, and every kind for the
 * builder. Says at once what no later stage could say as well: a function that is none, an option that cannot be.
 */

import { GraphError } from "../errors.ts";
import { describe } from "../values/describe.ts";
import { isSchema } from "../values/schema.ts";
import { isRecord, typed } from "../values/specification.ts";
import type { AnyOptions, StepDefinition, UserFunction } from "./definition.ts";
import { noOptions } from "./definition.ts";
import type { StepKind } from "../../types/plan.ts";
import { expandsMany, stepKinds } from "./kinds.ts";
import { optionsProblem } from "./options.ts";
import { addressOf } from "../path.ts";

/** How a standalone step shows the builder what it is. */
export const definitionOf: unique symbol = Symbol.for("espalier/definition") as never;

const noNames: ReadonlyArray<string> = Object.freeze([]);

/** A pipeline is a value: whoever made it may go on changing the arrays that it was made with. */
const copied = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.length === 0 ? noNames : names.slice();

interface Parts {
  readonly kind: StepDefinition["kind"];
  readonly name: unknown;
  readonly inputs: unknown;
  readonly over?: unknown;
  readonly call: unknown;
  readonly cases?: unknown;
  readonly options: AnyOptions | undefined;
  /** What the engine reads of the options, where that is not what the user wrote. */
  readonly settings?: AnyOptions;
}

const refuse = (pipeline: string, name: unknown, reason: string): never => {
  throw new GraphError({ pipeline, step: describe(name), reason });
};

/** What is wrong with the names that a step reads; undefined where nothing is. */
const inputsProblem = (inputs: unknown): string | undefined => {
  if (!Array.isArray(inputs)) return `inputs must be an array of names; got ${typed(inputs)}.`;
  // A loop: `findIndex` with a callback would be a tenth of what adding a step costs.
  for (let i = 0; i < inputs.length; i++) {
    if (typeof inputs[i] !== "string") return `inputs must contain only names; got ${typed(inputs[i])}.`;
  }
  return undefined;
};

/** What is wrong with inputs that are schemas by name. */
const schemasProblem = (schemas: Readonly<Record<string, unknown>>): string | undefined => {
  const bad = Object.keys(schemas).find((input) => !isSchema(schemas[input]));
  return bad === undefined
    ? undefined
    : `The schema of the input "${bad}" must be an Effect Schema, a Standard Schema or type<T>(); got ${typed(schemas[bad])}.`;
};

const casesProblem = (cases: unknown): string | undefined => {
  if (!isRecord(cases)) return `cases must be a record of functions; got ${typed(cases)}.`;
  const bad = Object.keys(cases).find((name) => typeof cases[name] !== "function");
  return bad === undefined ? undefined : `The case "${bad}" must be a function; got ${typed(cases[bad])}.`;
};

/** A function that declares no parameter and yet has inputs may read them by `arguments` or a rest, and the context too. */
const takesContext = ({ length }: UserFunction, kind: StepKind, inputs: unknown): boolean =>
  length > (expandsMany(kind) ? 2 : 1) || (length === 0 && (!Array.isArray(inputs) || inputs.length > 0));

/** Checks the parts and puts them together; `pipeline` is named in what is thrown. */
export const makeDefinition = (pipeline: string, parts: Parts): StepDefinition => {
  const { kind, name, inputs, call, cases } = parts;
  const options = parts.options ?? noOptions;
  // Standalone steps may say what they read by schemas.
  const schemas = pipeline === "" && isRecord(inputs) ? inputs : undefined;
  const problem =
    (schemas === undefined ? inputsProblem(inputs) : schemasProblem(schemas)) ??
    (typeof call === "function"
      ? undefined
      : `${stepKinds[kind].call} must be a function; got ${typed(call)}.`) ??
    (cases === undefined ? undefined : casesProblem(cases)) ??
    (options === noOptions ? undefined : optionsProblem(kind, options));
  if (problem !== undefined) refuse(pipeline, name, problem);
  const { outputs } = options;
  return {
    kind,
    name: name as string,
    inputs: schemas === undefined ? copied(inputs as ReadonlyArray<string>) : Object.keys(schemas),
    over: parts.over as string | undefined,
    outputs: outputs === undefined ? [name as string] : outputs === "all" ? outputs : copied(outputs),
    call: call as UserFunction,
    takesContext: takesContext(call as UserFunction, kind, inputs),
    cases: cases as StepDefinition["cases"],
    schemas,
    options: parts.settings ?? options,
  };
};

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
  /** Calls the user's function directly: what it returns is to be inspected, and nothing of it runs. */
  readonly expand: (inputs: unknown, context?: unknown) => unknown;

  constructor(definition: StepDefinition) {
    super(definition);
    this.expand = (inputs, context = directContext(definition.name)) => definition.call(inputs, context);
  }
}

/** What a dynamic step is told when no run called it. */
const directContext = (path: string) => ({
  path,
  attempt: 1,
  signal: new AbortController().signal,
  idempotencyKey: addressOf("direct", path),
  log: () => {},
  progress: () => {},
});

export const step = (name: string, inputs: unknown, run: unknown, options?: AnyOptions): StandaloneStep =>
  new StandaloneStep(makeDefinition("", { kind: "step", name, inputs, call: run, options }));

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
