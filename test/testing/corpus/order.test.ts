/** Steps that communicate outside the graph, and steps that run twice. */
import * as Effect from "effect/Effect";
import { pipeline, step } from "espalier";
import { bugs, growing, sleep, stepping } from "./harness.ts";

/** Two steps, one of which reads a value that the other writes, without declaring it. */
const missingEdge = (load: (write: () => void) => any, count: (read: () => number) => any) =>
  growing((items) => {
    let table: ReadonlyArray<number> | undefined;
    return pipeline("sub")
      .step("load", [], () =>
        load(() => {
          table = items;
        }),
      )
      .step("count", [], () => count(() => table?.length ?? -1))
      .step("found", ["load", "count"], ({ count }) => count);
  });

const delayed = (millis: number) => (run: () => unknown) =>
  Effect.delay(
    Effect.sync(() => run() ?? 1),
    millis,
  );

bugs("orderIndependent", {
  "a missing edge between quick steps": {
    checked: missingEdge(
      (write) => (write(), 1),
      (read) => read(),
    ),
    smallest: { items: [] },
  },
  "a missing edge between slow Effects": {
    checked: missingEdge(delayed(1000), delayed(3000)),
    smallest: { items: [] },
    says: /"found\/load" begins \d+ ms later/,
  },
  "a missing edge between slow promises": {
    checked: missingEdge(
      async (write) => {
        await sleep(50);
        write();
        return 1;
      },
      async (read) => {
        await sleep(500);
        return read();
      },
    ),
    says: /"found\/load" begins \d+ ms later/,
  },
  "an accumulator that all steps share": {
    checked: growing((items) => {
      const out: Array<number> = [];
      return pipeline("sub")
        .addAll(
          items.map((item, i) =>
            step(`write ${i}`, [], () => {
              out.push(item);
              return item;
            }),
          ),
        )
        .step("found", ["write *"] as never, (() => out.join()) as never);
    }),
  },
  "a lost update": {
    checked: growing((items) => {
      let balance = 0;
      return pipeline("sub")
        .addAll(
          items.map((item, i) =>
            step(`deposit ${i}`, [], async () => {
              const before = balance;
              await Promise.resolve();
              balance = before + item;
              return item;
            }),
          ),
        )
        .step("found", ["deposit *"] as never, (() => balance) as never);
    }),
  },
  "the last one wins": {
    checked: growing((items) => {
      let last = 0;
      return pipeline("sub")
        .addAll(
          items.map((item, i) =>
            step(`visit ${i}`, [], async () => {
              await sleep(item);
              last = item;
              return item;
            }),
          ),
        )
        .step("found", ["visit *"] as never, (() => last) as never);
    }),
  },
  "the first one wins": {
    checked: growing((items) => {
      let first: number | undefined;
      return pipeline("sub")
        .addAll(items.map((item, i) => step(`visit ${i}`, [], () => (first ??= item))))
        .step("found", ["visit *"] as never, (() => first ?? -1) as never);
    }),
  },
});

bugs("retryIdempotent", {
  "an attempt that appends": {
    checked: growing((items) => {
      const log: Array<number> = [];
      return pipeline("sub")
        .step("write", [], () => log.push(items.length))
        .step("found", ["write"], () => log.length);
    }),
    smallest: { items: [] },
  },
});

let isLocked = false;

bugs("interruptSafe", {
  "a lock that is not released": {
    checked: stepping((items) =>
      Effect.gen(function* () {
        if (isLocked) return yield* Effect.die(new Error("locked"));
        isLocked = true;
        yield* Effect.sleep("1 second");
        isLocked = false;
        return items.length;
      }),
    ),
    says: /run again after an interruption, it failed/,
    isStateful: true,
  },
  "a finalizer that sleeps for an hour": {
    checked: stepping((items) =>
      Effect.as(
        Effect.onInterrupt(Effect.sleep(10), () => Effect.sleep("1 hour")),
        items.length,
      ),
    ),
    smallest: { items: [] },
  },
  "a loop that ignores its signal": {
    checked: stepping(async (items) => {
      for (let round = 0; round < 12; round++) await sleep(1000);
      return items.length;
    }),
  },
});
