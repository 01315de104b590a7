/**
 * The worker's side: finds the function of a task by calling the enclosing expansions again, and runs it with the
 * worker's own services. Input: a task. Output: its answer.
 */
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { ContextHost } from "../engine/context.ts";
import { CurrentStep, RunningContext } from "../engine/context.ts";
import { declaredInputs, named } from "../engine/decoded.ts";
import type { Phase } from "../engine/phase.ts";
import { direct } from "../engine/executor.ts";
import { returnsOf } from "../engine/phase.ts";
import type { Graph } from "../engine/graph.ts";
import { expandable } from "../engine/graph.ts";
import { decodeInputs } from "../engine/inputs.ts";
import type { StepDefinition } from "../graph/definition.ts";
import type { GraphNode } from "../graph/node.ts";
import { readError, writeError } from "../journal/failure-text.ts";
import type { StepKind } from "../../types/plan.ts";
import { describe } from "../values/describe.ts";
import { Unwritable } from "../values/encode.ts";
import { missingService } from "./missing-service.ts";
import { settled } from "./settled.ts";
import { readInputs, readItem } from "./source.ts";
import { formOf } from "./version.ts";
import type { Answer, Enclosing, Said, Task, Wire } from "./task.ts";

/** The name, pipelines and services of a worker. */
export interface Equipment {
  readonly wires: Readonly<Record<Wire["name"], Wire>>;
  /** The worker and the source of its pipelines, for messages: `the worker thread of "file:///…"`. */
  readonly name: string;
  /** Its pipelines, by their names. */
  readonly pipelines: ReadonlyMap<string, Graph>;
  /** The services that its steps are provided with. */
  readonly services: Context.Context<never>;
}

/** The worker cannot perform a task: the message says why, and how to fix it. */
class Refusal extends Error {}

/** The function that returns a graph, for each kind of step that has one. */
const expandingPhase: Readonly<Record<StepKind, Phase | undefined>> = {
  dynamic: "expand",
  map: "each",
  switch: "case",
  loop: "turn",
  race: "contender",
  step: undefined,
  await: undefined,
  sleep: undefined,
  when: undefined,
  finally: undefined,
};

/** The maximum number of graphs of expansions that are kept, over all runs. */
const mostGraphs = 1_000;

const nodesByPath = new WeakMap<Graph, ReadonlyMap<string, GraphNode>>();

const nodeIn = (graph: Graph, step: string): GraphNode | undefined => {
  let nodes = nodesByPath.get(graph);
  if (nodes === undefined) {
    nodes = new Map(graph.nodes.map((node) => [node.path, node]));
    nodesByPath.set(graph, nodes);
  }
  return nodes.get(step);
};

const hostOf = (runId: string, tell: (said: Said) => void, wire: Wire): ContextHost => ({
  runId,
  log: (_, message) =>
    tell({
      type: "logged",
      message: message.map((part) => (typeof part === "string" ? part : describe(part))),
    }),
  emitter: {
    watcher: undefined,
    progressed: (_, fraction, note) => tell({ type: "progressed", fraction, note }),
    emitted: (_, value) => {
      const written = wire.write(undefined, value);
      tell({
        type: "emitted",
        value: written instanceof Unwritable ? wire.write(undefined, describe(value)) : written,
      });
    },
  },
  fork: (effect) => Effect.runFork(effect),
});

type Called = Pick<Enclosing, "path" | "step" | "form" | "attempt" | "index">;

const contextOf = (host: ContextHost, { path, attempt, index }: Called): RunningContext =>
  new RunningContext(
    host,
    { isCounted: index !== undefined, hasEnded: () => false, pathOf: () => path },
    index ?? 0,
    attempt,
  );

export class Performer {
  readonly #equipment: Equipment;
  /** By run, path and attempt; the oldest first. */
  readonly #graphs = new Map<string, Promise<Graph>>();

  constructor(equipment: Equipment) {
    this.#equipment = equipment;
  }

