/**
 * Frames begin and end. A frame begins with its inputs in its slots and its roots in the queue; when nothing is left in it,
 * it has an outcome: the outputs of the run, or of the node that it expanded from.
 */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Graph } from "./graph.ts";
import type { Core, FrameRoom } from "./core.ts";
import { layered } from "./executor.ts";
import type { Frame, Job } from "./frame.ts";
import { State } from "./frame.ts";
import { chosenOutcome, mapOutcome } from "./maps.ts";
import { exposedOf, resultsOf } from "./outcome.ts";
import { raceOutcome } from "./races.ts";

export class Frames implements FrameRoom {
  readonly #core: Core;
  /** Ends the run. */
  readonly #finish: (exit: Exit.Exit<unknown, unknown>) => void;
  /** Has it been reported that steps need workers and there are none? */
  #hasSaid = false;

  constructor(core: Core, finish: (exit: Exit.Exit<unknown, unknown>) => void) {
    this.#core = core;
    this.#finish = finish;
  }

  /** Sets up what happens around the calls of a graph, in addition to the options of its steps. */
  equip(frame: Frame, graph: Graph): void {
    const { policyFor, workers } = this.#core;
    if (graph.forWorkers !== undefined && workers === undefined) this.#sayOnce(frame, graph.forWorkers);
    if (graph.around !== undefined) frame.layers = layered(frame.layers, graph.around);
    if (policyFor !== undefined) frame.policies = graph.nodes.map(({ definition }) => policyFor(definition));
    frame.isPlain =
      frame.layers === undefined &&
      frame.read === undefined &&
      policyFor === undefined &&
      this.#core.journal === undefined;
  }

  /** Reports that a step asks for a worker and the run has none. */
  #sayOnce(frame: Frame, step: string): void {
    if (this.#hasSaid) return;
    this.#hasSaid = true;
    const line = `The step "${frame.prefix}${step}" needs a worker, but the run has none, so such steps run in this process. Give the run the option workers, such as ThreadWorkers.layer({ module }), or provide that layer.`;
    this.#core.fork(Effect.logWarning(line));
  }

  setInputs(frame: Frame, inputs: ReadonlyArray<unknown>, keep: ReadonlyArray<number>): void {
    for (const slot of keep) frame.reads[slot]!++;
    const declared = frame.graph!.inputs;
    for (let i = 0; i < declared.length; i++) {
      const { slot } = declared[i]!;
      if (frame.reads[slot]! > 0) frame.values[slot] = inputs[i];
    }
  }

  ready(frame: Frame): void {
    if (frame.remaining === 0) this.#core.pushOver(frame);
    else for (const root of frame.graph!.roots) this.#core.push(frame, root);
  }

  /** Begins the frame of an expansion, whose end completes the job. */
  enter(child: Frame, job: Job): void {
    child.job = job;
    job.child = child;
    if (job.frame.hasPools) this.#giveBackSlot(child, job);
    this.#core.jobs.add(job);
  }

