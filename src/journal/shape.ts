/**
 * The shape of a graph as text: its steps and what each reads. Two expansions are the same when their shapes are.
 * It does not include what a step does, so code can be fixed while a run waits.
 */

import type { PlanStep, StepKind } from "../../types/plan.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import { canExpand, expandsMany } from "../graph/kinds.ts";
import { planOf } from "../plan.ts";
import type { Entry } from "./records.ts";
import { Kind } from "./records.ts";
import { child, isAtOrUnder, isItem, item, itemAbove, keyOf, relativeTo, stepOf } from "../path.ts";

type Edge = readonly [name: string, from: string];

/** Fields that only some steps have. */
export interface ShapeMore {
  /** The condition that it runs under. */
  readonly when?: string;
  /** For a race: its contenders. */
  readonly contenders?: ReadonlyArray<string>;
}

/** A step: its path, its kind, what it reads, and what it provides. */
export type ShapeStep = readonly [
  path: string,
  kind: string,
  reads: ReadonlyArray<Edge>,
  outputs: ReadonlyArray<string> | "all",
  more?: ShapeMore,
];

export interface Shape {
  readonly name: string;
  readonly inputs: ReadonlyArray<string>;
  readonly steps: ReadonlyArray<ShapeStep>;
}

/** The difference between two shapes. */
export interface Difference {
  readonly missing: ReadonlyArray<string>;
  readonly added: ReadonlyArray<string>;
  readonly changed: ReadonlyArray<string>;
}

const known = new WeakMap<GraphBuilder, string>();

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const moreOf = ({ kind, when, cases }: PlanStep): ShapeMore | undefined => {
  const contenders = kind === "race" ? cases : undefined;
  if (when === undefined && contenders === undefined) return undefined;
  return {
    ...(when === undefined ? {} : { when }),
    ...(contenders === undefined ? {} : { contenders: [...contenders].sort(byText) }),
  };
};

/** The text of a graph's shape. It does not depend on the order in which independent steps were added. */
export const shapeOf = ({ builder }: { readonly builder: GraphBuilder }): string => {
  const found = known.get(builder);
  if (found !== undefined) return found;
  const { name, inputs, steps } = planOf(builder);
  const shape: Shape = {
    name,
    inputs: inputs.map((input) => input.name).sort(byText),
    steps: steps
      .map((step): ShapeStep => {
        const reads = step.inputs.map(({ name, from }): Edge => [name, from]);
        const { path, kind, outputs } = step;
        const more = moreOf(step);
        const shape = [path, kind, reads.sort(([a], [b]) => byText(a, b)), outputs] as const;
        return more === undefined ? shape : [...shape, more];
      })
      .sort(([a], [b]) => byText(a, b)),
  };
  const text = JSON.stringify(shape);
  known.set(builder, text);
  return text;
};

/** The shape of a map: the number of its items, or their keys. */
export const mapShape = (count: number, keys: ReadonlyArray<string> | undefined): string =>
  JSON.stringify(keys ?? count);

export const readShape = (text: string): Shape => JSON.parse(text) as Shape;

/** The number of items, if this is the shape of a map. */
export const itemCount = (text: string): number | undefined => {
  if (text.startsWith("{")) return undefined;
  const items = JSON.parse(text) as number | ReadonlyArray<string>;
  return typeof items === "number" ? items : items.length;
};

/** The keys of the items, if this is the shape of a map. */
export const itemsOf = (text: string): ReadonlySet<string> | undefined => {
  if (text.startsWith("{")) return undefined;
  const items = JSON.parse(text) as number | ReadonlyArray<string>;
  return new Set(typeof items === "number" ? Array.from({ length: items }, (_, i) => String(i)) : items);
};

const itemDifference = (path: string, before: ReadonlySet<string>, now: ReadonlySet<string>): Difference => ({
  missing: [...before].filter((key) => !now.has(key)).map((key) => item(path, key)),
  added: [...now].filter((key) => !before.has(key)).map((key) => item(path, key)),
  // The same keys in another order.
  changed: [],
});

