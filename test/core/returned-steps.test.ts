/** A standalone step that is returned where a pipeline can be is an error, since nothing would run it. */
import { dynamic, step } from "espalier";
import { describe, expect, test } from "vitest";
import { rejection, untyped } from "./support.ts";

const one = step("d", [], () => 1);
const start = () => untyped.pipeline("p").step("xs", [], () => [1, 2]);

const returned: ReadonlyArray<readonly [from: string, build: () => any, path: string]> = [
  ["a dynamic step", () => start().dynamic("d", [], () => one), "d"],
  ["a dynamic step, in a list", () => start().dynamic("d", [], () => [one, one]), "d"],
  ["a dynamic step, by a Promise", () => start().dynamic("d", [], async () => one), "d"],
  [
    "a dynamic step with several outputs",
    () => start().dynamic("d", [], () => one, { outputs: ["a", "b"] }),
    "d",
  ],
  ["a dynamic step with all outputs", () => start().dynamic("d", [], () => one, { outputs: "all" }), "d"],
  ["a standalone dynamic step", () => start().add(dynamic("d", [], (() => one) as never)), "d"],
  ["a map", () => start().map("d", "xs", [], () => one), "d[0]"],
  ["a switch", () => start().switch("d", [], () => "a", { a: () => one }), "d"],
  ["a race", () => start().race("d", [], { a: () => one }), "d"],
  [
    "a loop",
    () =>
      start().loop(
        "d",
        [],
        () => 1,
        () => one,
        { until: () => true },
      ),
    "d[0]",
  ],
  [
    "a fallback",
    () => start().dynamic("d", [], () => Promise.reject(new Error("down")), { fallback: () => one }),
    "d",
  ],
];

describe("A standalone step", () => {
  test.each(returned)("cannot be returned from %s", async (_, build, path) => {
    const error = await rejection(build().runPromise({}));
    const found = error._tag === "AllFailed" ? error.errors.a : error;
    expect(found).toMatchObject({ _tag: "ExpansionError" });
    expect(found.path.startsWith(path)).toBe(true);
    expect(found.reason).toBe(
      "A returned standalone step does not run: it would be the output. Return a pipeline with it: pipeline(name).add(step), or addAll for a list.",
    );
  });

  test("can be the value of a plain step, for a dynamic step that adds it", async () => {
    const built = untyped
      .pipeline("p")
      .step("made", [], () => one)
      .dynamic("d", ["made"], ({ made }: any) => untyped.pipeline("q").add(made));
    expect((await built.runPromise({})).d).toBe(1);
  });

  test("does not make an empty list one", async () => {
    expect(
      await start()
        .map("d", "xs", [], () => [])
        .runPromise({}),
    ).toEqual({ xs: [1, 2], d: [[], []] });
  });
});
