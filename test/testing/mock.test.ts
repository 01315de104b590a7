/** Steps replaced by others of the same type, and graphs that are inspected without running. */
import * as Effect from "effect/Effect";
import { dynamic, pipeline, step, type } from "espalier";
import type { Mock } from "espalier/testing";
import { checkDynamic, expectShape, mock, mocks, ShapeMismatch } from "espalier/testing";
import * as fc from "fast-check";
import { expect, test } from "vitest";

let calls = 0;
const price = step("price", ["item"], ({ item }: { item: string }) => {
  calls++;
  return item.length;
});
const parts = step("parts", [], () => ({ left: 1, right: "r" }), { outputs: ["left", "right"] });

const total = dynamic("total", ["item", "count"], ({ count }: { item: string; count: number }) =>
  pipeline("sum")
    .input("item", type<string>())
    .add(price)
    .step("total", ["price"], ({ price }) => price * count),
);

test("a mock replaces its step in a pipeline and in its expansions", async () => {
  const host = pipeline("host")
    .step("item", [], () => "abc")
    .step("count", [], () => 2)
    .add(total)
    .add(parts);
  const mocked = mocks(host, [
    mock(price, ({ item }) => item.length * 100),
    mock(parts, () => ({ left: 5, right: "x" })),
  ]);
  expect(await mocked.runPromise()).toMatchObject({ total: 600, left: 5, right: "x" });
  expect(await host.runPromise()).toMatchObject({ total: 6, left: 1 });
  expect(calls).toBe(1);
});

test("a mock returns its value directly, as a Promise or as an Effect", async () => {
  const host = pipeline("host")
    .step("item", [], () => "abc")
    .add(price);
  const given = async (all: ReadonlyArray<Mock>) => (await mocks(host, all).runPromise()).price;
  expect(await given([mock(price, () => 7)])).toBe(7);
  expect(await given([mock(price, async () => 7)])).toBe(7);
  expect(await given([mock(price, () => Effect.succeed(7))])).toBe(7);
});

test("a mock of the wrong type does not compile", () => {
  // @ts-expect-error it gives a number
  mock(price, () => Effect.succeed("three"));
  // @ts-expect-error it gives a number
  mock(price, () => "three");
  // @ts-expect-error it reads "item" only
  mock(price, ({ count }: { count: number }) => count);
  // @ts-expect-error both outputs, each of its type
  mock(parts, () => ({ left: 1 }));
  expect(() => mock({} as never, (() => 1) as never)).toThrow(/takes a standalone step/);
});

test("a check runs the mocks instead of the steps", async () => {
  calls = 0;
  const input = fc.record({ item: fc.string(), count: fc.nat() });
  await checkDynamic(total, { input, mocks: [mock(price, () => 3)], runs: 10, interleavings: 3 });
  expect(calls).toBe(0);
});

test("a direct call returns the typed graph and runs nothing", () => {
  calls = 0;
  const sub = total.expand({ item: "x", count: 1 });
  expectShape(sub)
    .toHaveSteps("price", "total")
    .toExpose("total", "price")
    .toDependOn("total", "price")
    .toDependOn("price", "item");
  expect(calls).toBe(0);
  // @ts-expect-error there is no such output
  expect(() => expectShape(sub).toExpose("sum")).toThrow(ShapeMismatch);
});

test("a wrong expectation is reported with the graph", () => {
  const sub = total.expand({ item: "x", count: 1 });
  expect(() => expectShape(sub).toHaveSteps("price", "sum")).toThrow(/lacks "sum", and it also has "total"/);
  expect(() => expectShape(sub).toDependOn("price", "total")).toThrow(/it reads from "item"[^]*✗ ├─ price/);
  expect(() => expectShape(sub).toDependOn("none")).toThrow(/a step "none"/);
  expect(() => expectShape(3)).toThrow(/takes a pipeline; got 3/);
});
