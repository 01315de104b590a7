/**
 * Maps: the items of an iterable, each a node of the map's own frame. The frame's items start in order, as many at once as
 * the map's `concurrency` allows.
 *
 * Only one item of a map is in the queue, and the next one follows it when it starts: behind the steps of the items before
 * it. With all items in the queue at once, a map of pipelines would hold every item's graph before the first step of any.
 */
import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import * as Result from "effect/Result";
import { ExpansionError, TooFewSucceeded } from "../errors.ts";
import type { GraphNode } from "../graph/node.ts";
import { keyProblem } from "../graph/names.ts";
import { describe } from "../values/describe.ts";
import type { Core, MapRoom } from "./core.ts";
import type { MapState } from "./members.ts";
import { Frame, Job, State } from "./frame.ts";
import { outputsByName, readOver } from "./outputs.ts";

export class Maps implements MapRoom {
  readonly #core: Core;
  /** The number of items that may start and are not in the queue. */
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
    const { enough } = node.definition.options;
    if (enough !== undefined && count < enough) {
      const path = frame.pathOf(index);
      const error = new TooFewSucceeded({
        path,
        succeeded: 0,
        total: count,
        minSuccess: enough,
        of: "enough",
      });
      failures.failed(frame, index, Cause.fail(error), 1);
      return;
    }
    const map: MapState = {
      type: "items",
      definition: node.definition,
      items,
      keys,
      inputs,
      results: new Array<unknown>(count),
      policy: frame.policies?.[index],
      next: 0,
      allowed: 0,
      succeeded: 0,
      failed: 0,
      chosen: undefined,
      recalled: enough === undefined ? undefined : this.#recalled(frame, index, enough, count, keys),
    };
    emitter.emit({ type: "expansion.expanded", path, attempt: 1, plan: undefined, items: count });
    this.#enter(frame, index, map);
  }

  /** The items that an earlier part of the run chose, if their number is the one that the map asks for now. */
  #recalled(
    frame: Frame,
    index: number,
    enough: number,
    count: number,
    keys: ReadonlyArray<string> | undefined,
  ): ReadonlySet<number> | undefined {
    const chosen = this.#core.journal?.chosen(frame.pathOf(index));
    if (chosen?.length !== enough) return undefined;
    const indices = chosen.map((key) => (keys === undefined ? Number(key) : keys.indexOf(key)));
    return indices.every((item) => item >= 0 && item < count) ? new Set(indices) : undefined;
  }

  #enter(frame: Frame, index: number, map: MapState): void {
    const core = this.#core;
    const { journal } = core;
    const count = map.results.length;
    const child = new Frame(undefined, map, frame, index);
    core.frames.enter(child, new Job(frame, index, undefined));
    const begin = (): void => {
      map.allowed = Math.min(count, map.definition.options.concurrency ?? Infinity);
      if (map.recalled !== undefined) map.allowed = count;
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

  /** `hasNext`: the next item has been started instead of this one, when this one's work was done. */
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
    if (frame.read !== undefined) this.#core.compensations.note(frame, index, value, attempt);
    if (frame.hasPools) pools.giveBack(frame, index);
    if (emitter.watcher !== undefined) {
      emitter.stepSucceeded(frame.pathOf(index), attempt, outputsByName(map.definition, value));
    }
    if (map.succeeded === map.definition.options.enough) this.#choose(frame, map);
    this.itemIsOver(frame, map, hasNext);
  }

  /** Enough items have succeeded: the others are interrupted, or never start. */
  #choose(frame: Frame, map: MapState): void {
    if (frame.ending !== undefined) return;
    const core = this.#core;
    const { parent, parentIndex } = frame;
    map.chosen = Array.from(frame.states.keys()).filter((item) => frame.states[item] === State.succeeded);
    if (core.journal !== undefined) {
      const keys = map.chosen.map((item) => (map.keys === undefined ? String(item) : map.keys[item]!));
      (parent!.chosen ??= new Map()).set(parentIndex, keys);
    }
    const reason = new Error(`Enough items of the map "${frame.path}" have succeeded.`);
    core.failures.endEarly(frame, Cause.interrupt(), frame.path, reason);
  }

  /** An item of a map with `enough` has failed: returns an error if the map cannot do without it. */
  tolerate(frame: Frame, map: MapState): TooFewSucceeded | undefined {
    map.failed++;
    const isHopeless = map.results.length - map.failed < map.definition.options.enough!;
    if (isHopeless && !this.#core.limits.finish) return tooFew(frame, map, map.definition.options.enough!);
    this.itemIsOver(frame, map);
    return undefined;
  }

  itemIsOver(frame: Frame, map: MapState, hasNext = false): void {
    if (!hasNext) this.nextItem(frame, map);
    if (--frame.remaining === 0) this.#core.frames.checkOver(frame);
  }

  /** Another item may start instead of one that has ended. */
  nextItem(frame: Frame, map: MapState): void {
    if (map.allowed === map.results.length) return;
    map.allowed++;
    this.#waiting++;
    if (!frame.isFed) this.feed(frame);
  }

  /** Puts the next item that may start into the queue. */
  feed(frame: Frame): void {
    const map = frame.map as MapState;
    for (; map.recalled !== undefined && map.next < map.allowed; map.next++, this.#waiting--) {
      if (map.recalled.has(map.next)) break;
    }
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

/** The outcome of a map whose items have all ended. */
export const mapOutcome = (frame: Frame, map: MapState): Exit.Exit<unknown, TooFewSucceeded> => {
  const { enough, minSuccess } = map.definition.options;
  const least = enough ?? minSuccess;
  if (least === undefined || map.succeeded >= least) return Exit.succeed(map.results);
  return Exit.fail(tooFew(frame, map, least));
};

const tooFew = (frame: Frame, map: MapState, least: number): TooFewSucceeded =>
  new TooFewSucceeded({
    path: frame.path,
    succeeded: map.succeeded,
    total: map.results.length,
    minSuccess: least,
    of: map.definition.options.enough === undefined ? "minSuccess" : "enough",
  });

/** The values of the items that a map with `enough` has chosen, in the order of the items; undefined if it has not chosen. */
export const chosenOutcome = ({ chosen, results }: MapState): Exit.Exit<unknown> | undefined =>
  chosen === undefined ? undefined : Exit.succeed(chosen.map((item) => results[item]));

/** An iterable other than an array may be infinite: one item more than the limit is enough to detect that. */
const itemsUpTo = (most: number, iterable: Iterable<unknown>): ReadonlyArray<unknown> => {
  const items: Array<unknown> = [];
  for (const item of iterable) if (items.push(item) > most) break;
  return items;
};

/** The items of a map, read once: the array may be a proxy, or change while the map runs. */
interface Items {
  readonly items: ReadonlyArray<unknown>;
  readonly count: number;
  readonly keys: ReadonlyArray<string> | undefined;
}

/** The items of a map, at most one more than `most`, and their names in paths. */
export const itemsOf = (
  frame: Frame,
  node: GraphNode,
  path: () => string,
  most: number,
): Items | ExpansionError => {
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
    if (!isIterable) return error(`It maps over "${definition.over}", which is not iterable.`);
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