/** The difference between two shapes whose texts differ; paths begin with `path`, that of the expansion, if there is one. */
export const difference = (path: string, before: string, now: string): Difference => {
  const itemsBefore = itemsOf(before);
  const itemsNow = itemsOf(now);
  if (itemsBefore !== undefined && itemsNow !== undefined) return itemDifference(path, itemsBefore, itemsNow);
  /** Steps by their paths, and inputs by their names. */
  const steps = (text: string): ReadonlyMap<string, string> => {
    if (itemsOf(text) !== undefined) return new Map();
    const { inputs, steps } = readShape(text);
    return new Map([
      ...inputs.map((name) => [name, "an input"] as const),
      ...steps.map((step) => [child(path, step[0]), JSON.stringify(step)] as const),
    ]);
  };
  const stepsBefore = steps(before);
  const stepsNow = steps(now);
  return {
    missing: [...stepsBefore.keys()].filter((at) => !stepsNow.has(at)),
    added: [...stepsNow.keys()].filter((at) => !stepsBefore.has(at)),
    changed: [...stepsNow].filter(([at, text]) => (stepsBefore.get(at) ?? text) !== text).map(([at]) => at),
  };
};

/** The graphs of a run by path: its pipeline's, at "", and that of each expansion. */
export type Shapes = ReadonlyMap<string, string>;

/** The graphs of a recorded run, as far as it has progressed. */
export const shapesOf = ({
  shape,
  entries,
}: {
  readonly shape: string;
  readonly entries: ReadonlyArray<Entry>;
}): Shapes => {
  const shapes = new Map([["", shape]]);
  for (const { kind, path, text } of entries) if (kind === Kind.expansion) shapes.set(path, text);
  // For loops and races, only the records of turns and contenders say how many there are.
  const keys = new Map<string, Set<string>>();
  const add = (path: string, key: string): void => {
    const known = keys.get(path);
    if (known === undefined) keys.set(path, new Set([key]));
    else known.add(key);
  };
  for (const { kind, path, text } of entries) {
    if (kind === Kind.chosen) for (const key of JSON.parse(text) as ReadonlyArray<string>) add(path, key);
    else if (isItem(path)) add(stepOf(path), keyOf(path)!);
  }
  for (const [path, found] of keys) if (!shapes.has(path)) shapes.set(path, mapShape(0, [...found]));
  return shapes;
};

/** The place of a path: its expansion, and the step of that expansion. */
interface Place {
  /** The path of the expansion; empty for the run's own graph. */
  readonly owner: string;
  readonly shape: Shape;
  readonly step: string;
  /** The item, turn or contender of that step. */
  readonly member: string | undefined;
}

interface Way {
  /** The steps that a path leads through, from the outermost, as far as they are known. */
  readonly places: ReadonlyArray<Place>;
  /** Whether it leads to an existing step or item, or to a place that has not expanded yet. */
  readonly end: "there" | "open" | "nowhere";
}

const wayTo = (path: string, shapes: Shapes): Way => {
  const places: Array<Place> = [];
  let owner = "";
  for (;;) {
    const text = shapes.get(owner);
    if (text === undefined) return { places, end: isExpandable(places.at(-1)) ? "open" : "nowhere" };
    if (itemsOf(text) !== undefined) return { places, end: "nowhere" };
    const shape = readShape(text);
    const rest = relativeTo(path, owner);
    // The path of a step of an added pipeline begins with that pipeline's name, so the longest match counts.
    const step = shape.steps
      .map(([at]) => at)
      .filter((at) => isAtOrUnder(rest, at))
      .reduce((longest, at) => (at.length > longest.length ? at : longest), "");
    if (step === "") return { places, end: "nowhere" };
    let reached = child(owner, step);
    const above = itemAbove(path, reached);
    places.push({ owner, shape, step, member: above });
    if (above !== undefined) {
      const items = shapes.get(reached);
      if (items === undefined) {
        const place = places.at(-1)!;
        const canCome = kindOf(place) === "map" || mayHaveMore(place);
        return { places, end: canCome ? "open" : "nowhere" };
      }
      if (itemsOf(items)?.has(keyOf(above)!) !== true) {
        return { places, end: mayHaveMore(places.at(-1)!) ? "open" : "nowhere" };
      }
      reached = above;
    }
    if (reached === path) return { places, end: "there" };
    if (!isAtOrUnder(path, reached)) return { places, end: "nowhere" };
    owner = reached;
  }
};

