/**
 * The owner's side: middleware that turns each call of a step with `where: "worker"` into a task, has the run's workers perform
 * it, and turns the answer into the outcome that the call would have had here.
 */
import * as Effect from "effect/Effect";
import type { Middleware, StepCall } from "../engine/executor.ts";
import type { Phase } from "../engine/phase.ts";
import type { Frame } from "../engine/frame.ts";
import type { Graph } from "../engine/graph.ts";
import { WorkerFailed } from "../errors.ts";
import type { StepDefinition } from "../graph/definition.ts";
import type { GraphNode } from "../graph/node.ts";
import { readError, writeError } from "../journal/failure-text.ts";
import { keyOf } from "../path.ts";
import { settled } from "./settled.ts";
import type { Sent, Untravelled } from "./source.ts";
import { isUntravelled, writeInputs, writeItem } from "./source.ts";
import type { Enclosing, Performed, Said, Task, Wire } from "./task.ts";
import { formOf, versionOf } from "./version.ts";
import type { WorkersService } from "./workers.ts";

/** The calls that a worker performs. The owner performs those that return or select a pipeline. */
const isSent: Readonly<Record<Phase, boolean>> = {
  run: true,
  each: true,
  turn: true,
  case: true,
  contender: true,
  expand: false,
  choose: false,
  start: false,
  compensate: false,
};

/** The graph and the node that a call belongs to: for an item, turn or contender, those of its step. */
const placeOf = (frame: Frame, index: number): { readonly graph: Graph; readonly node: GraphNode } => {
  const [within, at] = frame.map === undefined ? [frame, index] : [frame.parent!, frame.parentIndex];
  return { graph: within.graph!, node: within.graph!.nodes[at]! };
};

const indexOf = ({ map }: Frame, index: number): number | undefined =>
  map?.type === "items" ? index : map?.type === "turns" ? map.turn : undefined;

/** The turn that expanded, from the path, since the loop may be in a later turn by now. */
const turnOf = (path: string): number => Number(keyOf(path));

/** Creates tasks from calls. */
class Tasks {
  readonly #pipeline: string;
  readonly #version: string;
  readonly #wire: Wire;
  readonly #epoch: number | undefined;
  readonly #enclosing = new WeakMap<Frame, ReadonlyArray<Enclosing> | Untravelled>();
  /** The inputs that the items of a map share are written once. */
  readonly #inputs = new WeakMap<object, Sent | Untravelled>();

  constructor(graph: Graph, wire: Wire, epoch: number | undefined) {
    this.#pipeline = graph.name;
    this.#version = versionOf(graph);
    this.#wire = wire;
    this.#epoch = epoch;
  }

  of(call: StepCall): Task | Untravelled {
    const { attempt, choice, context, index, inputs, path, phase } = call;
    const frame = call.frame as Frame;
    const { graph, node } = placeOf(frame, index);
    const enclosing = this.#around(frame.map === undefined ? frame : frame.parent!);
    if (isUntravelled(enclosing)) return enclosing;
    const sent = this.#written(graph, node, inputs);
    if (isUntravelled(sent)) return sent;
    const item = writeItem(this.#wire, graph, node, frame.map === undefined ? [] : frame.givenTo(index));
    if (isUntravelled(item)) return item;
    return {
      runId: context.runId,
      pipeline: this.#pipeline,
      version: this.#version,
      phase,
      epoch: this.#epoch,
      wire: this.#wire.name,
      path,
      step: node.path,
      form: formOf(node.definition),
      attempt,
      index: indexOf(frame, index),
      choice,
      inputs: sent,
      item,
      enclosing,
    };
  }

  #written(graph: Graph, node: GraphNode, inputs: Readonly<Record<string, unknown>>): Sent | Untravelled {
    let written = this.#inputs.get(inputs);
    if (written === undefined) {
      written = writeInputs(this.#wire, graph, node, inputs);
      this.#inputs.set(inputs, written);
    }
    return written;
  }

  /** The expansions that enclose a graph's frame, outermost first. */
  #around(frame: Frame): ReadonlyArray<Enclosing> | Untravelled {
    const known = this.#enclosing.get(frame);
    if (known !== undefined) return known;
    const found = this.#find(frame);
    this.#enclosing.set(frame, found);
    return found;
  }

