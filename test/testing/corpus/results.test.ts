/**
 * Results that differ from run to run (by clock, chance, environment, order or earlier calls), and results that no one would
 * expect.
 */
import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { pipeline, step } from "espalier";
import * as fc from "fast-check";
import { bugs, growing, reading, sleep, stepping, sum, valuesOf } from "./harness.ts";

let calls = 0;
const seen = new Set<number>();
const prices = fc.record({ prices: fc.dictionary(fc.constantFrom("apple", "pear", "plum"), fc.nat()) });

const limited = (items: ReadonlyArray<number>, limit: number) =>
  pipeline("sub")
    .addAll(items.slice(0, limit).map((item, i) => step(`item ${i}`, [], () => item)))
    .step("found", [], () => 1);

bugs("repeatable", {
  "the clock: due tasks": {
    checked: growing((items) => limited(items, items.filter((day) => day * 1.8e10 < Date.now()).length)),
    says: /at another time/,
  },
  "the clock, read after an await": {
    checked: growing(async (items) => {
      await Promise.resolve();
      return limited(items, items.filter((day) => day * 3e10 < Date.now()).length);
    }),
    says: /at another time/,
  },
  "the clock: this year": {
    checked: stepping((items) => new Date().getFullYear() + items.length),
    smallest: { items: [] },
  },
  "the clock: seconds of performance.now, after a timer": {
    checked: stepping(async () => {
      await pause(1);
      return Math.floor(performance.now() / 1000);
    }),
    says: /at another time/,
  },
  "the clock: the current date, formatted": {
    checked: stepping(() => new Intl.DateTimeFormat("en", { dateStyle: "full" }).format()),
    says: /at another time/,
  },
  "the clock: the process's uptime": {
    checked: stepping(() => Math.floor(process.uptime() / 60) + process.hrtime()[0]),
    says: /at another time/,
  },
  "chance in a sub-step": {
    checked: growing((items) =>
      pipeline("sub")
        .step("picked", [], () => items.filter(() => Math.random() < 0.5))
        .step("found", ["picked"], ({ picked }) => picked.length),
    ),
    says: /with other random numbers.*\n.*steps that differ/s,
  },
  "chance: a UUID in a name": {
    checked: growing(() =>
      pipeline("sub")
        .step(`part ${randomUUID()}`, [], () => 1)
        .step("found", [], () => 1),
    ),
    says: /with other random numbers/,
  },
  "chance: a UUID of the web in a result": {
    checked: stepping((items) => ({ id: crypto.randomUUID(), count: items.length })),
    says: /with other random numbers/,
  },
  "chance: random bytes": { checked: stepping(() => randomBytes(4).toString("hex")), says: /random numbers/ },
  "chance: a random integer": { checked: stepping(() => randomInt(1_000_000)), says: /random numbers/ },
  "the environment, of a step": {
    checked: stepping((items) => items.slice(0, Number(process.env["ESPALIER_LIMIT"] ?? 100)).length),
    smallest: { items: [0, 0] },
    says: /with other environment variables/,
  },
  "the environment: whether a variable is set": {
    checked: stepping(() => "ESPALIER_FAST" in process.env),
    says: /with other environment variables/,
  },
  "the environment, of an expansion": {
    checked: growing((items) => limited(items, Number(process.env["ESPALIER_LIMIT"] ?? items.length))),
    says: /with other environment variables/,
  },
  "the environment, read after an await": {
    checked: growing(async (items) => {
      await sleep(1);
      return process.env["ESPALIER_FAST"] === undefined ? limited(items, 9) : items.length;
    }),
    says: /with other environment variables/,
  },
  "the order of keys": {
    checked: reading(({ prices }: { prices: Record<string, number> }) => {
      const [first] = Object.keys(prices);
      return pipeline("sub")
        .step("load", [], () => (first === undefined ? 0 : prices[first]))
        .step("found", ["load"], ({ load }) => load);
    }, "prices"),
    input: prices,
    says: /keys and elements of its inputs in another order/,
  },
  "the order of a Set": {
    checked: reading(
      ({ ids }: { ids: ReadonlySet<number> }) => pipeline("sub").step("found", [], () => [...ids][0] ?? 0),
      "ids",
    ),
    input: fc.record({ ids: fc.uniqueArray(fc.nat(50)).map((all) => new Set(all)) }),
  },
  "the order of a Map": {
    checked: reading(
      ({ ages }: { ages: ReadonlyMap<string, number> }) =>
        pipeline("sub").step("found", [], () => ages.keys().next().value ?? "none"),
      "ages",
    ),
    input: fc.record({
      ages: fc
        .uniqueArray(fc.tuple(fc.string({ maxLength: 3 }), fc.nat()), { selector: ([name]) => name })
        .map((all) => new Map(all)),
    }),
  },
  "earlier calls: a counter in a name": {
    checked: growing(() =>
      pipeline("sub")
        .step(`call ${calls++}`, [], () => 1)
        .step("found", [], () => 1),
    ),
    says: /depends on earlier calls/,
    isStateful: true,
  },
  "earlier calls: state of the module": {
    checked: growing((items) => {
      const fresh = items.filter((item) => !seen.has(item));
      return pipeline("sub").step("found", [], () => {
        for (const item of fresh) seen.add(item);
        return fresh.length;
      });
    }),
    says: /depends on earlier calls/,
    isStateful: true,
  },
});

bugs("expect", {
  "the mean of nothing": {
    checked: stepping((items) => sum(items) / items.length),
    options: { expect: (_: unknown, { found }: { found: number }) => Number.isFinite(found) },
    smallest: { items: [] },
  },
  "a sum that omits one item": {
    checked: growing((items) =>
      pipeline("sub")
        .addAll(items.slice(1).map((item, i) => step(`item ${i}`, [], () => item)))
        .step("item none", [], () => 0)
        .step("found", ["item *"] as never, ((read: any) => sum(valuesOf(read["item *"]))) as never),
    ),
    options: {
      expect: ({ items }: { items: Array<number> }, { found }: { found: number }) => {
        const wanted = items.reduce((a, b) => a + b, 0);
        if (found !== wanted) throw new Error(`the sum is ${wanted}`);
      },
    },
    smallest: { items: [1] },
    says: /expect threw the sum is 1/,
  },
  "more sold than was in stock": {
    checked: growing((items) => {
      let stock = 3;
      return pipeline("sub")
        .addAll(
          items.map((_, i) =>
            step(`buy ${i}`, [], async () => {
              if (stock <= 0) return false;
              await Promise.resolve();
              stock--;
              return true;
            }),
          ),
        )
        .step(
          "found",
          ["buy *"] as never,
          ((read: any) => valuesOf(read["buy *"]).filter(Boolean).length) as never,
        );
    }),
    options: { expect: (_: unknown, { found }: { found: number }) => found <= 3 },
    smallest: { items: [0, 0, 0, 0] },
  },
});
