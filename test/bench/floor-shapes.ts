/**
 * Shapes of pipelines and their floor: the same user code with no library. The floor makes the same names, closures,
 * Effects and records, calls the same functions in a plain loop, and does no checking, limiting, cancelling or
 * reporting.
 */
import { pipeline, step } from "espalier";
import * as Effect from "effect/Effect";
import { layered } from "./workloads.ts";

type Inputs = Readonly<Record<string, number>>;
type Run = (inputs: Inputs) => unknown;
/** A step as data: its name, its inputs, and its function. */
type Part = readonly [name: string, reads: ReadonlyArray<string>, run: Run];

export interface Shape {
  readonly key: string;
  readonly title: string;
  /** The number of steps in one run. */
  readonly steps: number;
  /** The maximum time of a run, as a multiple of the floor. */
  readonly target: number;
  readonly library: () => Promise<unknown>;
  readonly floor: () => Promise<unknown>;
}

/** The builder without its types: the shapes are data. */
interface Untyped {
  readonly step: (name: string, reads: ReadonlyArray<string>, run: Run) => Untyped;
  readonly dynamic: (name: string, reads: ReadonlyArray<string>, run: Run) => Untyped;
  readonly addAll: (steps: ReadonlyArray<unknown>) => Untyped;
  readonly returns: (name: string) => Untyped;
  readonly run: (inputs: object, options: object) => Effect.Effect<Record<string, unknown>>;
}

const empty = (name: string): Untyped => pipeline(name) as unknown as Untyped;
const options = { maxDepth: 1_000_000, maxSteps: 100_000_000 };
const running = (built: { readonly run: Untyped["run"] }): (() => Promise<unknown>) => {
  const program = Effect.map(built.run({}, options), (outputs) => Object.values(outputs)[0]);
  return () => Effect.runPromise(program);
};
const range = (count: number): Array<number> => Array.from({ length: count }, (_, i) => i);
const record = (): Record<string, number> => ({ __proto__: null }) as never;

const built = (name: string, parts: ReadonlyArray<Part>): Untyped =>
  parts
    .reduce((before, [step, reads, run]) => before.step(step, reads, run), empty(name))
    .returns(parts.at(-1)![0]);

/** Calls the functions of these steps in order; returns the last value. */
const perform = (parts: ReadonlyArray<Part>): number => {
  const values = record();
  let last = 0;
  for (const [name, reads, run] of parts) {
    const inputs = reads.length === 0 ? {} : record();
    for (const read of reads) (inputs as Record<string, number>)[read] = values[read]!;
    last = run(inputs as Inputs) as number;
    values[name] = last;
  }
  return last;
};

const sum = (inputs: Inputs): number => {
  let total = 0;
  for (const name in inputs) total += inputs[name]!;
  return total;
};

/** A dynamic step that becomes many Effects, and one that reads them by a glob. */
const byGlob = (width: number): Shape => {
  const effects = (): Array<Part> => range(width).map((i) => [`a${i}`, [], () => Effect.sync(() => i)]);
  const expand = (): Untyped =>
    empty("wide")
      .addAll(effects().map(([name, reads, run]) => step(name as never, reads as never, run as never)))
      .step("sum", ["a*"], ((inputs: Readonly<Record<string, Inputs>>) => sum(inputs["a*"]!)) as never)
      .returns("sum");
  const floor = (): Effect.Effect<number> =>
    Effect.suspend(() => {
      const parts = effects();
      const values = record();
      let at = 0;
      const all = Effect.whileLoop({
        while: () => at < parts.length,
        body: () => parts[at]![2]({}) as Effect.Effect<number>,
        step: (value) => {
          values[parts[at++]![0]] = value;
        },
      });
      return Effect.map(all, () => sum(values));
    });
  return {
    key: "dynamic-glob",
    title: `dynamic step → ${width} Effects, read by a glob`,
    steps: width,
    target: 1.4,
    library: running(empty("outer").dynamic("sum", [], expand).returns("sum")),
    floor: () => Effect.runPromise(floor()),
  };
};

const wideParts = (width: number): Array<Part> => {
  const parts: Array<Part> = range(width).map((i) => [`a${i}`, [], () => i]);
  parts.push(["sum", parts.map(([name]) => name), sum]);
  return parts;
};

const byNames = (width: number): Shape => ({
  key: "dynamic-names",
  title: `dynamic step → ${width} values, read by their names`,
  steps: width,
  target: 1.8,
  library: running(
    empty("outer")
      .dynamic("sum", [], () => built("wide", wideParts(width)))
      .returns("sum"),
  ),
  floor: async () => perform([["sum", [], () => perform(wideParts(width))]]),
});

const nested = (depth: number, branching: number): Shape => {
  const parts = (level: number, expand: (level: number) => unknown): Array<Part> => {
    const all: Array<Part> = range(branching).map((i) => [
      `a${level}_${i}`,
      [],
      level === 0 ? () => i : () => expand(level - 1),
    ]);
    all.push([`sum${level}`, all.map(([name]) => name), sum]);
    return all;
  };
  const expand = (level: number, name: string): Untyped => {
    let graph = empty("nested");
    const all = parts(level, (next) => next);
    for (const [i, [part, reads, run]] of all.entries()) {
      if (i === branching) graph = graph.step(name, reads, run);
      else if (level === 0) graph = graph.step(part, reads, run);
      else graph = graph.dynamic(part, reads, () => expand(level - 1, part));
    }
    return graph.returns(name);
  };
  const floor = (level: number): number => perform(parts(level, floor));
  let steps = 0;
  for (let level = 0; level < depth; level++) steps += branching ** level * (branching + 1);
  return {
    key: "nested",
    title: `nested dynamic steps, depth ${depth}, branching ${branching}`,
    steps,
    target: 2.4,
    library: running(
      empty("outer")
        .dynamic("sum", [], () => expand(depth - 1, "sum"))
        .returns("sum"),
    ),
    floor: async () => floor(depth - 1),
  };
};