  #find(frame: Frame): ReadonlyArray<Enclosing> | Untravelled {
    const { parent, parentIndex, given } = frame;
    if (parent === undefined) return [];
    const outer = this.#around(parent.map === undefined ? parent : parent.parent!);
    if (isUntravelled(outer)) return outer;
    const { graph, node } = placeOf(parent, parentIndex);
    const sent = this.#written(graph, node, given!.inputs);
    if (isUntravelled(sent)) return sent;
    const item = writeItem(this.#wire, graph, node, given!.item);
    if (isUntravelled(item)) return item;
    const path = frame.prefix.slice(0, -1);
    return [
      ...outer,
      {
        path,
        step: node.path,
        form: formOf(node.definition),
        attempt: given!.attempt,
        index: parent.map?.type === "turns" ? turnOf(path) : indexOf(parent, parentIndex),
        choice: given!.choice,
        inputs: sent,
        item,
        failure: given!.failure === undefined ? undefined : writeError(given!.failure.error),
      },
    ];
  }
}

const whereOf = (issuePath: ReadonlyArray<PropertyKey>): string =>
  issuePath.length === 0 ? "" : ` at ${issuePath.map(String).join(".")}`;

/** Removes the hint for steps that run here, with which a reason ends. */
const withoutHint = (reason: string): string =>
  reason.replace(/: return plain data, .*$/, "").replace(/\.$/, "");

const untravelled = (path: string, { input, from, problem }: Untravelled): WorkerFailed => {
  const fix =
    from === "" ? "Make it plain data" : `Make it plain data, or give ${from} a schema that can encode it`;
  const reason = `its input "${input}" cannot be sent to a worker${whereOf(problem.issuePath)}: ${withoutHint(problem.reason)}. ${fix}, or give the step where: "here".`;
  return new WorkerFailed({ path, reason });
};

/** The outcome of a call, from its answer. */
const outcomeOf = (
  { path, context }: StepCall,
  answer: Performed,
  wire: Wire,
  here: () => unknown,
): Effect.Effect<unknown, unknown> => {
  switch (answer.type) {
    case "succeeded":
      return Effect.sync(() => wire.read(undefined, answer.value));
    case "failed":
      return Effect.fail(readError(answer.error));
    case "threw":
      return Effect.die(readError(answer.error));
    case "here":
      return answer.exit;
    case "interrupted":
      return Effect.interrupt;
    case "expands":
      return settled(here, context);
    case "unwritable": {
      const reason = `its output cannot be sent back from its worker${whereOf(answer.issuePath)}: ${withoutHint(answer.reason)}. Return plain data, or give the step where: "here".`;
      return Effect.fail(new WorkerFailed({ path, reason }));
    }
    case "refused":
      return Effect.fail(new WorkerFailed({ path, reason: answer.reason }));
  }
};

/** Passes the log lines, progress and emitted values of a step on its worker to the observers of the run. */
const tell = ({ context, began }: StepCall, said: Said, wire: Wire): void => {
  switch (said.type) {
    case "began":
      return began?.();
    case "waits":
      return;
    case "logged":
      return (context.log as (...message: ReadonlyArray<unknown>) => void)(...said.message);
    case "progressed":
      return context.progress(said.fraction, said.note);
    case "emitted":
      return context.emit(wire.read(undefined, said.value));
  }
};

/** Middleware for a run of a graph. `epoch`: the claim of the run. */
export const sending = (
  graph: Graph,
  { wire, perform, sparesOwner }: WorkersService,
  epoch: number | undefined,
): Middleware => {
  const tasks = new Tasks(graph, wire, epoch);
  /** Functions that have returned a pipeline, which are called here from then on. */
  const expanding = new Map<StepDefinition, Set<string>>();
  return (next) => (call) => {
    const { definition, phase, choice = "" } = call;
    const here = (): unknown => {
      call.began?.();
      return next(call);
    };
    if (definition.options.where !== "worker" || !isSent[phase]) return here();
    if (expanding.get(definition)?.has(choice) === true) return here();
    const task = tasks.of(call);
    if (isUntravelled(task)) return sparesOwner ? Effect.fail(untravelled(call.path, task)) : here();
    const remember = (): unknown => {
      const known = expanding.get(definition) ?? new Set();
      expanding.set(definition, known.add(choice));
      return next(call);
    };
    return Effect.flatMap(
      perform(
        task,
        (said) => tell(call, said, wire),
        Effect.map(Effect.exit(settled(here, call.context)), (exit) => ({ type: "here", exit })),
      ),
      (answer) => outcomeOf(call, answer, wire, remember),
    );
  };
};