  /** A node that waits for its expansion holds no slot of a pool. A race holds its slot until one of its contenders expands. */
  #giveBackSlot(child: Frame, { frame, index }: Job): void {
    const { pools } = this.#core;
    if (child.map?.type === "contenders") return;
    pools.giveBack(frame, index);
    if (frame.map?.type === "contenders") pools.giveBack(frame.parent!, frame.parentIndex);
  }

  checkOver(frame: Frame): void {
    if (frame.ended || frame.running > 0) return;
    if (frame.ending === undefined && frame.remaining > 0) return;
    this.#core.pushOver(frame);
  }

  end(frame: Frame): void {
    if (frame.ended) return;
    if (frame.ending !== undefined && frame.parent === undefined && this.#core.compensations.holds(frame))
      return;
    if (frame.ending !== undefined && this.#startFinals(frame)) return;
    frame.ended = true;
    frame.endGrace?.();
    if (frame.map?.type === "items") this.#core.maps.ended(frame.map);
    if (frame.ending !== undefined) this.#reportRest(frame);
    const exit = this.#outcomeOf(frame);
    if (frame.job === undefined) this.#finish(exit);
    else this.#core.jobs.isOver(frame.job, exit);
  }

  skipGuarded(frame: Frame, index: number): void {
    const { emitter } = this.#core;
    const because = emitter.watcher === undefined ? "" : frame.pathOf(index);
    const skipped = frame.graph!.guarded!.get(index)!.filter((node) => frame.states[node] === State.waiting);
    for (const node of skipped) {
      frame.states[node] = State.skipped;
      frame.remaining--;
      if (emitter.watcher === undefined) continue;
      emitter.emit({ type: "step.skipped", path: frame.pathOf(node), attempt: 0, because });
    }
    for (const node of skipped) this.#countDown(frame, node);
  }

  passOver(frame: Frame, index: number): void {
    this.#countDown(frame, index);
    if (--frame.remaining === 0 || frame.isFinalizing) this.checkOver(frame);
  }

  #countDown(frame: Frame, index: number): void {
    const { readers, readersFrom } = frame.graph!;
    for (let edge = readersFrom[index]!; edge < readersFrom[index + 1]!; edge++) {
      const reader = readers[edge]!;
      if (--frame.waits[reader]! === 0 && frame.states[reader] === State.waiting)
        this.#core.push(frame, reader);
    }
  }

  /**
   * A frame has ended early, and nothing in it runs any more: its `finally` steps start. Returns false if none is left.
   * Those that read others start after these.
   */
  #startFinals(frame: Frame): boolean {
    const { graph, states } = frame;
    if (graph?.finals === undefined || this.#core.journal?.isLost === true) return false;
    const isOpen = (index: number): boolean =>
      states[index] === State.waiting || states[index] === State.running;
    const ready = graph.finals.filter((index) => {
      const { slots, guard } = graph.nodes[index]!;
      if (states[index] !== State.waiting || (guard !== undefined && states[guard] !== State.succeeded))
        return false;
      return !slots.some((slot) => {
        const owner = slot < 0 ? -1 : graph.builder.ownerOf(slot);
        return owner !== -1 && graph.finals!.includes(owner) && isOpen(owner);
      });
    });
    if (ready.length === 0) return graph.finals.some((index) => states[index] === State.running);
    if (!frame.isFinalizing) {
      frame.isFinalizing = true;
      if (Cause.hasInterruptsOnly(frame.ending!)) this.#core.failures.limitFinals(frame);
    }
    for (const index of ready) this.#core.push(frame, index);
    return true;
  }

  /** A frame has ended early: steps that are done but not yet committed have succeeded, and waiting ones are skipped. */
  #reportRest(frame: Frame): void {
    const { emitter } = this.#core;
    for (const [index, { value, attempt }] of frame.uncommitted ?? []) {
      frame.states[index] = State.succeeded;
      if (frame.read !== undefined) this.#core.compensations.note(frame, index, value, attempt);
      emitter.succeeded(frame, index, value, attempt);
    }
    emitter.skipped(frame);
  }

  #outcomeOf(frame: Frame): Exit.Exit<unknown, unknown> {
    const { map } = frame;
    const chosen = map?.type === "items" ? chosenOutcome(map) : undefined;
    if (chosen !== undefined) return chosen;
    if (map?.type === "contenders" && map.winner !== undefined) return raceOutcome(frame, map);
    if (frame.ending !== undefined) return Exit.failCause(frame.ending);
    if (frame.failures !== undefined) {
      return Exit.failCause(Cause.fromReasons(frame.failures.flatMap((cause) => cause.reasons)));
    }
    switch (map?.type) {
      case "items":
        return mapOutcome(frame, map);
      case "turns":
        return Exit.succeed(map.state);
      case "contenders":
        return raceOutcome(frame, map);
      case undefined:
        return this.#graphOutcome(frame);
    }
  }

  #graphOutcome(frame: Frame): Exit.Exit<unknown, unknown> {
    const graph = frame.graph!;
    const { watcher } = this.#core.emitter;
    const slot = watcher === undefined ? soleSlot(frame, graph) : undefined;
    if (slot !== undefined) return Exit.succeed(frame.values[slot]);
    const results = resultsOf(frame);
    const { parent, parentIndex } = frame;
    if (parent === undefined) return Exit.succeed(results);
    if (watcher !== undefined) {
      const inputs = new Set(graph.inputs.map(({ name }) => name));
      const own = Object.entries(results).filter(([name]) => !inputs.has(name));
      watcher.onOutput(parent.pathOf(parentIndex), Object.fromEntries(own));
    }
    return exposedOf(frame, results);
  }
}

/** If an expansion exposes one output, its slot: then no record of all outputs is created. */
const soleSlot = ({ parent, parentIndex, late, reads }: Frame, graph: Graph): number | undefined => {
  if (parent === undefined || late !== undefined || graph.isOpen) return undefined;
  const { outputs } = parent.definitionOf(parentIndex);
  if (outputs === "all" || outputs.length !== 1) return undefined;
  const slot = graph.builder.visibleSlot(outputs[0]!);
  return slot !== undefined && reads[slot]! > 0 ? slot : undefined;
};