const three = (item: number): Array<Part> => [
  ["a", [], () => item + 1],
  ["b", ["a"], ({ a }) => a! * 2],
  ["c", ["b"], ({ b }) => b! - item],
];

const total = (values: ReadonlyArray<unknown>): number =>
  values.reduce((a: number, b) => a + (b as number), 0);

const mapOfPipelines = (count: number): Shape => {
  const items = range(count);
  return {
    key: "map-pipelines",
    title: `map of ${count} pipelines of three steps`,
    steps: count * 3,
    target: 5,
    library: running(
      pipeline("outer")
        .step("items", [], () => items)
        .map(
          "each",
          "items",
          [],
          (item) =>
            pipeline("item")
              .step("a", [], () => item + 1)
              .step("b", ["a"], ({ a }) => a * 2)
              .step("each", ["b"], ({ b }) => b - item)
              .returns("each"),
          { output: undefined } as never,
        )
        .step("total", ["each"], ({ each }) => total(each))
        .returns("total") as never,
    ),
    floor: async () => total(items.map((item) => perform(three(item)))),
  };
};

const mapOfSwitches = (count: number): Shape => {
  const items = range(count);
  const on = ({ item }: Inputs): "odd" | "even" => (item! % 2 === 0 ? "even" : "odd");
  const cases = { odd: ({ item }: Inputs) => item! + 1, even: ({ item }: Inputs) => item! * 2 };
  return {
    key: "map-switches",
    title: `map of ${count} switches`,
    steps: count,
    target: 15,
    library: running(
      pipeline("outer")
        .step("items", [], () => items)
        .map("each", "items", [], (item) =>
          pipeline("choice")
            .step("item", [], () => item)
            .switch("each", ["item"], on, cases)
            .returns("each"),
        )
        .step("total", ["each"], ({ each }) => total(each))
        .returns("total") as never,
    ),
    floor: async () =>
      total(
        items.map((item) =>
          perform([
            ["item", [], () => item],
            ["each", ["item"], (inputs) => cases[on(inputs)](inputs)],
          ]),
        ),
      ),
  };
};

const recursion = (turns: number): Shape => {
  const expand = (left: number): Untyped => {
    const begun = empty("turn").step("state", [], () => left - 1);
    return (
      left === 1
        ? begun.step("rest", ["state"], ({ state }) => state)
        : begun.dynamic("rest", ["state"], ({ state }) => expand(state!))
    ).returns("rest");
  };
  return {
    key: "recursion",
    title: `recursion of ${turns} turns`,
    steps: turns * 2,
    target: 10,
    library: running(
      empty("outer")
        .dynamic("rest", [], () => expand(turns))
        .returns("rest"),
    ),
    floor: async () => {
      let left = turns;
      while (left > 0) {
        const before = left;
        left = perform([
          ["state", [], () => before - 1],
          ["rest", ["state"], ({ state }) => state],
        ]);
      }
      return left;
    },
  };
};

const loop = (turns: number): Shape => ({
  key: "loop",
  title: `loop of ${turns} turns, each a pipeline`,
  steps: turns * 2,
  target: 10,
  library: running(
    pipeline("outer")
      .loop(
        "rest",
        [],
        () => turns,
        (left) =>
          pipeline("turn")
            .step("state", [], () => left - 1)
            .step("rest", ["state"], ({ state }) => state)
            .returns("rest"),
        { until: (left) => left === 0, maxTurns: turns },
      )
      .returns("rest") as never,
  ),
  floor: async () => {
    let left = turns;
    while (left > 0) {
      const before = left;
      left = perform([
        ["state", [], () => before - 1],
        ["rest", ["state"], ({ state }) => state],
      ]);
    }
    return left;
  },
});

/** A pipeline that is built once: only its runs are measured. */
const fixed = (key: string, title: string, target: number, parts: ReadonlyArray<Part>): Shape => ({
  key,
  title,
  steps: parts.length,
  target,
  library: running(built(key, parts)),
  floor: async () => perform(parts),
});

const layersOf = (layers: number, width: number): Shape => {
  const { nodes } = layered(layers, width, 3);
  const parts = nodes.map(({ id, deps }): Part => [id, deps.map((at) => nodes[at]!.id), sum]);
  return fixed("layers", `${layers} layers of ${width}, three inputs each`, 1.4, parts);
};

const fan = (width: number): Shape => {
  const parts: Array<Part> = [["first", [], () => 1]];
  for (let i = 0; i < width; i++) parts.push([`a${i}`, ["first"], sum]);
  parts.push(["last", parts.slice(1).map(([name]) => name), sum]);
  return fixed("fan", `1 → ${width} → 1, by names`, 1.8, parts);
};

const chain = (length: number): Shape =>
  fixed(
    "chain",
    `chain of ${length}`,
    1.6,
    range(length).map((i): Part => [`s${i}`, i === 0 ? [] : [`s${i - 1}`], (inputs) => sum(inputs) + 1]),
  );

export const shapes: ReadonlyArray<Shape> = [
  byGlob(1500),
  byNames(1000),
  nested(5, 4),
  mapOfPipelines(10_000),
  mapOfSwitches(5000),
  recursion(1000),
  loop(1000),
  layersOf(50, 40),
  fan(1000),
  chain(1000),
];
