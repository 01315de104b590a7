/** Values generated from schemas: the schema accepts all generated values and all their shrunk forms. */
import { type as ark } from "arktype";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { pipeline, type } from "espalier";
import { arbitrary } from "espalier/testing";
import * as fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const settings = Schema.Struct({
  name: Schema.String.check(Schema.isMinLength(2)),
  rate: Schema.Number.check(Schema.isBetween({ minimum: 0, maximum: 1 })),
  from: Schema.Date,
  depth: Schema.NumberFromString,
  kind: Schema.Union([Schema.Literal("tree"), Schema.Literal("forest")]),
  tags: Schema.optionalKey(Schema.Array(Schema.String)),
});

interface Tree {
  readonly value: number;
  readonly children: ReadonlyArray<Tree>;
}
const tree: Schema.Codec<Tree> = Schema.Struct({
  value: Schema.Int,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => tree)),
});

const user = z.object({
  email: z.email(),
  age: z.number().int().min(18).max(99),
  roles: z.array(z.enum(["admin", "reader"])).max(3),
  nick: z.string().min(1).optional(),
  point: z.tuple([z.number(), z.number()]),
  extra: z.record(z.string(), z.union([z.string(), z.boolean(), z.null()])),
  born: z.iso.date(),
});

const schemas = {
  "an Effect Schema": settings,
  "an Effect Schema that refers to itself": tree,
  "a schema of zod": user,
  "a schema of arktype": ark({ name: "string > 0", "size?": "number.integer >= 3", list: "string[] <= 4" }),
  "a schema of zod that refers to itself": z.object({
    value: z.number(),
    get next() {
      return z.union([z.null(), z.object({ value: z.number() })]);
    },
  }),
} as const;

/** Runs a pipeline with the value as its input: the schema refuses invalid values. */
const isTaken = async (schema: unknown, value: unknown): Promise<boolean> => {
  const run = pipeline("taken").input("value", schema as never) as unknown as {
    readonly run: (inputs: object) => Effect.Effect<unknown, unknown>;
  };
  return (await Effect.runPromiseExit(run.run({ value })))._tag === "Success";
};

describe.each(Object.entries(schemas))("%s", (_, schema) => {
  const values: fc.Arbitrary<unknown> = arbitrary.fromSchema(schema as never);

  test("accepts every generated value", async () => {
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        expect(await isTaken(schema, value)).toBe(true);
      }),
      { seed: 1, numRuns: 60 },
    );
  });

  test("accepts every value that is tried during shrinking", async () => {
    const tried: Array<unknown> = [];
    await fc.check(
      fc.asyncProperty(values, async (value) => {
        tried.push(value);
        return false;
      }),
      { seed: 2, numRuns: 1 },
    );
    expect(tried.length).toBeGreaterThan(2);
    for (const value of tried.slice(0, 100)) expect(await isTaken(schema, value)).toBe(true);
  });
});

test("shrinks to the smallest value that fails, not to a sample", () => {
  const details = fc.check(
    fc.property(arbitrary.fromSchema(Schema.Array(Schema.Int)), (items) => items.every((item) => item < 10)),
    { seed: 3, numRuns: 1000 },
  );
  expect(details.counterexample).toEqual([[10]]);
});

test("generates inputs for a run, with their types", () => {
  const values: fc.Arbitrary<{ readonly size: string }> = arbitrary.fromSchema(
    Schema.Struct({ size: Schema.NumberFromString }),
  );
  for (const { size } of fc.sample(values, { seed: 4, numRuns: 20 })) expect(typeof size).toBe("string");
});

test("reports why a schema cannot be read", () => {
  expect(() => arbitrary.fromSchema(v.object({ a: v.number() }))).toThrow(/valibot offers no JSON Schema/);
  expect(() => arbitrary.fromSchema(type<string>())).toThrow(/has no check at run time/);
  expect(() => arbitrary.fromSchema({} as never)).toThrow(/it is not a schema/);
  expect(() => arbitrary.fromSchema(z.object({ when: z.date() }))).toThrow(/zod says:.*Date/);
  const never = z.string().refine(() => false);
  expect(() => fc.sample(arbitrary.fromSchema(never), 1)).toThrow(/almost no value/);
});
