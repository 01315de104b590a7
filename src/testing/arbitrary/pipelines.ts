/** Random shapes, the pipelines that they describe, and their faults. */
import * as fc from "fast-check";
import type { Fault } from "../faults.ts";
import type { RandomPipeline } from "./build.ts";
import { build } from "./build.ts";
import type { Model } from "./interpret.ts";
import { modelOf } from "./interpret.ts";
import type { Shape, ShapeNode, ShapeStyle } from "./shape.ts";
import { Shrinking } from "./shrink.ts";

/**
 * The size and composition of random pipelines.
 *
 * @public
 */
export interface ShapeOptions {
  /** The maximum number of steps of the pipeline itself; 20 by default. Expansions add more. */
  readonly maxSteps?: number;
  /** The maximum depth of expansions; 3 by default, 0 for none. */
  readonly maxDepth?: number;
  /** The kinds of steps; all by default. */
  readonly kinds?: ReadonlyArray<ShapeNode["kind"]>;
  /** The ways in which steps return their values; all by default. */
  readonly styles?: ReadonlyArray<ShapeStyle>;
}

/** The default frequency of each style, as in real pipelines. */
const weights: Readonly<Record<ShapeStyle, number>> = {
  value: 6,
  effect: 3,
  promise: 2,
  "sleeping effect": 1,
};

const plain: ReadonlyArray<ShapeNode["kind"]> = ["step", "pair", "list", "finally", "sleep"];
const growing: ReadonlyArray<ShapeNode["kind"]> = [
  "map",
  "switch",
  "dynamic",
  "loop",
  "race",
  "when",
  "enough",
];

/** Kinds that take more time or steps than the others. */
const heavy: ReadonlySet<ShapeNode["kind"]> = new Set(["loop", "enough", "sleep"]);

const styleOf = (styles: ReadonlyArray<ShapeStyle>): fc.Arbitrary<ShapeStyle> =>
  fc.oneof(...styles.map((style) => ({ weight: weights[style], arbitrary: fc.constant(style) })));

/** Only nodes that can expand get sub-pipelines: unused ones would cost most of the time. */
const nodeOf = (depth: number, options: ShapeOptions): fc.Arbitrary<ShapeNode> => {
  const { kinds = [...plain, ...growing], styles = ["value", "effect", "promise", "sleeping effect"] } =
    options;
  const node = (allowed: ReadonlyArray<ShapeNode["kind"]>, subs: fc.Arbitrary<ReadonlyArray<Shape>>) =>
    fc.record({
      kind: fc.oneof(
        ...allowed.map((kind) => ({ weight: heavy.has(kind) ? 1 : 2, arbitrary: fc.constant(kind) })),
      ),
      reads: fc.array(
        fc.nat(999).map((fraction) => fraction / 1000),
        { maxLength: 3 },
      ),
      style: styleOf(styles),
      salt: fc.nat(1000),
      subs,
    });
  const still = kinds.filter((kind) => plain.includes(kind));
  const grows = depth === 0 ? [] : kinds.filter((kind) => growing.includes(kind));
  const none = node(still.length === 0 ? ["step"] : still, fc.constant([]));
  if (grows.length === 0) return none;
  const sub = shapeOf(depth - 1, { ...options, maxSteps: 5 });
  const some = node(grows, fc.array(sub, { maxLength: 2, size: "max" }));
  return fc.oneof({ weight: 3, arbitrary: none }, { weight: 2, arbitrary: some });
};

const shapeOf = (depth: number, options: ShapeOptions): fc.Arbitrary<Shape> =>
  fc.record({
    nodes: fc.array(nodeOf(depth, options), { minLength: 1, maxLength: options.maxSteps ?? 20, size: "max" }),
  });

/** Shapes: pipelines as data. */
export const shape = (options: ShapeOptions = {}): fc.Arbitrary<Shape> => {
  const { kinds = ["step"], styles = ["value"] } = options;
  return new Shrinking(shapeOf(options.maxDepth ?? 3, options), {
    kind: kinds.includes("step") ? "step" : kinds[0]!,
    style: styles.includes("value") ? "value" : styles[0]!,
  });
};

/**
 * A random pipeline and the expected behavior of its run.
 *
 * @public
 */
export interface ModelledPipeline {
  /** The shape that it was built from. */
  readonly shape: Shape;
  /** The pipeline to run. */
  readonly pipeline: RandomPipeline;
  /** The expected behavior of its run. */
  readonly model: Model;
}

/** Pipelines with their models. One is printed as its shape. */
export const modelled = (options: ShapeOptions = {}): fc.Arbitrary<ModelledPipeline> =>
  shape(options).map((shape) => ({
    shape,
    pipeline: build(shape),
    model: modelOf(shape),
    [fc.toStringMethod]: () => fc.stringify(shape),
  }));

/** Faults at the steps of a shape. */
export const faults = (shape: Shape): fc.Arbitrary<ReadonlyArray<Fault>> => {
  const paths = Object.keys(modelOf(shape).calls);
  return fc.array(
    fc.record({
      path: fc.constantFrom(...paths),
      attempt: fc.constant(1),
      kind: fc.constantFrom<Fault["kind"]>("delay", "fail", "failAfter", "hang", "interrupt", "crash"),
      millis: fc.nat(100),
    }),
    { maxLength: 3 },
  );
};
