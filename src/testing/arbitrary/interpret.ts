/**
 * The model of a run of a shape: its outputs, its number of calls of each function, and its duration, computed by a
 * sequential interpreter that knows nothing of frames, fibers or queues.
 */
import type { Shape, ShapeNode, Values } from "./shape.ts";
import {
  before,
  choose,
  contender,
  digest,
  isLastState,
  isWinner,
  itemsOfEnough,
  kindOf,
  listBefore,
  listOf,
  nameOf,
  partsOfWhen,
  readsOf,
} from "./shape.ts";
import { child, item, lastOf, stepOf } from "../../path.ts";

/**
 * The expected behavior of a run.
 *
 * @public
 */
export interface Model {
  /** The outputs; undefined if the run fails. */
  readonly outputs: Readonly<Record<string, unknown>> | undefined;
  /** The number of calls of each function, by path. */
  readonly calls: Readonly<Record<string, number>>;
  /** The duration in milliseconds without a concurrency limit: that of the longest chain of sleeping steps. */
  readonly time: number;
}

/** Replaces the value of a step that failed, or was skipped because it reads from one that did. */
const failed = Symbol("failed");

/** The results of the nodes of one pipeline or sub-pipeline, and the time when the last of them ended. */
interface Outcome {
  readonly values: Values;
  readonly end: number;
}

class Interpreter {
  readonly calls: Record<string, number> = {};
  readonly #failing: string | undefined;

  constructor(failing: string | undefined) {
    this.#failing = failing;
  }

  /** Records a call of a step's function, and returns its value. */
  #call<Value>(path: string, value: Value): Value | typeof failed {
    if (path === this.#failing) return failed;
    this.calls[path] = (this.calls[path] ?? 0) + 1;
    return value;
  }

