/**
 * Makes the data of a step from what a user wrote: standalone `step` and `dynamic`, and every kind for the
 * builder. Says at once what no later stage could say as well: a function that is none, an option that cannot be.
 */

import { GraphError } from "../errors.ts";
import { describe } from "../values/describe.ts";
import { isSchema } from "../values/schema.ts";
import type { AnyOptions, StepDefinition, UserFunction } from "./definition.ts";
import { noOptions } from "./definition.ts";
import { stepKinds } from "./kinds.ts";
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
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const refuse = (pipeline: string, name: unknown, reason: string): never => {
  throw new GraphError({ pipeline, step: describe(name), reason });
};

/** A loop: `every` with a callback would be a tenth of what adding a step costs. */
const areStrings = (values: ReadonlyArray<unknown>): boolean => {
  for (const value of values) if (typeof value !== "string") return false;
  return true;
};

/** Checks the parts and puts them together; `pipeline` is named in what is thrown. */
export const makeDefinition = (pipeline: string, parts: Parts): StepDefinition => {
  const { kind, name, inputs, call, cases } = parts;
  const { call: callName, provides } = stepKinds[kind];
  const options = parts.options ?? noOptions;
  if (!Array.isArray(inputs) && !isRecord(inputs))
    refuse(pipeline, name, "Its inputs are an array of names.");
  if (typeof call !== "function") refuse(pipeline, name, `Its ${callName} is no function.`);
  if (typeof options !== "object") refuse(pipeline, name, "Its options are no record.");
  if (Array.isArray(inputs) && !areStrings(inputs)) {
    refuse(pipeline, name, "Its inputs are names, and one of them is no string.");
  }
  const schemas = Array.isArray(inputs) ? undefined : (inputs as Readonly<Record<string, unknown>>);
  for (const input of schemas === undefined ? noNames : Object.keys(schemas)) {
    if (!isSchema(schemas![input]))
      refuse(pipeline, name, `The schema of its input "${input}" is no schema.`);
  }
  if (cases !== undefined) {
    if (!isRecord(cases)) refuse(pipeline, name, "Its cases are a record of functions.");
    const bad = Object.entries(cases as object).find(([, run]) => typeof run !== "function");
    if (bad !== undefined) refuse(pipeline, name, `Its case "${bad[0]}" is no function.`);
  }
  const { outputs } = options;
  if (outputs !== undefined && outputs !== "all" && !Array.isArray(outputs)) {
    refuse(pipeline, name, "Its outputs are an array of names.");
  }
  if (outputs === "all" && provides !== "outputs or all")
    refuse(pipeline, name, 'Only a dynamic step can have the outputs "all".');
  if (outputs !== undefined && provides === "name") {
    refuse(
      pipeline,
      name,
      `A ${stepKinds[kind].label} has one output, its name: it takes no outputs option.`,
    );
  }
  if (Array.isArray(outputs) && outputs.length === 0)
    refuse(pipeline, name, "Its outputs are empty, and a step provides something.");
  const definition: StepDefinition = {
    kind,
    name: name as string,
    inputs: schemas === undefined ? copied(inputs as ReadonlyArray<string>) : Object.keys(schemas),
    over: parts.over as string | undefined,
    outputs: outputs === undefined ? [name as string] : outputs === "all" ? outputs : copied(outputs),
    call: call as UserFunction,
    cases: cases as StepDefinition["cases"],
    schemas,
    options,
  };
  if (options !== noOptions) {
    const problem = optionsProblem(definition);
    if (problem !== undefined) refuse(pipeline, name, problem);
  }
  return definition;
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
