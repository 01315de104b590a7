/**
 * Maps: the items of an iterable, each a node of a frame of its own. The frame's items start in order, as many at once as
 * the map's `concurrency` allows.
 *
 * Only one item of a map is in the queue, and the next one follows it when it starts: behind the steps of the items before
 * it. With all items there at once, a map of pipelines would hold every item's graph before the first step of any.
 */
import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import * as Result from "effect/Result";
import { ExpansionError, TooFewSucceeded } from "../errors.ts";
import type { GraphNode } from "../graph/node.ts";
import { keyProblem } from "../graph/names.ts";
import { describe } from "../values/describe.ts";
import type { Core, MapRoom } from "./core.ts";
import type { MapState } from "./frame.ts";
import { Frame, Job, State } from "./frame.ts";
import { outputsByName, readOver } from "./outputs.ts";

export class Maps implements MapRoom {
  readonly #core: Core;
  /** Items that may start and are not in the queue. */
  #waiting = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  get waiting(): number {
    return this.#waiting;
  }

  start(frame: Frame, index: number, inputs: Record<string, unknown>): void {
    const { budget, emitter, failures } = this.#core;
    const node = frame.graph!.nodes[index]!;
    const path = emitter.watcher === undefined ? "" : frame.pathOf(index);
    emitter.emit({ type: "expansion.started", path, attempt: 1 });
    const over = itemsOf(frame, node, () => frame.pathOf(index), budget.left);
    const problem = over instanceof ExpansionError ? over : budget.add(over.count, frame, index);
    if (over instanceof ExpansionError || problem !== undefined) {
      failures.failed(frame, index, Cause.fail(problem), 1);
      return;
    }
    const { count, items, keys } = over;
    const map: MapState = {
      definition: node.definition,
      items,
      keys,
      inputs,
      results: new Array<unknown>(count),
      policy: frame.policies?.[index],
      next: 0,
      allowed: 0,
      succeeded: 0,
    };
    emitter.emit({ type: "expansion.expanded", path, attempt: 1, plan: undefined, items: count });
    this.#enter(frame, index, map);
  }

  #enter(frame: Frame, index: number, map: MapState): void {
    const core = this.#core;
    const { journal } = core;
    const count = map.results.length;
    const child = new Frame(undefined, map, frame, index);
    core.frames.enter(child, new Job(frame, index, undefined));
    const begin = (): void => {
      map.allowed = Math.min(count, map.definition.options.concurrency ?? Infinity);
      this.#waiting += map.allowed;
      if (count === 0) core.pushOver(child);
      do this.feed(child);
      while (core.exploresOrders && map.next < map.allowed);
    };
    if (journal === undefined) {
      begin();
      return;
    }
    const path = frame.pathOf(index);
    const record = (done: () => void) => journal.expandMap(path, count, map.keys, done);
    core.records.beginOnceRecorded(child, path, record, begin);
  }

  /** `hasNext`: the next item has been started in place of this one, when this one's work was done. */
  provideItem(
    frame: Frame,
    map: MapState,
    index: number,
    value: unknown,
    attempt: number,
    hasNext = false,
  ): void {
    const { emitter, pools } = this.#core;
    const collects = map.definition.options.failures === "collect";
    map.results[index] = collects ? Result.succeed(value) : value;
    map.succeeded++;
    frame.states[index] = State.succeeded;
    if (pools !== undefined) pools.giveBack(frame, index);
    if (emitter.watcher !== undefined) {
      emitter.stepSucceeded(frame.pathOf(index), attempt, outputsByName(map.definition, value));
    }
    this.itemIsOver(frame, map, hasNext);
  }

  itemIsOver(frame: Frame, map: MapState, hasNext = false): void {
    if (!hasNext) this.nextItem(frame, map);
    if (--frame.remaining === 0) this.#core.frames.checkOver(frame);
  }

  /** Another item may start in place of one that has ended. */
  nextItem(frame: Frame, map: MapState): void {
    if (map.allowed === map.results.length) return;
    map.allowed++;
    this.#waiting++;
    if (!frame.isFed) this.feed(frame);
  }

  /** Puts the next item that may start into the queue. */
  feed(frame: Frame): void {
    const map = frame.map!;
    const hasNext = map.next < map.allowed;
    frame.isFed = hasNext && !this.#core.exploresOrders;
    if (!hasNext) return;
    this.#waiting--;
    this.#core.push(frame, map.next++);
  }

  ended(map: MapState): void {
    this.#waiting -= map.allowed - map.next;
  }
}

/** What a map provides whose items have all ended. */
export const mapOutcome = (frame: Frame, map: MapState): Exit.Exit<unknown, TooFewSucceeded> => {
  const { minSuccess } = map.definition.options;
  if (minSuccess === undefined || map.succeeded >= minSuccess) return Exit.succeed(map.results);
  const path = frame.parent!.pathOf(frame.parentIndex);
  const total = map.results.length;
  return Exit.fail(new TooFewSucceeded({ path, succeeded: map.succeeded, total, minSuccess }));
};

/** What is not an array may be without end: one item more than there may be is enough to say so. */
const itemsUpTo = (most: number, iterable: Iterable<unknown>): ReadonlyArray<unknown> => {
  const items: Array<unknown> = [];
  for (const item of iterable) if (items.push(item) > most) break;
  return items;
};

/** What a map runs over, read once: the array may be a proxy, or be changed while the map runs. */
interface Items {
  readonly items: ReadonlyArray<unknown>;
  readonly count: number;
  readonly keys: ReadonlyArray<string> | undefined;
}

/** The items of a map, `most` and one more of them if there are more, and what names them in their paths. */
const itemsOf = (frame: Frame, node: GraphNode, path: () => string, most: number): Items | ExpansionError => {
  const { definition } = node;
  const error = (reason: string, cause?: unknown) =>
    new ExpansionError({ path: path(), reason, ...(cause === undefined ? {} : { cause }) });
  const over = readOver(frame, node);
  if (typeof over === "string") return error(over);
  try {
    if (typeof over.value === "string") {
      return error(
        `It maps over "${definition.over}", which is a string. Split it into a list first, for example with Array.from or split.`,
      );
    }
    const isIterable = typeof over.value === "object" && over.value !== null && Symbol.iterator in over.value;
    if (!isIterable) return error(`It maps over "${definition.over}", and that is not iterable.`);
    const items = Array.isArray(over.value) ? over.value : itemsUpTo(most, over.value as Iterable<unknown>);
    const count = items.length;
    const { key } = definition.options;
    if (key === undefined) return { items, count, keys: undefined };
    const keys = Array.from({ length: count }, (_, index) => String(key(items[index], index)));
    const seen = new Set<string>();
    for (const name of keys) {
      const problem = keyProblem(name);
      if (problem !== undefined)
        return error(`The key ${JSON.stringify(name)} cannot be part of a path. ${problem}`);
      if (seen.has(name))
        return error(`Two items have the key "${name}": keys name items, so they must differ.`);
      seen.add(name);
    }
    return { items, count, keys };
  } catch (thrown) {
    return error(`Its items could not be read: ${describe(thrown)}`, thrown);
  }
};