  run(shape: Shape, depth: number, path: string, given: Values, begin: number): Outcome {
    const values: Values = { ...given };
    const ends = new Map<string, number>(Object.keys(given).map((name) => [name, begin]));
    shape.nodes.forEach((node, index) => {
      const name = nameOf(depth, index);
      const reads = readsOf(node, depth, index, Object.keys(given));
      const readBy = Math.max(begin, ...reads.map((read) => ends.get(read)!));
      if (node.kind === "when") {
        this.#when(node, depth, name, path, reads, values, ends, readBy);
        return;
      }
      if (node.kind === "finally") {
        // Without inputs, it waits for all earlier steps.
        const settled = reads.length === 0 ? Math.max(begin, ...ends.values()) : readBy;
        this.#finally(node, name, path, reads, values, ends, settled);
        return;
      }
      const over = kindOf(shape, index) === "map" ? listBefore(shape, depth, index)! : undefined;
      const all = over === undefined ? reads : [over, ...reads];
      const start = Math.max(readBy, over === undefined ? begin : ends.get(over)!);
      let outcome: { readonly value: unknown; readonly end: number };
      if (all.some((read) => values[read] === failed)) {
        outcome = { value: failed, end: start };
      } else {
        const inputs = Object.fromEntries(reads.map((read) => [read, values[read]]));
        outcome = this.#node(
          shape,
          node,
          index,
          depth,
          child(path, name),
          inputs,
          over && values[over],
          start,
        );
      }
      values[name] = outcome.value;
      ends.set(name, outcome.end);
      if (node.kind === "sleep" || node.kind === "enough") {
        const given = node.kind === "sleep" ? undefined : itemsOfEnough(node).keys;
        values[before(name, node.kind)] = outcome.value === failed ? failed : given;
      }
      if (kindOf(shape, index) === "pair") {
        values[`${name}b`] = outcome.value === failed ? failed : (outcome.value as number) + 1;
        ends.set(`${name}b`, outcome.end);
      }
    });
    return { values, end: Math.max(begin, ...ends.values()) };
  }

  #node(
    shape: Shape,
    node: ShapeNode,
    index: number,
    depth: number,
    path: string,
    inputs: Values,
    items: unknown,
    start: number,
  ): { readonly value: unknown; readonly end: number } {
    const seed = digest(node.salt, Object.values(inputs));
    const kind = kindOf(shape, index);
    // The case "odd" of a switch returns its value at once.
    const isInstant = node.style !== "sleeping effect" || (kind === "switch" && seed % 2 !== 0);
    const end = start + (isInstant ? 0 : 1) + (kind === "sleep" ? 1 : 0);
    if (kind === "map") {
      const all = (items as ReadonlyArray<unknown>).map((each, i) =>
        this.#expand(node, depth, item(path, i), digest(seed, [each]), inputs, end),
      );
      const isFailed = all.some(({ value }) => value === failed);
      return {
        value: isFailed ? failed : all.map(({ value }) => value),
        end: Math.max(start, ...all.map((each) => each.end)),
      };
    }
    if (kind === "switch" || kind === "dynamic") return this.#expand(node, depth, path, seed, inputs, end);
    if (kind === "race") return this.#expand(node, depth, item(path, contender.wins), seed, inputs, end);
    if (kind === "enough") return this.#enough(node, depth, path, seed, inputs, end);
    if (kind === "loop") return this.#loop(node, depth, path, seed, inputs, end);
    return { value: this.#call(path, kind === "list" ? listOf(seed) : seed), end };
  }

  /** Turns follow each other; each is an expansion of its own. */
  #loop(
    node: ShapeNode,
    depth: number,
    path: string,
    seed: number,
    inputs: Values,
    begin: number,
  ): { readonly value: unknown; readonly end: number } {
    let state: unknown = this.#call(path, seed);
    let end = begin;
    for (let turn = 0; state !== failed; turn++) {
      const called = end + (node.style === "sleeping effect" ? 1 : 0);
      const next = this.#expand(node, depth, item(path, turn), digest(seed, [state]), inputs, called);
      state = next.value;
      end = next.end;
      if (state !== failed && isLastState(state as number)) break;
    }
    return { value: state, end };
  }

  /** A condition, the step that runs if it holds, and the node's own step, which reads that step's output if there is one. */
  #when(
    node: ShapeNode,
    depth: number,
    name: string,
    path: string,
    reads: ReadonlyArray<string>,
    values: Values,
    ends: Map<string, number>,
    start: number,
  ): void {
    const { condition, guarded } = partsOfWhen(name);
    const takes = node.style === "sleeping effect" ? 1 : 0;
    const inputs = Object.fromEntries(reads.map((read) => [read, values[read]]));
    const seed = digest(node.salt, Object.values(inputs));
    const holds = reads.some((read) => values[read] === failed)
      ? failed
      : this.#call(child(path, condition), seed % 2 === 0);
    const decided = start + (holds === failed ? 0 : takes);
    const grown =
      holds === true
        ? this.#expand(node, depth, child(path, guarded), seed, inputs, decided + takes)
        : { value: holds === failed ? failed : undefined, end: decided };
    values[condition] = holds;
    if (holds !== false) values[guarded] = grown.value;
    const isFailed = grown.value === failed;
    values[name] = isFailed
      ? failed
      : this.#call(child(path, name), digest(node.salt, [grown.value ?? null]));
    ends.set(name, grown.end + (isFailed ? 0 : takes));
  }

  /** A step that runs whether or not its inputs succeeded, and the node's own step, which reads its output. */
  #finally(
    node: ShapeNode,
    name: string,
    path: string,
    reads: ReadonlyArray<string>,
    values: Values,
    ends: Map<string, number>,
    start: number,
  ): void {
    const takes = node.style === "sleeping effect" ? 1 : 0;
    const runs = before(name, "finally");
    const read = reads.map((one) => (values[one] === failed ? "failed" : values[one]));
    values[runs] = this.#call(child(path, runs), digest(node.salt, read));
    values[name] = this.#call(child(path, name), digest(node.salt, [values[runs]]));
    ends.set(name, start + 2 * takes);
  }

  /** As many items of the map succeed as it asks for; those that fail might not even be called. */
  #enough(
    node: ShapeNode,
    depth: number,
    path: string,
    seed: number,
    inputs: Values,
    end: number,
  ): { readonly value: unknown; readonly end: number } {
    const { keys } = itemsOfEnough(node);
    const name = lastOf(path);
    const listed = this.#call(path.slice(0, path.length - name.length) + before(name, "enough"), keys);
    if (listed === failed) return { value: failed, end };
    const all = listed
      .filter(isWinner)
      .map((key) => this.#expand(node, depth, item(path, key), digest(seed, [key]), inputs, end));
    return { value: all.map(({ value }) => value), end: Math.max(...all.map((each) => each.end)) };
  }

  /** The value of a sub-pipeline is a digest of its last node, exposed by a step of its own. */
  #expand(
    node: ShapeNode,
    depth: number,
    path: string,
    seed: number,
    inputs: Values,
    begin: number,
  ): { readonly value: unknown; readonly end: number } {
    const direct = this.#call(path, seed);
    const sub = choose(node.subs, seed);
    if (direct === failed || sub === undefined) return { value: direct, end: begin };
    const { values, end } = this.run(sub, depth + 1, path, inputs, begin);
    const last = values[nameOf(depth + 1, sub.nodes.length - 1)];
    let exposed: unknown =
      last === failed ? failed : this.#call(child(path, "exposed"), digest(seed, [last]));
    // The step that exposes it has the name of the dynamic step, without an item's key.
    const name = lastOf(stepOf(path));
    if (exposed !== failed) exposed = this.#call(child(path, name), exposed);
    return { value: Object.values(values).includes(failed) ? failed : exposed, end };
  }
}

/**
 * The expected behavior of a run of the shape. With `failing`, the step at that path fails before its function is called,
 * and all steps that do not depend on it still run.
 */
export const modelOf = (shape: Shape, failing?: string): Model => {
  const interpreter = new Interpreter(failing);
  const { values, end } = interpreter.run(shape, 0, "", {}, 0);
  const outputs = Object.values(values).includes(failed) ? undefined : values;
  return { outputs, calls: interpreter.calls, time: end };
};
