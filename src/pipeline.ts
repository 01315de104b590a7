/**
 * The builder. A pipeline is an immutable value over a `GraphBuilder`; each call returns a new one, which shares everything
 * added before. The types are in `types/pipeline.ts`: this class implements them, and is cast to them once, below.
 */
import type { Input } from "effect/Duration";
import type { Effect } from "effect/Effect";
import * as Effects from "effect/Effect";
import type { PipelineFunction, PipelineOfFunction } from "../types/api.ts";
import type { RunOptions, WaitOptions } from "../types/options.ts";
import type { Plan } from "../types/plan.ts";
import type { PromiseRun } from "../types/run.ts";
import type { Graph } from "./engine/graph.ts";
import { compile, graphOf } from "./engine/graph.ts";
import { decodeInputs } from "./engine/inputs.ts";
import { GraphError } from "./errors.ts";
import type { AnyOptions, StepDefinition, UserFunction } from "./graph/definition.ts";
import type { GraphInput } from "./graph/node.ts";
import { withPipeline } from "./graph/added-pipeline.ts";
import { GraphBuilder } from "./graph/builder.ts";
import { onlyOf } from "./graph/only.ts";
import { mayReadEachOther, sorted } from "./graph/order.ts";
import { makeDefinition, standalone } from "./graph/steps.ts";
import { planOf } from "./plan.ts";
import { promiseOf, promiseRunOf, settling } from "./run/promises.ts";
import { runGraph, startGraph } from "./run/run.ts";
import { awaitSignal, sleepFor } from "./run/signal.ts";
import { aCondition } from "./values/condition.ts";
import { describe } from "./values/describe.ts";
import { isSchema, isUnchecked, unchecked } from "./values/schema.ts";
import { aDurationOrDate, typed } from "./values/specification.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** The end of a sleep: a duration from its start, or a date. */
type Span = Input | Date;

/**
 * A promise would wait for outputs that may have the name "then". Checks the graph, since a mocked pipeline is
 * the original with another graph.
 */
const settled = (
  { builder }: Graph,
  outputs: Effect<Record<string, unknown>, unknown>,
): Effect<Record<string, unknown>, unknown> =>
  builder.isOpen || builder.hasOutput("then") ? settling(outputs) : outputs;

class PipelineValue {
  readonly #builder: GraphBuilder;
  #graph: Graph | undefined;

  constructor(builder: GraphBuilder) {
    this.#builder = builder;
  }

  get name(): string {
    return this.#builder.name;
  }

  /** The executable form of the graph, created on first use. */
  get [graphOf](): Graph {
    this.#graph ??= compile(this.#builder);
    return this.#graph;
  }

  input(name: string, schema: unknown): PipelineValue {
    if (!isSchema(schema)) {
      this.#refuse(
        name,
        `schema must be an Effect Schema, a Standard Schema or type<T>(); got ${typed(schema)}.`,
      );
    }
    return new PipelineValue(this.#builder.withInput(name, schema));
  }

  step(name: string, inputs: unknown, run: unknown, options?: AnyOptions): PipelineValue {
    const followed = options === undefined ? this.#followed("step", name, inputs, run) : undefined;
    return followed ?? this.#with({ kind: "step", name, inputs, call: run, options });
  }

  dynamic(name: string, inputs: unknown, expand: unknown, options?: AnyOptions): PipelineValue {
    const followed = options === undefined ? this.#followed("dynamic", name, inputs, expand) : undefined;
    return followed ?? this.#with({ kind: "dynamic", name, inputs, call: expand, options });
  }

  map(name: string, over: unknown, inputs: unknown, each: unknown, options?: AnyOptions): PipelineValue {
    return this.#with({ kind: "map", name, over, inputs, call: each, options });
  }

