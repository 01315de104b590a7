/** Every function of a step is called in one place, and middleware sees every call. */
import { globSync, readFileSync } from "node:fs";
import * as Effect from "effect/Effect";
import { pipeline, type } from "espalier";
import { expect, test } from "vitest";
import type { StepCall } from "../../src/engine/executor.ts";
import { expandable } from "../../src/engine/graph.ts";
import { runGraph } from "../../src/run/run.ts";
import { withMiddleware } from "../../src/testing/instrument.ts";

const whole = pipeline("whole")
  .input("n", type<number>())
  .step("items", ["n"], ({ n }) => Array.from({ length: n }, (_, i) => i), { timeout: "1 minute" })
  .map("squares", "items", ["n"], (item) => pipeline("square").step("squares", [], () => item * item))
  .switch("size", ["n"], ({ n }): "small" | "large" => (n < 3 ? "small" : "large"), {
    small: () => "few",
    large: () => "many",
  })
  .dynamic("grown", ["n"], ({ n }) => pipeline("inner").step("grown", [], async () => n + 1))
  .step("last", ["grown"], ({ grown }) => Effect.succeed(grown));

test("Middleware sees every call of every phase, including those within expansions", async () => {
  const calls: Array<StepCall> = [];
  const graph = withMiddleware(expandable(whole)!, (next) => (call) => {
    calls.push(call);
    return next(call);
  });
  const outputs = await Effect.runPromise(runGraph(graph, { n: 2 }, {}));
  expect(outputs).toMatchObject({ squares: [0, 1], size: "few", grown: 3, last: 3 });
  const seen = calls.map(({ path, phase, attempt }) => `${path} ${phase} ${attempt}`);
  expect(seen.toSorted()).toEqual([
    "grown expand 1",
    "grown/grown run 1",
    "items run 1",
    "last run 1",
    "size case 1",
    "size choose 1",
    "squares[0] each 1",
    "squares[0]/squares run 1",
    "squares[1] each 1",
    "squares[1]/squares run 1",
  ]);
  const item = calls.find(({ path }) => path === "squares[1]")!;
  expect(item).toMatchObject({ item: 1, inputs: { n: 2 }, definition: { name: "squares" } });
  expect(item.context.path).toBe("squares[1]");
  expect(calls.find(({ phase }) => phase === "case")!.choice).toBe("small");
});

test("Middleware can change the arguments and the result of a call, the outer one last", async () => {
  const inner = withMiddleware(expandable(whole)!, (next) => (call) => {
    if (call.phase !== "each") return next(call);
    return next({ ...call, item: (call.item as number) + 10 });
  });
  const graph = withMiddleware(inner, (next) => (call) => {
    const value = next(call);
    return call.path === "items" ? [...(value as Array<number>), 7] : value;
  });
  const outputs = await Effect.runPromise(runGraph(graph, { n: 1 }, {}));
  expect(outputs["squares"]).toEqual([100, 289]);
});

test("Each attempt of a step is a separate call", async () => {
  const retried = pipeline("retried").step("value", [], (_, { attempt }) => attempt, {
    retry: { times: 3 },
  });
  const attempts: Array<number> = [];
  const graph = withMiddleware(expandable(retried)!, (next) => (call) => {
    attempts.push(call.attempt);
    return call.attempt < 3 ? Effect.fail("not yet") : next(call);
  });
  expect(await Effect.runPromise(runGraph(graph, {}, {}))).toEqual({ value: 3 });
  expect(attempts).toEqual([1, 2, 3]);
});

test("Only the executor calls a user's function", () => {
  const callsOne = /\bdefinition\.call\(|\bcases!?\[[^\]]*\]!?\(|\bcall\(inputs, context\)/;
  const found = globSync("src/**/*.ts").filter((file) => callsOne.test(readFileSync(file, "utf8")));
  // `dynamic(…).expand` calls the function that it was created with, outside any run.
  expect(found.toSorted()).toEqual(["src/engine/executor.ts", "src/graph/steps.ts"]);
});
