import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as fc from "fast-check";
import { pipeline, resume } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, expect, test } from "vitest";
import { decode, encode, Unwritable } from "../../src/values/encode.ts";
import { failureOf, rejection } from "../core/support.ts";
import { long, storeAt, temporary, withStore } from "./support.ts";

const newFile = temporary();

class Point {
  readonly x = 1;
}

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

const holes: Array<number> = [];
holes[2] = 1;

const unwritable: ReadonlyArray<readonly [what: string, value: unknown, reason: string]> = [
  ["a function", () => 1, "it is a function"],
  ["a cycle", cyclic, "it holds itself"],
  ["a Map", new Map(), "it is an instance of Map"],
  ["a Set", new Set(), "it is an instance of Set"],
  ["a Date", new Date(0), "it is an instance of Date"],
  ["NaN", Number.NaN, "it is NaN"],
  ["Infinity", Infinity, "it is Infinity"],
  ["a BigInt", 1n, "it is a bigint"],
  ["a symbol", Symbol("s"), "it is a symbol"],
  ["an instance of a class", new Point(), "it is an instance of Point"],
  ["bytes", new Uint8Array(2), "it is an instance of Uint8Array"],
  ["an error", new Error("e"), "it is an instance of Error"],
  ["an array with holes", holes, "it is an array with holes"],
  ["what a regular expression matched", /a/.exec("a"), "properties of its own"],
  ["a key that is a symbol", { [Symbol("s")]: 1 }, "whose key is a symbol"],
  [
    "a proxy that throws",
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    ),
    "cannot be read",
  ],
];

describe("A value that a run cannot give back as it was", () => {
  for (const [what, value, reason] of unwritable) {
    test(`such as ${what} is refused`, () => {
      const found = encode(value);
      expect(found).toBeInstanceOf(Unwritable);
      expect((found as Unwritable).reason).toContain(reason);
    });
  }

  test("fails its step with the path, and nothing is recorded", async () => {
    const file = newFile();
    let isMended = false;
    let runs = 0;
    const p = pipeline("p")
      .step("a", [], () => {
        runs++;
        return isMended ? { deep: [1, 2] } : { deep: [1, new Map()] };
      })
      .step("b", ["a"], () => 1);
    const error = await rejection(p.runPromise({}, { store: storeAt(file), runId: "r" }));
    expect(error).toMatchObject({
      _tag: "OutputNotEncodable",
      code: "ESPALIER_OUTPUT_NOT_ENCODABLE",
      path: "a",
      issuePath: ["deep", 1],
    });
    expect(error.message).toBe(
      'Step "a" returned an output that cannot be recorded at deep.1: it is an instance of Map: return plain data, or give the step an output schema.',
    );
    isMended = true;
    expect(await Effect.runPromise(resume(p, "r", { store: storeAt(file) }))).toEqual({
      a: { deep: [1, 2] },
      b: 1,
    });
    expect(runs).toBe(2);
  });

  test("is refused where `Schema.Any` would bend it", async () => {
    const p = pipeline("p").step("a", [], () => new Map(), { output: Schema.Any });
    expect(await failureOf(p.run({}, { store: storeAt(newFile()) }))).toMatchObject({
      _tag: "OutputNotEncodable",
    });
  });

  test("is refused as an input", async () => {
    const { type } = await import("espalier");
    const p = pipeline("p").input("f", type<() => number>());
    expect(await failureOf(p.run({ f: () => 1 }, { store: storeAt(newFile()) }))).toMatchObject({
      _tag: "InvalidInput",
      input: "f",
    });
  });

  test("is found wherever it stands: 1,000 random values", () => {
    const bad = fc.constantFrom(
      // Printing the proxy would throw as well.
      ...unwritable.filter(([what]) => !what.includes("proxy")).map(([, value]) => value),
    );
    const where = fc.array(fc.oneof(fc.nat(3), fc.string({ minLength: 1, maxLength: 3 })), { maxLength: 5 });
    fc.assert(
      fc.property(bad, where, (value, path) => {
        const whole = path.reduceRight<unknown>(
          (inner, key) =>
            typeof key === "number"
              ? [...Array.from({ length: key }, (_, i) => i), inner]
              : Object.fromEntries([
                  ["before", "x"],
                  [key, inner],
                ]),
          value,
        );
        const found = encode(whole);
        expect(found).toBeInstanceOf(Unwritable);
        expect((found as Unwritable).issuePath.slice(0, path.length)).toEqual(path);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("A value that can be written", () => {
  test("comes back as it was: 1,000 random ones", () => {
    const leaf = fc.oneof(
      fc.constantFrom(undefined, null, -0, 0, true, "", "~", "#", "\ud800", "\t\n"),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: "binary" }),
      fc.integer(),
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie("any")), fc.dictionary(fc.string(), tie("any"))),
    })).any;
    fc.assert(
      fc.property(value, (before) => {
        const text = encode(before) as string;
        expect(typeof text).toBe("string");
        // A record in the file is one line, with fields separated by tabs.
        expect(text).not.toMatch(/[\t\n]/);
        expect(decode(text)).toEqual(before);
        expect(encode(decode(text))).toEqual(text);
      }),
      { numRuns: 1000 },
    );
  });

  for (const kibibytes of long(
    [1, 255, 256, 257, 1024, 32 * 1024],
    [64 * 1024, 128 * 1024, 256 * 1024 - 1],
  )) {
    test(`of ${kibibytes} KiB`, { timeout: 600_000 }, async () => {
      const file = newFile();
      const p = pipeline("p").step("large", [], () => "ä".repeat(kibibytes * 512));
      await withStore(
        file,
        Effect.gen(function* () {
          yield* p.run({}, { runId: "r" });
          const { large } = yield* resume(p, "r");
          expect(large.length).toBe(kibibytes * 512);
        }),
      );
    });
  }

  test("over the limit is refused by name, and a larger limit takes it", async () => {
    const file = newFile();
    const p = pipeline("p").step("large", [], () => "x".repeat(2000));
    const store = SqliteStore.layer({ filename: file, maxValueBytes: 1000 });
    const error = await failureOf(p.run({}, { store, runId: "r" }));
    expect(error).toMatchObject({ _tag: "OutputNotEncodable", path: "large" });
    expect((error as Error).message).toContain("maxValueBytes of the store allows, 1000");
    const larger = SqliteStore.layer({ filename: file, maxValueBytes: 4000 });
    expect((await Effect.runPromise(resume(p, "r", { store: larger }))).large.length).toBe(2000);
  });

  test("of some size is kept once, however many runs give it", async () => {
    const { statSync } = await import("node:fs");
    const file = newFile();
    const p = pipeline("p").step("large", [], () => "x".repeat(1_000_000));
    for (let i = 0; i < 5; i++) await p.runPromise({}, { store: storeAt(file) });
    expect(statSync(file).size).toBeLessThan(1_500_000);
  });
});
