/**
 * Expansions: the result of a dynamic step, a map item or a case is a pipeline, which becomes a frame, or a direct
 * value. A pipeline is checked (`exposure.ts`) before its first step starts.
 */
import * as Exit from "effect/Exit";
import { ExpansionError } from "../errors.ts";
import type { DecodedOnce } from "../journal/decoded-inputs.ts";
import { planOf } from "../plan.ts";
import { describe } from "../values/describe.ts";
import { quoted } from "../values/listed.ts";
import { received } from "../values/specification.ts";
import type { Graph } from "./graph.ts";
import { expandable } from "./graph.ts";
import type { Core, ExpansionRoom } from "./core.ts";
import { callCase } from "./executor.ts";
import { directProblem, expansionProblem } from "./exposure.ts";
import type { Call } from "./frame.ts";
import { Frame, Job, noInputs } from "./frame.ts";
import { outputsByName } from "./outputs.ts";

const noValues: ReadonlyArray<never> = [];

/** Why no case belongs to this choice. */
const choiceProblem = (choice: unknown, cases: ReadonlyArray<string>): string => {
  const known = cases.length === 0 ? "there are none" : `the cases are ${quoted(cases)}`;
  return typeof choice === "string"
    ? `Its choice is "${describe(choice)}", but ${known}. Add a case "${describe(choice)}".`
    : `The choice of a switch must be the name of a case (directly, or as a Promise or Effect), and this is ${received(choice)}; ${known}.`;
};

export class Expansions implements ExpansionRoom {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** A switch has made its choice: the function of that case is called. */
  choose(call: Call, literal: unknown): void {
    const core = this.#core;
    const cases = call.definition.cases!;
    const key = typeof literal === "number" || typeof literal === "boolean" ? String(literal) : literal;
    call.phase = "case";
    call.choice = typeof key === "string" ? key : undefined;
    if (typeof key !== "string" || !Object.hasOwn(cases, key)) {
      const reason = choiceProblem(key, Object.keys(cases));
      core.jobs.callIsOver(call, Exit.fail(new ExpansionError({ path: call.path, reason })));
      return;
    }
    const { layers } = call.frame;
    let value: unknown;
    try {
      value =
        layers === undefined
          ? callCase(call.definition, key, call.inputs, call.context)
          : layers.execute(call.asStepCall(call.inputs));
    } catch (thrown) {
      core.calls.threw(call, thrown);
      return;
    }
    core.calls.returned(call, value);
  }

  expand(call: Call, value: unknown): void {
    const core = this.#core;
    const graph = expandable(value);
    if (graph === undefined) {
      this.#provideDirectly(call, value);
      return;
    }
    const { frame, index } = call;
    const problem =
      core.budget.depthProblem(frame, index) ??
      core.budget.add(graph.nodes.length, frame, index) ??
      expansionProblem(call, graph) ??
      this.#poolProblem(call, graph);
    if (problem !== undefined) {
      core.jobs.callIsOver(call, Exit.fail(problem));
      return;
    }
    if (graph.inputs.length === 0) {
      this.#enterGraph(call, value, graph, noValues);
      return;
    }
    core.calls.decode(call, graph.inputs, (inputs) => {
      const once = core.journal?.decodedOnce(call, graph.inputs, inputs);
      this.#enterGraph(call, value, graph, once?.values ?? inputs, once);
    });
  }

  #poolProblem(call: Call, { pools }: Graph): ExpansionError | undefined {
    const reason = pools === undefined ? undefined : this.#core.pools.admit(pools);
    return reason === undefined ? undefined : new ExpansionError({ path: call.path, reason });
  }

  #provideDirectly(call: Call, value: unknown): void {
    const { jobs, calls, emitter } = this.#core;
    let problem: ExpansionError | undefined;
    try {
      problem = directProblem(call, value);
    } catch (thrown) {
      calls.threw(call, thrown);
      return;
    }
    if (problem !== undefined) {
      jobs.callIsOver(call, Exit.fail(problem));
      return;
    }
    if (call.frame.grown !== undefined) call.frame.grown[call.index] = 0;
    if (emitter.watcher !== undefined && !call.isItem) {
      emitter.emit({ type: "expansion.expanded", path: call.path, attempt: call.count, plan: undefined });
      emitter.watcher.onExpanded(call.path, undefined);
      emitter.watcher.onOutput(call.path, outputsByName(call.definition, value));
    }
    jobs.callIsOver(call, Exit.succeed(value));
  }

  #enterGraph(
    call: Call,
    pipeline: unknown,
    graph: Graph,
    inputs: ReadonlyArray<unknown>,
    once?: DecodedOnce,
  ): void {
    const { frames, journal, records, emitter, workers } = this.#core;
    const child = new Frame(graph, undefined, call.frame, call.index);
    if (emitter.watcher !== undefined) {
      const { path, count } = call;
      const plan = planOf(graph.builder, path);
      child.paths = plan.steps.map((step) => step.path);
      emitter.emit({ type: "expansion.expanded", path, attempt: count, plan });
      emitter.watcher.onExpanded(path, pipeline);
    }
    if (call.frame.isCounted) call.frame.hasGrown = true;
    frames.equip(child, graph);
    frames.setInputs(child, inputs, this.#kept(call, graph));
    if (journal !== undefined || workers !== undefined) {
      const item = call.frame.givenTo(call.index);
      const { inputs, choice, count: attempt, failure } = call;
      child.given = { inputs, item, choice, attempt, failure, digest: undefined };
    }
    call.inputs = noInputs;
    frames.enter(child, new Job(call.frame, call.index, call));
    if (journal === undefined) {
      frames.ready(child);
    } else {
      const record = (done: () => void) => once?.changed ?? journal.expand(call, graph, once?.texts, done);
      records.beginOnceRecorded(child, call.path, record, () => frames.ready(child));
    }
  }

  /** The outputs of a sub-pipeline that are kept until it ends: all if the run is watched, else those that it exposes. */
  #kept({ definition }: Call, graph: Graph): ReadonlyArray<number> {
    if (this.#core.emitter.watcher !== undefined || definition.outputs === "all") return graph.returnSlots;
    if (definition.outputs.length === 1) {
      const slot = graph.builder.visibleSlot(definition.outputs[0]!);
      return slot === undefined ? noValues : [slot];
    }
    const kept: Array<number> = [];
    for (const name of definition.outputs) {
      const slot = graph.builder.visibleSlot(name);
      if (slot !== undefined) kept.push(slot);
    }
    return kept;
  }
}
