import { GraphError, pipeline, step, type } from "espalier";
import { describe, expect, test } from "vitest";
import { thrown, untyped } from "./support.ts";

const refused: ReadonlyArray<readonly [name: unknown, says: RegExp]> = [
  ["", /empty/],
  ["a/b", /must not contain \/ \[ \] \*/],
  ["a[0]", /must not contain \/ \[ \] \*/],
  ["a]", /must not contain \/ \[ \] \*/],
  ["a*", /must not contain \/ \[ \] \*/],
  ["a\nb", /control character/],
  ["a\u0000", /control character/],
  ["a\u0085", /control character/],
  ["__proto__", /reserved/],
  ["a?", /must not end with "\?"/],
  ["\ud800", /well-formed/],
  ["x".repeat(257), /at most 256/],
  [undefined, /string/],
  [1, /string/],
  [Symbol("a"), /string/],
  [Object.create(null), /string/],
];

const ordinary = [
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "prototype",
  "then",
  "length",
  "0",
  "-1",
  "name with spaces",
  "Beak Length (mm)",
  "日本語",
  "ñ",
  "😀",
  "\u202eright to left",
  '<b onclick="x">',
  "'; DROP TABLE",
  "x".repeat(256),
  "__defineGetter__",
];

describe("A refused name", () => {
  test.each(refused)("%o", (name, says) => {
    const ways = [
      () => untyped.pipeline(name),
      () => untyped.pipeline("p").input(name, type()),
      () => untyped.pipeline("p").step(name, [], () => 1),
      () => untyped.pipeline("p").step("ok", [], () => 1, { outputs: [name] }),
      () => untyped.pipeline("p").step("ok", [], () => 1, { outputs: ["x", name] }),
      () => untyped.pipeline("p").dynamic(name, [], () => 1),
      () => untyped.pipeline("p").dynamic(name, [], () => 1, { outputs: "all" }),
      () => untyped.pipeline("p").switch(name, [], () => "a", { a: () => 1 }),
      () => untyped.pipeline("p").add(untyped.step(name, [], () => 1)),
      () => untyped.pipeline("p").addAll([untyped.step(name, [], () => 1)]),
      () => untyped.pipelineOf("p", [untyped.step(name, [], () => 1)]),
      () => untyped.pipelineOf(name, []),
    ];
    for (const way of ways) {
      const error = thrown(way);
      expect(error).toBeInstanceOf(GraphError);
      expect(error.reason).toMatch(says);
    }
  });
});

describe("An ordinary name", () => {
  test.each(ordinary)("%s", async (name) => {
    const p = untyped
      .pipeline(name)
      .step(name, [], () => 1)
      .step("reader", [name], (inputs: any) => inputs[name] + 1)
      .dynamic("grown", [name], (inputs: any) => pipeline("sub").step("grown", [], () => inputs[name]))
      .step("family", ["*"], (inputs: any) => Object.keys(inputs["*"]));
    const outputs = await p.runPromise({});
    expect(Object.hasOwn(outputs, name)).toBe(true);
    expect(outputs[name]).toBe(1);
    expect(outputs.reader).toBe(2);
    expect(outputs.grown).toBe(1);
    expect(new Set(outputs.family)).toEqual(new Set([name, "reader", "grown"]));
  });
  test.each(ordinary)("%s as an input", async (name) => {
    const p = untyped
      .pipeline("p")
      .input(name, type())
      .step("reader", [name], (inputs: any) => inputs[name]);
    expect((await p.runPromise({ [name]: 7 })).reader).toBe(7);
    const error = await p.runPromise({}).catch((error: unknown) => error);
    expect(error._tag).toBe("InvalidInput");
  });
  test.each(ordinary)('%s as one of several outputs, and from an "all" step', async (name) => {
    const p = untyped
      .pipeline("p")
      .step("two", [], () => ({ [name]: 1, other: 2 }), { outputs: [name, "other"] })
      .step("reader", [name], (inputs: any) => inputs[name]);
    expect((await p.runPromise({})).reader).toBe(1);
    const late = untyped
      .pipeline("p")
      .dynamic("open", [], () => ({ [name]: 1 }), { outputs: "all" })
      .step("reader", [name], (inputs: any) => inputs[name]);
    expect((await late.runPromise({})).reader).toBe(1);
  });
  test.each(ordinary)("%s as a case of a switch", async (name) => {
    const p = untyped.pipeline("p").switch("s", [], () => name, { [name]: () => 5 });
    expect((await p.runPromise({})).s).toBe(5);
  });
});

