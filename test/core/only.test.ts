/** `.only` reduces a pipeline to the steps that some of its outputs need. */
import type { Pipeline } from "espalier";
import { GraphError, pipeline, step, type } from "espalier";
import { describe, expect, test } from "vitest";

const calls: Array<string> = [];
const called = <T>(name: string, value: T): T => {
  calls.push(name);
  return value;
};

const whole = pipeline("whole")
  .input("seed", type<number>())
  .step("a", ["seed"], ({ seed }) => called("a", seed + 1))
  .step("b", ["seed"], ({ seed }) => called("b", seed + 2))
  .step("items", ["a"], ({ a }) => called("items", [a, a]))
  .map("mapped", "items", ["b"], (item, { b }) => called("mapped", item + b))
  .step("feat_x", ["a"], ({ a }) => called("feat_x", a))
  .step("feat_y", ["b"], ({ b }) => called("feat_y", b))
  .step("family", ["feat_*"], (found) => called("family", Object.values(found["feat_*"]).length))
  .step("rest", ["mapped"], () => called("rest", "rest"));

const pathsOf = (p: { plan(): { steps: ReadonlyArray<{ path: string }> } }) =>
  p.plan().steps.map(({ path }) => path);

describe("A pipeline that is reduced by only", () => {
  test("runs the steps that the outputs need, and no others", async () => {
    calls.length = 0;
    expect(await whole.only("mapped").runPromise({ seed: 1 })).toEqual({ mapped: [5, 5] });
    expect(calls.toSorted()).toEqual(["a", "b", "items", "mapped", "mapped"]);
  });

  test("has all that a map, a glob and several names need in its plan, with the same paths", () => {
    expect(pathsOf(whole.only("b"))).toEqual(["b"]);
    expect(pathsOf(whole.only("family"))).toEqual(["a", "b", "feat_x", "feat_y", "family"]);
    expect(pathsOf(whole.only("feat_y", "feat_x"))).toEqual(["a", "b", "feat_x", "feat_y"]);
    expect(whole.only("feat_y", "feat_x").plan().returns).toEqual(["feat_y", "feat_x"]);
  });

  test("keeps its inputs, and can return one by name", async () => {
    expect(whole.only("b").plan().inputs).toEqual([{ name: "seed" }]);
    expect(await whole.only("seed").runPromise({ seed: 1 })).toEqual({ seed: 1 });
  });

  test("is a new value that can be extended, and the original stays unchanged", async () => {
    const more = whole
      .only("a")
      .step("b2", ["a"], ({ a }) => a * 10)
      .step("rest", ["b2"], ({ b2 }) => b2);
    expect(await more.runPromise({ seed: 1 })).toEqual({ a: 2, b2: 20, rest: 20 });
    expect(pathsOf(whole)).toHaveLength(8);
  });

  test("keeps the needed steps of an added pipeline, and frees the names of the others", async () => {
    const inner = pipeline("inner")
      .input("a", type<number>())
      .step("hidden", ["a"], ({ a }) => a + 1)
      .step("shown", ["hidden"], ({ hidden }) => hidden + 1)
      .returns("shown");
    const host = pipeline("host")
      .step("a", [], () => 1)
      .add(inner)
      .step("b", [], () => 2);
    expect(pathsOf(host.only("shown"))).toEqual(["a", "inner/hidden", "shown"]);
    expect(await host.only("shown").runPromise()).toEqual({ shown: 3 });
    const again = host
      .only("b")
      .step("a", [], () => 5)
      .add(inner);
    expect(await again.only("shown").runPromise()).toEqual({ shown: 7 });
    expect(() => (host.only("shown") as any).step("inner", [], () => 0)).toThrow(GraphError);
  });

  test("keeps a dynamic step whose outputs are known only in the run, if it may provide one of them", async () => {
    const open = pipeline("open")
      .step("unused", [], () => 0)
      .dynamic("grow", [], () => pipeline("inner").step("x", [], () => 1), { outputs: "all" })
      .step("y", ["x"], ({ x }) => x + 1);
    expect(await open.only("y").runPromise()).toEqual({ y: 2 });
    expect(pathsOf(open.only("y"))).toEqual(["grow", "y"]);
    expect(await open.only("x").runPromise()).toEqual({ x: 1 });
  });

  test("has the type of the outputs that it returns, and an unknown name does not compile", () => {
    const kept: Pipeline<{ seed: number }, { mapped: ReadonlyArray<number> }, never, never> =
      whole.only("mapped");
    expect(kept.name).toBe("whole");
    // @ts-expect-error: only cannot keep 'mappd', because nothing provides it.
    expect(() => whole.only("mappd")).toThrow(GraphError);
    // @ts-expect-error: it needs at least one name.
    expect(() => whole.only()).toThrow(GraphError);
  });

  test("can need one step of 10,000", () => {
    const many: any = pipeline("many");
    const steps = Array.from({ length: 10_000 }, (_, i) => (step as any)(`s${i}`, [], () => i));
    expect(pathsOf(many.addAll(steps).only("s9999"))).toEqual(["s9999"]);
  });

  test.each([
    [
      "a name that nothing provides",
      ["mappd"],
      'only cannot keep "mappd", because nothing provides it',
      'mean "mapped"?',
    ],
    ["no name", [], 'Pipeline "whole": only must be given at least one name; provided before it: "seed"', ""],
    ["an array of names", [["a"]], 'Pipeline "whole": only takes names; got an array.', 'only("a", "b")'],
    ["undefined", [undefined], 'Pipeline "whole": only takes names; got undefined.', ""],
  ])("refuses %s", (_, names, sentence, more) => {
    const build = () => (whole as any).only(...names);
    expect(build).toThrow(GraphError);
    expect(build).toThrow(sentence);
    expect(build).toThrow(more);
  });
});
