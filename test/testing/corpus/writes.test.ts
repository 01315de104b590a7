/** Values that are modified although other steps read them, and expansions that run something. */
import { createRequire } from "node:module";
import { pipeline } from "espalier";
import * as fc from "fast-check";
import { bugs, growing, reading, sleep, stepping } from "./harness.ts";

type Sloppy = {
  readonly median: (all: ReadonlyArray<number>) => number;
  readonly clean: (row: object) => object;
  readonly reverse: (all: ReadonlyArray<number>) => Array<number>;
};
const sloppy = createRequire(import.meta.url)("./sloppy.cjs") as Sloppy;

type Row = { readonly id: number; readonly tmp: string };

bugs("pure", {
  "a sort in place": {
    checked: stepping((items) => (items as Array<number>).sort((a, b) => a - b)[items.length >> 1] ?? 0),
  },
  "a reverse in place": { checked: stepping((items) => (items as Array<number>).reverse()[0] ?? 0) },
  "a sort in place by a library, in try and catch": {
    checked: growing((items) =>
      pipeline("sub")
        .step("first", [], () => items[0] ?? 0)
        .step("middle", [], () => {
          try {
            return sloppy.median(items);
          } catch {
            return 0;
          }
        })
        .step("found", ["first", "middle"], ({ first, middle }) => first + middle),
    ),
  },
  "a library that is not strict and deletes a field": {
    checked: reading(
      ({ rows }: { rows: ReadonlyArray<Row> }) =>
        pipeline("sub").step("found", [], () => rows.map((row) => sloppy.clean(row)).length),
      "rows",
    ),
    input: fc.record({ rows: fc.array(fc.record({ id: fc.nat(9), tmp: fc.string() })) }),
    smallest: { rows: [{ id: 0, tmp: "" }] },
    says: /"found\/found" changed "rows"/,
  },
  "Object.assign on a part of an input, in try and catch": {
    checked: reading(
      ({ config }: { config: { readonly options: object } }) =>
        pipeline("sub").step("found", [], () => {
          try {
            Object.assign(config.options, { done: true });
          } catch {
            // The step works without the option.
          }
          return 1;
        }),
      "config",
    ),
    input: fc.record({ config: fc.record({ options: fc.record({ depth: fc.nat() }) }) }),
  },
  "a push onto another step's output": {
    checked: growing((items) =>
      pipeline("sub")
        .step("rows", [], () => [...items])
        .step("more", ["rows"], ({ rows }) => {
          rows.push(1);
          return rows.length;
        })
        .step("found", ["rows", "more"], ({ rows }) => rows.length),
    ),
    says: /"found\/more" changed what "found\/rows" returned/,
  },
  "a delayed write": {
    checked: stepping(async (items) => {
      await sleep(5);
      try {
        (items as Array<number>).push(1);
      } catch {
        // The list is frozen.
      }
      return 1;
    }),
    says: /"found\/found" changed "items"/,
  },
  "an output that is filled later": {
    checked: growing((items) =>
      pipeline("sub")
        .step("save", [], async () => {
          const ids: Array<number> = [];
          // oxlint-disable-next-line typescript/no-misused-promises -- people do
          items.forEach(async (item) => {
            await Promise.resolve();
            await Promise.resolve();
            ids.push(item);
          });
          return ids;
        })
        .step("found", ["save"], async ({ save }) => {
          const before = save.length;
          await sleep(1);
          return `${before} ${save.length}`;
        }),
    ),
    says: /what "found\/save" returned/,
  },
  "a modified Map": {
    checked: reading(
      ({ ages }: { ages: Map<string, number> }) =>
        pipeline("sub").step("found", [], () => ages.set("x", 1).size),
      "ages",
    ),
    input: fc.record({
      ages: fc.array(fc.tuple(fc.string({ maxLength: 2 }), fc.nat())).map((all) => new Map(all)),
    }),
  },
  "a modified Date": {
    checked: reading(
      ({ day }: { day: Date }) => pipeline("sub").step("found", [], () => day.setFullYear(1999)),
      "day",
    ),
    input: fc.record({ day: fc.date({ min: new Date(0), max: new Date(2e12), noInvalidDate: true }) }),
  },
  "an expansion that runs its own sub-pipeline": {
    checked: growing(async (items) => {
      const sub = pipeline("sub").step("found", [], () => items.length);
      await sub.runPromise();
      return sub;
    }),
    says: /ran the pipeline that it returned/,
  },
});