test("a property that every object has is not an output", () => {
  for (const name of ["constructor", "toString", "hasOwnProperty", "__proto__"]) {
    expect(thrown(() => untyped.pipeline("p").step("x", [name], () => 1))).toBeInstanceOf(GraphError);
    expect(thrown(() => untyped.pipeline("p").returns(name))).toBeInstanceOf(GraphError);
  }
});

test("a case that every object has is not a case", async () => {
  const p = untyped.pipeline("p").switch("s", [], () => "toString", { a: () => 5 });
  await expect(p.runPromise({})).rejects.toMatchObject({ _tag: "ExpansionError", path: "s" });
});

test('an "all" step cannot provide __proto__, and the prototype of nothing changes', async () => {
  const p = untyped.pipeline("p").dynamic("open", [], () => JSON.parse('{"__proto__": {"polluted": 1}}'), {
    outputs: "all",
  });
  await expect(p.runPromise({})).rejects.toMatchObject({ _tag: "ExpansionError", path: "open" });
  expect(({} as any).polluted).toBeUndefined();
});

describe("A glob", () => {
  const p = pipeline("p")
    .step("feat_a", [], () => 1)
    .step("feat_b", [], () => 2)
    .step("other", [], () => 3);
  test("reads a family as a record by name", async () => {
    const read = p.step("all", ["feat_*"], (inputs) => inputs["feat_*"]);
    expect((await read.runPromise({})).all).toEqual({ feat_a: 1, feat_b: 2 });
  });
  test("can appear next to other inputs and other globs", async () => {
    const read = untyped
      .pipeline("p")
      .addAll([step("a_x", [], () => 1), step("a_y", [], () => 2), step("b_x", [], () => 3)])
      .step("all", ["a_*", "*_x", "b_x", "*"], (inputs: unknown) => inputs);
    expect((await read.runPromise({})).all).toEqual({
      "a_*": { a_x: 1, a_y: 2 },
      "*_x": { a_x: 1, b_x: 3 },
      b_x: 3,
      "*": { a_x: 1, a_y: 2, b_x: 3 },
    });
  });
  test("matches the members that exist when the step is added", async () => {
    const read = p
      .step("all", ["feat_*"], (inputs) => Object.keys(inputs["feat_*"]))
      .step("feat_c", [], () => 4);
    expect((await read.runPromise({})).all).toEqual(["feat_a", "feat_b"]);
  });
  test.each([
    ["a*c", ["ac", "abc", "abbc"], ["a", "c", "abcd"]],
    ["a*b*c", ["abc", "axbxc", "abbc"], ["ac", "abcx"]],
    ["*a", ["a", "xa"], ["ax"]],
    ["**", ["a", "b"], []],
    ["aa*aa", ["aaaa", "aabaa"], ["aaa", "aa"]],
    ["a.c*", ["a.cd"], ["abcd"]],
    ["x*y*x", ["xyx", "xayax"], ["xx", "xy"]],
  ])("%s matches the expected names", async (glob, matching, others) => {
    let built = untyped.pipeline("p");
    for (const name of [...matching, ...others]) built = built.step(name, [], () => 1);
    const read = built.step("found", [glob], (inputs: any) => Object.keys(inputs[glob]));
    expect((await read.runPromise({})).found).toEqual(matching);
  });
  test("takes time in proportion to the names, for any pattern", () => {
    let built = untyped.pipeline("p");
    for (let i = 0; i < 1000; i++) built = built.step(`${"a".repeat(200)}${i}`, [], () => 1);
    const glob = `${"a*".repeat(100)}b`;
    expect(thrown(() => built.step("x", [glob], () => 1)).reason).toMatch(/matches no output/);
  });
});