  /** Performs a task. When interrupted, it fires the step's signal, interrupts its Effect and waits until that has ended. */
  perform(task: Task, tell: (said: Said) => void): Effect.Effect<Answer> {
    const { name } = this.#equipment;
    return Effect.matchEffect(this.#found(task), {
      onSuccess: ({ graph, node }) => this.#run(task, graph, node, tell),
      onFailure: (refusal): Effect.Effect<Answer> =>
        Effect.succeed({ type: "refused", reason: `${name} cannot run it: ${refusal.message}` }),
    });
  }

  /** The graph and the node of a task. */
  #found(task: Task): Effect.Effect<{ readonly graph: Graph; readonly node: GraphNode }, Refusal> {
    return Effect.tryPromise({
      try: async () => {
        const graph = await this.#graphOf(task);
        return { graph, node: this.#nodeIn(graph, task, task.enclosing.at(-1)) };
      },
      catch: (thrown) => (thrown instanceof Refusal ? thrown : new Refusal(describe(thrown))),
    });
  }

  /** The node of a step, in its graph: that of the run, or of an expansion. */
  #nodeIn(graph: Graph, { path, step, form }: Called, within: Enclosing | undefined): GraphNode {
    const node = nodeIn(graph, step);
    if (node !== undefined && formOf(node.definition) === form) return node;
    const lacks = node === undefined ? `has no step "${step}"` : `has another step "${step}"`;
    throw new Refusal(
      within === undefined
        ? `its version of the pipeline "${graph.name}" ${lacks}. Run the same version everywhere.`
        : `the pipeline that "${within.path}" expanded to on the worker ${lacks} (for "${path}"). An expansion must return the same pipeline for the same inputs.`,
    );
  }

  #graphOf(task: Task): Promise<Graph> {
    const { runId, pipeline, enclosing } = task;
    const root = this.#equipment.pipelines.get(pipeline);
    if (root === undefined) return Promise.reject(this.#unknown(pipeline));
    let graph = Promise.resolve(root);
    let key = `${runId}\n${pipeline}`;
    enclosing.forEach((expansion, i) => {
      const outer = graph;
      key += `\n${expansion.path}#${expansion.attempt}`;
      graph =
        this.#graphs.get(key) ?? this.#remember(key, this.#expand(task, outer, expansion, enclosing[i - 1]));
    });
    return graph;
  }

  #unknown(pipeline: string): Refusal {
    const known = [...this.#equipment.pipelines.keys()].map((each) => `"${each}"`).join(", ");
    const exported = known === "" ? "no pipeline" : known;
    return new Refusal(
      `its module exports ${exported}, but the run is of "${pipeline}". Export that pipeline from the module.`,
    );
  }

  #remember(key: string, graph: Promise<Graph>): Promise<Graph> {
    this.#graphs.set(key, graph);
    graph.catch(() => this.#graphs.delete(key));
    if (this.#graphs.size > mostGraphs) this.#graphs.delete(this.#graphs.keys().next().value!);
    return graph;
  }

  async #expand(
    { runId, wire: name }: Task,
    outer: Promise<Graph>,
    expansion: Enclosing,
    within: Enclosing | undefined,
  ): Promise<Graph> {
    const graph = await outer;
    const { path, choice, failure } = expansion;
    const node = this.#nodeIn(graph, expansion, within);
    const wire = this.#equipment.wires[name];
    const { definition } = node;
    const phase = expandingPhase[definition.kind]!;
    const context = contextOf(
      hostOf(runId, () => {}, wire),
      expansion,
    );
    const inputs = readInputs(wire, graph, node, expansion.inputs);
    const [item] = readItem(wire, graph, node, expansion.item);
    const call = (given: Readonly<Record<string, unknown>>): Effect.Effect<unknown, unknown> =>
      failure === undefined
        ? settled(() => direct({ definition, inputs: given, item, choice, context, phase }), context)
        : settled(() => fallbackOf(definition, readError(failure)), context);
    const value = await Effect.runPromise(
      this.#provided(Effect.flatMap(decoded(definition, inputs, path), call), context),
    );
    const expanded = expandable(value);
    if (expanded !== undefined) return expanded;
    throw new Refusal(
      `on the worker, "${path}" returned no pipeline. An expansion must return the same pipeline for the same inputs.`,
    );
  }

  #run(task: Task, graph: Graph, node: GraphNode, tell: (said: Said) => void): Effect.Effect<Answer> {
    const wire = this.#equipment.wires[task.wire];
    const { definition } = node;
    const { phase, choice, runId } = task;
    const context = contextOf(hostOf(runId, tell, wire), task);
    const running = settled(() => {
      const inputs = readInputs(wire, graph, node, task.inputs);
      const [item] = readItem(wire, graph, node, task.item);
      return direct({ definition, inputs, item, choice, context, phase });
    }, context);
    const stopped = Effect.onInterrupt(this.#provided(running, context), () =>
      Effect.sync(() => RunningContext.abort(context, undefined)),
    );
    return Effect.flatMap(Effect.exit(stopped), (exit) => Effect.succeed(this.#answer(task, exit)));
  }

  #provided(
    effect: Effect.Effect<unknown, unknown>,
    context: RunningContext,
  ): Effect.Effect<unknown, unknown> {
    const services = Context.add(this.#equipment.services, CurrentStep, context);
    return Effect.updateContext(effect, () => services) as Effect.Effect<unknown, unknown>;
  }

  #answer({ phase, wire }: Task, exit: Exit.Exit<unknown, unknown>): Answer {
    if (Exit.isSuccess(exit)) {
      if (returnsOf[phase] === "expansion" && expandable(exit.value) !== undefined)
        return { type: "expands" };
      const written = this.#equipment.wires[wire].write(undefined, exit.value);
      if (!(written instanceof Unwritable)) return { type: "succeeded", value: written };
      const issuePath = written.issuePath.map((part) => (typeof part === "number" ? part : String(part)));
      return { type: "unwritable", issuePath, reason: written.reason };
    }
    if (Cause.hasInterruptsOnly(exit.cause)) return { type: "interrupted" };
    const failure = exit.cause.reasons.find(Cause.isFailReason);
    if (failure !== undefined) return { type: "failed", error: writeError(failure.error) };
    const thrown = Cause.squash(exit.cause);
    const service = missingService(thrown);
    if (service === undefined) return { type: "threw", error: writeError(thrown) };
    const reason = `${this.#equipment.name} cannot run it: it needs the service "${service}", but the module's layer does not provide it. Add to the module: export const layer = Layer.succeed(TheService, …), where TheService is the one with the key "${service}".`;
    return { type: "refused", reason };
  }
}

/** Decodes the inputs that a standalone step reads by schemas, before its function receives them. */
const decoded = (
  definition: StepDefinition,
  inputs: Readonly<Record<string, unknown>>,
  path: string,
): Effect.Effect<Readonly<Record<string, unknown>>, unknown> =>
  definition.schemas === undefined
    ? Effect.succeed(inputs)
    : Effect.map(decodeInputs(declaredInputs(definition), inputs, path), (values) =>
        named(definition, values),
      );

const fallbackOf = ({ options }: StepDefinition, error: unknown): unknown =>
  typeof options.fallback === "function"
    ? (options.fallback as (error: unknown) => unknown)(error)
    : options.fallback;
