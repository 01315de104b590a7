/**
 * Smaller shapes: first fewer nodes, then less nesting, then fewer edges, then simpler values. By itself, fast-check
 * removes no node from the middle, and never replaces a shape with one nested in it.
 */
import * as fc from "fast-check";
import type { Shape, ShapeNode } from "./shape.ts";

const without = <Item>(items: ReadonlyArray<Item>, index: number): ReadonlyArray<Item> =>
  items.filter((_, i) => i !== index);

const replacing = <Item>(items: ReadonlyArray<Item>, index: number, item: Item): ReadonlyArray<Item> =>
  items.map((other, i) => (i === index ? item : other));

function* fewerNodes({ nodes }: Shape): Iterable<Shape> {
  const { length } = nodes;
  for (let size = length >> 1; size > 1; size >>= 1) {
    for (let from = 0; from < length; from += size) {
      yield { nodes: [...nodes.slice(0, from), ...nodes.slice(from + size)] };
    }
  }
  if (length > 1) for (let i = length - 1; i >= 0; i--) yield { nodes: without(nodes, i) };
}

/** The nested shapes by themselves. */
function* hoisted({ nodes }: Shape): Iterable<Shape> {
  for (const { subs } of nodes) yield* subs;
}

function* shallower(node: ShapeNode): Iterable<ShapeNode> {
  const { subs } = node;
  if (subs.length === 0) return;
  yield { ...node, subs: [] };
  if (subs.length > 1) for (let i = 0; i < subs.length; i++) yield { ...node, subs: without(subs, i) };
}

function* fewerEdges(node: ShapeNode): Iterable<ShapeNode> {
  const { reads } = node;
  if (reads.length > 1) yield { ...node, reads: [] };
  for (let i = 0; i < reads.length; i++) {
    yield { ...node, reads: without(reads, i) };
    if (reads[i] !== 0) yield { ...node, reads: replacing(reads, i, 0) };
  }
}

function* plainer(node: ShapeNode, options: Plainest): Iterable<ShapeNode> {
  const { kind, salt, style } = node;
  if (kind !== options.kind) yield { ...node, kind: options.kind, subs: [] };
  if (style !== options.style) yield { ...node, style: options.style };
  for (const less of new Set([0, salt >> 1, salt - 1]))
    if (less >= 0 && less < salt) yield { ...node, salt: less };
}

/** The simplest form of a node. */
export interface Plainest {
  readonly kind: ShapeNode["kind"];
  readonly style: ShapeNode["style"];
}

function* smaller(shape: Shape, options: Plainest): Iterable<Shape> {
  yield* fewerNodes(shape);
  yield* hoisted(shape);
  const { nodes } = shape;
  const each = function* (change: (node: ShapeNode) => Iterable<ShapeNode>): Iterable<Shape> {
    for (let i = 0; i < nodes.length; i++) {
      for (const node of change(nodes[i]!)) yield { nodes: replacing(nodes, i, node) };
    }
  };
  yield* each(shallower);
  yield* each(function* (node) {
    for (let i = 0; i < node.subs.length; i++) {
      for (const sub of smaller(node.subs[i]!, options))
        yield { ...node, subs: replacing(node.subs, i, sub) };
    }
  });
  yield* each(fewerEdges);
  yield* each((node) => plainer(node, options));
}

const isShape = (value: unknown): value is Shape =>
  typeof value === "object" && value !== null && Array.isArray((value as Partial<Shape>).nodes);

/** Draws shapes from another arbitrary, and shrinks them in its own way. */
export class Shrinking extends fc.Arbitrary<Shape> {
  readonly #shapes: fc.Arbitrary<Shape>;
  readonly #options: Plainest;

  constructor(shapes: fc.Arbitrary<Shape>, options: Plainest) {
    super();
    this.#shapes = shapes;
    this.#options = options;
  }

  override generate(random: fc.Random, biasFactor: number | undefined): fc.Value<Shape> {
    // Without the context of the drawing arbitrary, which is larger than the shape and not needed here.
    return new fc.Value(this.#shapes.generate(random, biasFactor).value_, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Shape {
    return isShape(value);
  }

  override shrink(value: Shape): fc.Stream<fc.Value<Shape>> {
    const options = this.#options;
    const shapes = (function* () {
      for (const shape of smaller(value, options)) yield new fc.Value(shape, undefined);
    })();
    return fc.stream(shapes);
  }
}