  switch(name: string, inputs: unknown, on: unknown, cases: unknown, options?: AnyOptions): PipelineValue {
    return this.#with({
      kind: "switch",
      name,
      inputs,
      call: on,
      cases: cases ?? null,
      options,
    });
  }

  loop(name: string, inputs: unknown, start: unknown, turn: unknown, options?: AnyOptions): PipelineValue {
    return this.#with({ kind: "loop", name, inputs, call: start, turn, options });
  }

  race(name: string, inputs: unknown, contenders: unknown, options?: AnyOptions): PipelineValue {
    return this.#with({ kind: "race", name, inputs, cases: contenders ?? null, options });
  }

  await(name: string, schema: unknown, options?: WaitOptions): PipelineValue {
    if (!isSchema(schema)) {
      this.#refuse(
        name,
        `schema must be an Effect Schema, a Standard Schema or type<T>(); got ${typed(schema)}.`,
      );
    }
    const { timeout, after, ask, ...others } = options ?? {};
    return this.#with({
      kind: "await",
      name,
      inputs: after ?? [],
      call: (given: Inputs) => awaitSignal(schema, timeout as Input | undefined, ask?.(given)),
      options,
      settings: { ...others, output: schema as never },
    });
  }

  sleep(name: string, duration: Span | ((inputs: Inputs) => Span), options?: WaitOptions): PipelineValue {
    const isComputed = typeof duration === "function";
    const problem = isComputed ? undefined : aDurationOrDate("duration", duration);
    if (problem !== undefined) this.#refuse(name, problem);
    const { after, ...others } = options ?? {};
    return this.#with({
      kind: "sleep",
      name,
      inputs: after ?? [],
      call: isComputed ? (inputs: Inputs) => sleepFor(duration(inputs)) : () => sleepFor(duration),
      options,
      // Policies start a step apart from the others, and this one is not to hold a worker.
      settings: { ...others, output: unchecked as never },
    });
  }

  when(
    name: string,
    inputs: unknown,
    condition: unknown,
    build: unknown,
    ...more: ReadonlyArray<unknown>
  ): PipelineValue {
    const before = this.#builder;
    this.#takesNoOptions(name, "when", more);
    const settings = { output: aCondition as never };
    const parts = { kind: "when", name, inputs, call: condition, options: undefined, settings } as const;
    const decided = before.withStep(makeDefinition(this.name, parts));
    if (typeof build !== "function") {
      this.#refuse(name, `build must be a function that adds steps to a pipeline; got ${typed(build)}.`);
    }
    const inside = decided.withGuard(before.nodeCount);
    const built: unknown = build(new PipelineValue(inside));
    if (!(built instanceof PipelineValue) || !built.#builder.continues(inside)) {
      this.#refuse(
        name,
        "build must return the pipeline that it was given, with steps added to it: (p) => p.step(…). It must not call returns or only.",
      );
    }
    return new PipelineValue(built.#builder.withGuard(before.guard));
  }

  finally(name: string, inputs: unknown, run: unknown, ...more: ReadonlyArray<unknown>): PipelineValue {
    this.#takesNoOptions(name, "finally", more);
    return this.#with({ kind: "finally", name, inputs, call: run, options: undefined });
  }

  add(part: unknown): PipelineValue {
    const definition = standalone(part);
    if (definition !== undefined) return new PipelineValue(this.#builder.withStep(definition));
    if (part instanceof PipelineValue) {
      return new PipelineValue(
        withPipeline(this.#builder, part.#builder, (input) => decoding(part.name, input)),
      );
    }
    throw new GraphError({
      pipeline: this.name,
      step: "",
      reason: `add takes a standalone step or a pipeline; got ${typed(part)}. Make a step with step(name, inputs, run).`,
    });
  }

  addAll(parts: Iterable<unknown>): PipelineValue {
    const base = this.#builder;
    const steps: Array<StepDefinition> = [];
    const takes = "addAll takes a list of standalone steps";
    if (typeof (parts as Partial<Iterable<unknown>> | undefined)?.[Symbol.iterator] !== "function")
      this.#refuse("", `${takes}; got ${typed(parts)}. Add a single step or a pipeline with add.`);
    let left = Array.isArray(parts) || parts instanceof Set ? Infinity : mostOfUnknownLength;
    for (const part of parts) {
      if (left-- === 0) {
        this.#refuse(
          "",
          `addAll was given more than ${mostOfUnknownLength} steps by an iterable that may be endless: make an array of them first.`,
        );
      }
      steps.push(
        standalone(part) ??
          this.#refuse("", `${takes}; got ${typed(part)}. Add a single step or a pipeline with add.`),
      );
    }
    if (steps.length === 0) return new PipelineValue(base.withEmptyFamily());
    const isKnown = (name: string): boolean => base.visibleSlot(name) !== undefined;
    const inOrder = mayReadEachOther(steps, isKnown) ? sorted(this.name, steps, isKnown) : steps;
    return new PipelineValue(base.withSteps(inOrder));
  }

  returns(...names: ReadonlyArray<string>): PipelineValue {
    return new PipelineValue(this.#builder.withReturns(names));
  }

  only(...names: ReadonlyArray<string>): PipelineValue {
    return new PipelineValue(onlyOf(this.#builder, names));
  }

  plan(): Plan {
    return planOf(this.#builder);
  }

  run(inputs: Inputs = {}, options: RunOptions = {}): Effect<Record<string, unknown>, unknown> {
    return runGraph(this[graphOf], inputs, options);
  }

  runPromise(inputs: Inputs = {}, options: RunOptions = {}): Promise<Record<string, unknown>> {
    return promiseOf(settled(this[graphOf], this.run(inputs, options)), options);
  }

  async startPromise(
    inputs: Inputs = {},
    options: RunOptions = {},
  ): Promise<PromiseRun<Record<string, unknown>>> {
    const run = await promiseOf(this.start(inputs, options), options);
    return promiseRunOf(run, settled(this[graphOf], run.await), options.signal);
  }

  start(inputs: Inputs = {}, options: RunOptions = {}): ReturnType<typeof startGraph> {
    return startGraph(this[graphOf], inputs, options);
  }

  #takesNoOptions(name: string, method: "when" | "finally", [options]: ReadonlyArray<unknown>): void {
    if (options === undefined) return;
    this.#refuse(
      name,
      `${method} takes no options; got ${typed(options)}. Remove it, or give the options to a step that does the work.`,
    );
  }

  #refuse(step: unknown, reason: string): never {
    throw new GraphError({ pipeline: this.name, step: describe(step), reason });
  }

  /** With a step that another pipeline of this name had here; undefined: it had another one. */
  #followed(
    kind: "step" | "dynamic",
    name: unknown,
    inputs: unknown,
    call: unknown,
  ): PipelineValue | undefined {
    if (!Array.isArray(inputs) || typeof call !== "function") return undefined;
    const followed = this.#builder.followed({ kind, name, inputs, call: call as UserFunction });
    return followed === undefined ? undefined : new PipelineValue(followed);
  }

  #with(parts: Parameters<typeof makeDefinition>[1]): PipelineValue {
    return new PipelineValue(this.#builder.withStep(makeDefinition(this.name, parts)));
  }
}

