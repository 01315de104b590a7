/**
 * The graphs of the benchmark in a neutral form, which each contender translates into its own.
 *
 * Every value is an order-sensitive hash of the inputs, and executions are counted: a library that skips, repeats or
 * miswires steps fails instead of winning.
 */

/** Nodes are in topological order: every dependency comes before its reader. The last one is the result. */
export interface Graph {
  readonly nodes: ReadonlyArray<Node>;
  /** The number of step functions that one run calls, including those of expanded graphs. */
  readonly steps: number;
  /** The maximum number of steps in flight. */
  readonly limit: number | undefined;
}

export interface Node {
  readonly id: string;
  readonly index: number;
  /** The nodes whose values it reads, in order. */
  readonly deps: ReadonlyArray<number>;
  /** Milliseconds to wait before the value; 0 for most. */
  readonly sleep: number;
  /** A dynamic step: its value is that of the last node of this graph. */
  readonly expand: (() => Graph) | undefined;
}

export const counter = { executed: 0 };

/** The value of a step. */
export const compute = (node: Node, inputs: ReadonlyArray<number>): number => {
  counter.executed++;
  let hash = node.index + 1;
  for (const input of inputs) hash = (Math.imul(hash, 31) + input) | 0;
  return hash;
};

/** The graph that a dynamic step returns. */
export const expansion = (node: Node): Graph => {
  counter.executed++;
  return node.expand!();
};

interface NodeOptions {
  readonly sleep?: number;
  readonly expand?: () => Graph;
}

/** `prefix` keeps the names of a graph apart from those of the graphs that it is expanded into. */
const node = (
  prefix: string,
  index: number,
  deps: ReadonlyArray<number>,
  options: NodeOptions = {},
): Node => ({
  id: `${prefix}${index}`,
  index,
  deps,
  sleep: options.sleep ?? 0,
  expand: options.expand,
});

const graph = (
  nodes: ReadonlyArray<Node>,
  { steps = nodes.length, limit }: { readonly steps?: number; readonly limit?: number | undefined } = {},
): Graph => ({ nodes, steps, limit });

const range = (count: number): Array<number> => Array.from({ length: count }, (_, i) => i);

export const chain = (length: number, sleep = 0): Graph =>
  graph(range(length).map((i) => node("s", i, i === 0 ? [] : [i - 1], { sleep })));

/** 1 → width → 1. */
export const fan = (width: number, sleep = 0, limit?: number): Graph => {
  const nodes = [node("s", 0, [])];
  for (let i = 1; i <= width; i++) nodes.push(node("s", i, [0], { sleep }));
  nodes.push(
    node(
      "s",
      width + 1,
      range(width).map((i) => i + 1),
    ),
  );
  return graph(nodes, { limit });
};

/** Mulberry32, a small seeded generator: every contender must see the same graph. */
const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Each step reads `reads` steps of the previous layer. The last one reads the outputs that no other step reads. */
export const layered = (layers: number, width: number, reads: number, sleep = 0): Graph => {
  const random = seeded(42);
  const nodes: Array<Node> = [];
  for (let layer = 0; layer < layers; layer++) {
    for (let i = 0; i < width; i++) {
      const picked = new Set<number>();
      const most = layer === 0 ? 0 : Math.min(reads, width);
      while (picked.size < most) {
        picked.add((layer - 1) * width + Math.floor(random() * width));
      }
      nodes.push(node("s", nodes.length, [...picked], { sleep }));
    }
  }
  const read = new Set(nodes.flatMap(({ deps }) => deps));
  const unread = range(nodes.length).filter((index) => !read.has(index));
  return graph([...nodes, node("s", nodes.length, unread)]);
};

/** Each step reads the ones above it and to its left. */
export const lattice = (side: number): Graph => {
  const nodes: Array<Node> = [];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const deps: Array<number> = [];
      if (row > 0) deps.push((row - 1) * side + column);
      if (column > 0) deps.push(row * side + column - 1);
      nodes.push(node("s", nodes.length, deps));
    }
  }
  return graph(nodes);
};

const fanIn = (prefix: string, width: number): Graph =>
  graph([...range(width).map((i) => node(prefix, i, [])), node(prefix, width, range(width))]);

const expanding = (inner: Graph): Graph =>
  graph([node("s", 0, []), node("s", 1, [0], { expand: () => inner }), node("s", 2, [1])], {
    steps: 3 + inner.steps,
  });

/** A dynamic step that expands to `width` steps and one that reads them all. */
export const dynamic = (width: number): Graph => expanding(fanIn("a", width));

/** Dynamic steps, `branching` in each graph, `depth` deep. */
export const nested = (depth: number, branching: number): Graph => {
  let inner = fanIn("a", branching);
  for (let level = 1; level < depth; level++) {
    const next = inner;
    const prefix = String.fromCodePoint(97 + (level % 26));
    const nodes = range(branching).map((i) => node(prefix, i, [], { expand: () => next }));
    inner = graph([...nodes, node(prefix, branching, range(branching))], {
      steps: branching + 1 + branching * next.steps,
    });
  }
  return expanding(inner);
};

/** The result of a correct run, computed without any library. Increments the counter as a run does. */
export const evaluate = ({ nodes }: Graph): number => {
  const values: Array<number> = [];
  for (const next of nodes) {
    const inputs = next.deps.map((index) => values[index]!);
    values.push(next.expand === undefined ? compute(next, inputs) : evaluate(expansion(next)));
  }
  return values.at(-1)!;
};

const longestPath = ({ nodes }: Graph): number => {
  const lengths: Array<number> = [];
  for (const { sleep, deps } of nodes) {
    lengths.push(deps.reduce((longest, index) => Math.max(longest, lengths[index]!), 0) + sleep);
  }
  return lengths.at(-1)!;
};

export interface Workload {
  readonly key: string;
  readonly title: string;
  readonly build: () => Graph;
  /** The least time that the sleeping steps take, in milliseconds; undefined if none sleeps. */
  readonly ideal: ((graph: Graph) => number) | undefined;
}

const workload = (key: string, title: string, build: () => Graph): Workload => ({
  key,
  title,
  build,
  ideal: undefined,
});

export const workloads: ReadonlyArray<Workload> = [
  workload("chain", "chain of 1,000", () => chain(1000)),
  workload("fan-1k", "1 → 1,000 → 1", () => fan(1000)),
  workload("fan-10k", "1 → 10,000 → 1", () => fan(10_000)),
  workload("layers", "50 layers of 40, three inputs each", () => layered(50, 40, 3)),
  workload("dynamic", "dynamic step → 1,000 + reduce", () => dynamic(1000)),
  workload("nested", "nested dynamic, depth 5, branching 4", () => nested(5, 4)),
  workload("lattice", "lattice 30 × 30", () => lattice(30)),
  {
    ...workload("sleeps", "2,000 sleeps of 1 ms, 16 at once", () => fan(2000, 1, 16)),
    ideal: ({ nodes, limit }) => (nodes.length - 2) / limit!,
  },
  {
    ...workload("sleeping-chain", "chain of 100 sleeps of 1 ms", () => chain(100, 1)),
    ideal: longestPath,
  },
  {
    ...workload("sleeping-fan", "1 → 1,000 → 1, sleeps of 1 ms", () => fan(1000, 1)),
    ideal: longestPath,
  },
];