const stepAt = ({ shape, step }: Place): ShapeStep | undefined => shape.steps.find(([at]) => at === step);

const kindOf = (place: Place): string | undefined => stepAt(place)?.[1];

/** Can there be a graph at this place? The steps of items, turns and contenders are beneath those. */
const isExpandable = (place: Place | undefined): boolean => {
  const kind = place === undefined ? undefined : (kindOf(place) as StepKind | undefined);
  if (kind === undefined || !canExpand(kind)) return false;
  return place!.member !== undefined || !expandsMany(kind);
};

/** Can this be a turn of a loop that is still to come, or a contender of a race that has no record yet? */
const mayHaveMore = (place: Place): boolean => {
  const [, kind, , , more] = stepAt(place)!;
  const key = keyOf(place.member!)!;
  return kind === "race"
    ? more?.contenders?.includes(key) !== false
    : kind === "loop" && /^(0|[1-9]\d*)$/.test(key);
};

/** May there be such a path once more has expanded? */
export const mayCome = (path: string, shapes: Shapes): boolean => wayTo(path, shapes).end === "open";

/** The kind of the step at a path. */
export const kindAt = (path: string, shapes: Shapes): string | undefined => {
  const { places, end } = wayTo(path, shapes);
  const place = places.at(-1);
  if (end !== "there" || place === undefined || child(place.owner, place.step) !== path) return undefined;
  return kindOf(place);
};

/** The step on a path that is skipped, since a condition that it runs under does not hold. */
export const skippedAbove = (
  path: string,
  shapes: Shapes,
  isFalse: (condition: string) => boolean,
): string | undefined => {
  const skipped = wayTo(path, shapes).places.find(({ owner, shape, step }) => {
    const conditions = new Map(shape.steps.map(([at, , , , more]) => [at, more?.when]));
    for (let at = conditions.get(step); at !== undefined; at = conditions.get(at))
      if (isFalse(child(owner, at))) return true;
    return false;
  });
  return skipped === undefined ? undefined : child(skipped.owner, skipped.step);
};

/** If a path leads through a turn of a loop: the turns after it, which continue its state. */
const laterTurns = (place: Place, shapes: Shapes): ReadonlyArray<string> => {
  const { owner, step, member } = place;
  if (member === undefined || kindOf(place) !== "loop") return [];
  const loop = child(owner, step);
  const turn = Number(keyOf(member));
  return [...itemsOf(shapes.get(loop)!)!].filter((key) => Number(key) > turn).map((key) => item(loop, key));
};

/** Everything that follows from a path, including itself: at each level, the steps that read its outputs, and so on. */
export const following = (path: string, shapes: Shapes): ReadonlyArray<string> | undefined => {
  const { places, end } = wayTo(path, shapes);
  if (end !== "there") return undefined;
  const found = new Set([path]);
  for (const place of places) {
    const { owner, shape, step } = place;
    for (const turn of laterTurns(place, shapes)) found.add(turn);
    const readers = new Map<string, Array<string>>();
    for (const [at, , reads] of shape.steps) {
      for (const [, from] of reads) {
        const list = readers.get(from);
        if (list === undefined) readers.set(from, [at]);
        else list.push(at);
      }
    }
    const stack = [step];
    const seen = new Set(stack);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (at !== step) found.add(child(owner, at));
      for (const reader of readers.get(at) ?? []) {
        if (seen.has(reader)) continue;
        seen.add(reader);
        stack.push(reader);
      }
    }
  }
  return [...found];
};