/** The most steps that `addAll` takes from an iterable of unknown length, such as a generator. */
const mostOfUnknownLength = 100_000;

/** An input of an added pipeline whose schema checks something: a step that decodes what the host provides. */
const decoding = (pipeline: string, input: GraphInput): StepDefinition | undefined => {
  if (isUnchecked(input.schema)) return undefined;
  return makeDefinition(pipeline, {
    kind: "step",
    name: input.name,
    inputs: [input.name],
    call: (inputs: Inputs) => Effects.map(decodeInputs([input], inputs, pipeline), (values) => values[0]),
    options: undefined,
  });
};

/**
 * An empty pipeline.
 *
 * @example
 * ```ts
 * import { pipeline, type } from "espalier";
 *
 * const greeting = pipeline("greeting")
 *   .input("name", type<string>())
 *   .step("text", ["name"], ({ name }) => `Hello, ${name}!`);
 *
 * console.log((await greeting.runPromise({ name: "Ada" })).text); // Hello, Ada!
 * ```
 *
 * @public
 */
export const pipeline = ((name: string) =>
  new PipelineValue(GraphBuilder.empty(name))) as unknown as PipelineFunction;

/**
 * A pipeline of standalone steps in any order. The compiler reports missing inputs, wrong types,
 * duplicate names and cycles.
 *
 * @example
 * ```ts
 * import { pipelineOf, step } from "espalier";
 *
 * const sum = pipelineOf("sum", [
 *   step("total", ["a", "b"], ({ a, b }: { a: number; b: number }) => a + b),
 *   step("a", [], () => 1),
 *   step("b", [], () => 2),
 * ]);
 *
 * console.log((await sum.runPromise({})).total); // 3
 * ```
 *
 * @public
 */
export const pipelineOf = ((name: string, parts: ReadonlyArray<unknown>) => {
  const builder = GraphBuilder.empty(name);
  const definitions = parts.map((part) => {
    const definition = standalone(part);
    if (definition !== undefined) return definition;
    throw new GraphError({ pipeline: name, step: "", reason: "pipelineOf takes standalone steps." });
  });
  return new PipelineValue(builder.withSteps(sorted(name, definitions)));
}) as unknown as PipelineOfFunction;
