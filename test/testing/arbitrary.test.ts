/** Random pipelines: their contents, their shrinking, and the quality of their model. */
import { isDeepStrictEqual } from "node:util";
import type { Fault, Shape, ShapeNode } from "espalier/testing";
import { arbitrary, Simulation } from "espalier/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { build } from "../../src/testing/arbitrary/build.ts";
import { modelOf } from "../../src/testing/arbitrary/interpret.ts";

const seed = 11;

const nodesOf = ({ nodes }: Shape): ReadonlyArray<ShapeNode> =>
  nodes.flatMap((node) => [node, ...node.subs.flatMap(nodesOf)]);

const depthOf = ({ nodes }: Shape): number =>
  Math.max(0, ...nodes.flatMap((node) => node.subs.map((sub) => 1 + depthOf(sub))));

/** The smallest value of an arbitrary for which a predicate holds. */
const smallest = <Value>(values: fc.Arbitrary<Value>, isSo: (value: Value) => boolean): Value => {
  const { counterexample } = fc.check(
    fc.property(values, (value) => !isSo(value)),
    { seed, numRuns: 10_000 },
  );
  return counterexample![0];
};

describe("a random shape", () => {
  const sample = fc.sample(arbitrary.shape(), { seed, numRuns: 300 });

  test("has every kind and every style", () => {
    const nodes = sample.flatMap(nodesOf);
    expect([...new Set(nodes.map(({ kind }) => kind))].toSorted()).toEqual(
      [
        "step",
        "pair",
        "list",
        "map",
        "switch",
        "dynamic",
        "loop",
        "race",
        "when",
        "enough",
        "finally",
        "sleep",
      ].toSorted(),
    );
    expect([...new Set(nodes.map(({ style }) => style))].toSorted()).toEqual(
      ["value", "promise", "effect", "sleeping effect"].toSorted(),
    );
  });

  test("nests three levels deep, but no deeper than maxDepth", () => {
    expect(Math.max(...sample.map(depthOf))).toBe(3);
    const flat = fc.sample(arbitrary.shape({ maxDepth: 0 }), { seed, numRuns: 100 });
    expect(Math.max(...flat.map(depthOf))).toBe(0);
  });

  test("has at most maxSteps steps", () => {
    const small = fc.sample(arbitrary.shape({ maxSteps: 4 }), { seed, numRuns: 300 });
    expect(Math.max(...small.map(({ nodes }) => nodes.length))).toBe(4);
  });

  test("has only the requested kinds and styles", () => {
    const options = { kinds: ["step", "dynamic"], styles: ["promise"] } as const;
    const nodes = fc.sample(arbitrary.shape(options), { seed, numRuns: 100 }).flatMap(nodesOf);
    expect(new Set(nodes.map(({ kind }) => kind))).toEqual(new Set(["step", "dynamic"]));
    expect(new Set(nodes.map(({ style }) => style))).toEqual(new Set(["promise"]));
  });

  test("always builds: the builder refuses none of them, nor any of their shrunk forms", () => {
    fc.assert(
      fc.property(arbitrary.shape(), (shape) => {
        const others = { when: 2, enough: 1, finally: 1, sleep: 1 } as Readonly<Record<string, number>>;
        const expected = shape.nodes.reduce((sum, { kind }) => sum + 1 + (others[kind] ?? 0), 0);
        expect(build(shape).plan().steps).toHaveLength(expected);
      }),
      { seed, numRuns: 300 },
    );
  });

  test("shrinks to one step if a pipeline of one step is enough", () => {
    expect(smallest(arbitrary.shape(), () => true)).toEqual({
      nodes: [{ kind: "step", reads: [], style: "value", salt: 0, subs: [] }],
    });
  });

  test("shrinks to a single expansion", () => {
    const found = smallest(arbitrary.shape(), (shape) =>
      nodesOf(shape).some(({ kind }) => kind === "dynamic"),
    );
    expect(nodesOf(found).map(({ kind }) => kind)).toEqual(["dynamic"]);
  });

  test("shrinks a nested expansion to a chain of two", () => {
    const isNested = ({ nodes }: Shape) =>
      nodes.some(({ subs }) => subs.some((sub) => sub.nodes.some(({ kind }) => kind === "switch")));
    expect(nodesOf(smallest(arbitrary.shape(), isNested))).toHaveLength(2);
  });
});

describe("a random pipeline", () => {
  test("comes with the outputs that its run must have", async () => {
    const property = fc.asyncProperty(arbitrary.pipeline({ maxSteps: 8 }), async ({ model, pipeline }) =>
      isDeepStrictEqual({ ...(await pipeline.runPromise()) }, model.outputs),
    );
    await expect(fc.assert(property, { seed, numRuns: 50 })).resolves.toBeUndefined();
  });

  test("is printed as its shape", () => {
    const [found] = fc.sample(arbitrary.pipeline({ maxSteps: 2 }), { seed, numRuns: 1 });
    expect(fc.stringify(found)).toBe(fc.stringify(found!.shape));
  });

  test("has a model that no other wiring matches", () => {
    const node = (kind: ShapeNode["kind"], reads: ReadonlyArray<number>): ShapeNode => ({
      kind,
      reads,
      style: "value",
      salt: 1,
      subs: [],
    });
    const reading = (read: number): Shape => ({
      nodes: [node("step", []), { ...node("step", []), salt: 2 }, node("step", [read])],
    });
    expect(modelOf(reading(0)).outputs).not.toEqual(modelOf(reading(0.9)).outputs);
  });
});

describe("a random schedule", () => {
  test("shrinks to first-in, first-out", () => {
    expect(smallest(arbitrary.schedule(), () => true)).toEqual({ picks: [] });
  });
});

describe("random faults", () => {
  const shape: Shape = {
    nodes: [
      { kind: "list", reads: [], style: "value", salt: 3, subs: [] },
      { kind: "map", reads: [], style: "value", salt: 2, subs: [] },
      { kind: "step", reads: [0.9], style: "sleeping effect", salt: 0, subs: [] },
    ],
  };

  test("are at existing steps, of every kind", () => {
    const faults = fc.sample(arbitrary.faults(shape), { seed, numRuns: 300 }).flat();
    const paths = new Set(Object.keys(modelOf(shape).calls));
    expect(faults.every(({ path }) => paths.has(path))).toBe(true);
    const kinds: ReadonlyArray<Fault["kind"]> = ["crash", "delay", "fail", "failAfter", "hang", "interrupt"];
    expect([...new Set(faults.map(({ kind }) => kind))].toSorted()).toEqual(kinds);
  });

  test("shrink to none", () => {
    expect(smallest(arbitrary.faults(shape), () => true)).toEqual([]);
  });

  test("that only delay change nothing but the time", async () => {
    const property = fc.asyncProperty(arbitrary.faults(shape), async (faults) => {
      const delays = faults.map((fault) => ({ ...fault, kind: "delay" }) as const);
      const { exit } = await Simulation.run(build(shape), {}, { faults: delays });
      return exit?._tag === "Success" && isDeepStrictEqual({ ...exit.value }, modelOf(shape).outputs);
    });
    await expect(fc.assert(property, { seed, numRuns: 50 })).resolves.toBeUndefined();
  });
});
