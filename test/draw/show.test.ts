import * as Data from "effect/Data";
import * as fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import type { Shown } from "../../src/draw/page/data.ts";
import { errorChain } from "../../src/draw/report/error-chain.ts";
import { entriesOf, show } from "../../src/draw/report/shown-value.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** Fails the test when any of its code is run. */
const trap = (): never => {
  throw new Error("a user's code was run");
};
let ran = 0;
const count = (): string => {
  ran++;
  return "ran";
};

class Thing {
  readonly name = "thing";
  get costly(): string {
    return count();
  }
  toString(): string {
    return count();
  }
  toJSON(): string {
    return count();
  }
  [Symbol.toPrimitive](): string {
    return count();
  }
  get [Symbol.toStringTag](): string {
    return count();
  }
}

const everyTrap: ProxyHandler<object> = Object.fromEntries(
  Object.getOwnPropertyNames(Reflect).map((name) => [name, count]),
);

test("each kind of value is shown as such", () => {
  const cyclic: Record<string, unknown> = { a: 1 };
  cyclic["self"] = cyclic;
  const shown = (value: unknown): string => {
    const said = show(value);
    return typeof said === "string" ? said : said.is;
  };
  expect(shown('a\n\u202e"b')).toBe('"a\\n\\u202e\\"b"');
  expect(shown(-0)).toBe("-0");
  expect(shown(Number.NaN)).toBe("NaN");
  expect(shown(12n)).toBe("12n");
  expect(shown(2n ** 100_000n)).toBe("a bigint of more than 256 bits");
  expect(shown(undefined)).toBe("undefined");
  expect(shown(null)).toBe("null");
  expect(shown(Symbol("s"))).toBe("Symbol(s)");
  expect(shown(function named() {})).toBe("[function named]");
  expect(shown(new Date(0))).toBe("1970-01-01T00:00:00.000Z");
  expect(shown(new Date(Number.NaN))).toBe("an invalid Date");
  expect(shown(/a\/b/g)).toBe("/a\\/b/");
  expect(shown(Promise.resolve(1))).toBe("[Promise]");
  expect(shown(new Map([["k", { v: 1 }]]))).toBe('Map(1) { "k": { v: 1 } }');
  expect(shown(new Set([1, "b"]))).toBe('Set(2) {1, "b"}');
  expect(shown(new Uint8Array([7, 8]))).toBe("Uint8Array(2) [7, 8]");
  expect(shown(Object.assign(new Array(3), { 0: 1, 2: 3 }))).toBe("Array(3) [1, [empty], 3]");
  expect(shown({})).toBe("{}");
  expect(shown(cyclic)).toBe("{ a: 1, self: [cyclic] }");
  expect(shown(new Thing())).toBe('Thing { name: "thing" }');
  expect(shown(new Proxy({}, {}))).toBe("[Proxy, not looked into]");
  expect(
    shown({
      get lazy() {
        return trap();
      },
    }),
  ).toBe("{ lazy: [getter, not run] }");
});

test("no code of a value is run: getters, conversions, traps of proxies, including in prototypes and nested values", () => {
  ran = 0;
  const proxy = new Proxy({}, everyTrap);
  const { proxy: revoked, revoke } = Proxy.revocable({}, everyTrap);
  revoke();
  const values: ReadonlyArray<unknown> = [
    new Thing(),
    proxy,
    revoked,
    new Proxy(() => {}, everyTrap),
    new Proxy([], everyTrap),
    Object.create(proxy as object),
    Object.create({
      get constructor() {
        return count();
      },
    }),
    Object.assign(Object.create({ constructor: proxy }) as object, { a: 1 }),
    new Map([[proxy, proxy]]),
    new (class extends Map {
      override get size() {
        count();
        return 1;
      }
      override entries(): never {
        return count() as never;
      }
    })(),
    new Set([new Thing()]),
    Object.defineProperty(new Date(0), "toISOString", { get: count }),
    Object.defineProperty(new Error("x"), "message", { get: count }),
    Object.defineProperty(new Error("x"), "cause", { get: count }),
    Object.defineProperty([], "0", { get: count, enumerable: true }),
    { [Symbol.toPrimitive]: count, toJSON: count, toString: count, valueOf: count, then: count },
    Object.defineProperty(() => {}, "name", { get: count }),
  ];
  for (const value of values) {
    show(value);
    show({ inside: [value] });
    errorChain(value);
    errorChain(new Error("outer", { cause: value }));
    entriesOf(value);
  }
  const prepare = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  Error.prepareStackTrace = count;
  try {
    const error = new Error("its stack is made when someone asks");
    show(error);
    errorChain(error);
  } finally {
    if (prepare === undefined) Reflect.deleteProperty(Error, "prepareStackTrace");
    else Object.defineProperty(Error, "prepareStackTrace", prepare);
  }
  expect(ran).toBe(0);
});

const sizeOf = (shown: Shown): number => JSON.stringify(shown).length;

test("huge or deep values are cut, with the size of the rest", () => {
  const long = show("x".repeat(1_000_000));
  expect(long).toMatch(/^"x{2000}" and 998,000 more characters$/);
  const list = show(Array.from({ length: 1_000_000 }, (_, i) => i));
  expect(list).toMatchObject({ more: 999_900 });
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = { deep };
  expect(sizeOf(show(deep))).toBeLessThan(2_000);
  const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, "y".repeat(10_000)]));
  expect(sizeOf(show(Array.from({ length: 100 }, () => wide)))).toBeLessThan(40_000);
});

test("any value is shown, in a few lines, without invisible characters", () => {
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withSparseArray: true,
        withNullPrototype: true,
        withObjectString: true,
      }),
      (value) => {
        const text = JSON.stringify(show(value));
        expect(text.length).toBeLessThan(60_000);
        // oxlint-disable-next-line no-control-regex -- these are what is looked for
        expect(text).not.toMatch(/[\u0000-\u001f\u200e\u200f\u2028-\u202e]/);
      },
    ),
    { numRuns: 500 },
  );
});

test("an error is reported with its fields and causes, including cyclic causes", () => {
  class BadRow extends Data.TaggedError("BadRow")<{ readonly row: number }> {}
  expect(errorChain(new TypeError("cannot read", { cause: new BadRow({ row: 7 }) }))).toEqual([
    { text: "TypeError: cannot read" },
    { text: "BadRow", value: { is: "row: 7", parts: [["row", "7"]] } },
  ]);
  const circle: Error & { cause?: unknown } = new Error("round");
  circle.cause = circle;
  expect(errorChain(circle).map(({ text }) => text)).toEqual(["round", "itself: the causes form a cycle"]);
  // A store keeps errors as text.
  expect(errorChain("just text")).toEqual([{ text: "just text" }]);
  expect(errorChain(undefined)).toEqual([{ text: "undefined" }]);
});

test("if the platform cannot detect a proxy, objects are not inspected", async () => {
  vi.stubGlobal("process", { ...process, getBuiltinModule: undefined });
  vi.resetModules();
  const { show, entriesOf } = await import("../../src/draw/report/shown-value.ts");
  ran = 0;
  expect(show(new Proxy({}, everyTrap))).toBe("[object, not looked into]");
  expect(show({ a: 1 })).toBe("[object, not looked into]");
  expect(show("text")).toBe('"text"');
  expect(show(() => 1)).toBe("[function]");
  expect(entriesOf({ a: 1 })).toBeUndefined();
  expect(ran).toBe(0);
});
