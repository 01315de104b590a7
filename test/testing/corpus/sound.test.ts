/** Steps without faults that look as if they had some. */
import { EventEmitter } from "node:events";
import { createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { gzip } from "node:zlib";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { pipeline, step, type } from "espalier";
import { arbitrary } from "espalier/testing";
import * as fc from "fast-check";
import { growing, sleep, sound, stepping, sum, valuesOf } from "./harness.ts";

const here = new URL(import.meta.url);
const squares = new Map<number, Promise<number>>();

class Client {
  calls = 0;
  ask(value: number): number {
    this.calls++;
    return value + 1;
  }
}

const totals = (each: (item: number) => any) =>
  growing((items) =>
    pipeline("sub")
      .addAll(items.map((item, i) => step(`item ${i}`, [], () => each(item))))
      .step("found", ["item *"] as never, ((read: any) => sum(valuesOf(read["item *"]))) as never),
  );

const Rows = Schema.Array(Schema.Struct({ id: Schema.String, count: Schema.Int }));

sound({
  "a step that waits for 120 ms": {
    checked: stepping(async (items) => {
      await sleep(120);
      return items.length;
    }),
  },
  "a step that waits for 120 ms by node:timers/promises, and can be stopped": {
    checked: stepping(async (items, { signal }) => {
      await pause(120, undefined, { signal });
      return items.length;
    }),
  },
  "a promise within an Effect with a timeout": {
    checked: stepping((items) =>
      Effect.timeout(
        Effect.promise(() => sleep(120).then(() => items.length)),
        "1 second",
      ),
    ),
  },
  "a file": { checked: stepping(async (items) => ((await readFile(here)).length > 0 ? items.length : 0)) },
  "a stream": {
    checked: stepping(async (items) => {
      let bytes = 0;
      for await (const chunk of createReadStream(here)) bytes += (chunk as Buffer).length;
      return bytes > 0 ? items.length : 0;
    }),
  },
  "a file that is closed": {
    checked: stepping(async (items) => {
      const file = await open(here);
      try {
        return (await file.stat()).size > 0 ? items.length : 0;
      } finally {
        await file.close();
      }
    }),
  },
  "bytes that are compressed": {
    checked: stepping(async (items) =>
      (await promisify(gzip)(Buffer.alloc(1000))).length > 0 ? items.length : 0,
    ),
  },
  "a server and its client": {
    checked: stepping(async (items) => {
      const server = createServer((_, response) => response.end("x".repeat(items.length)));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      const text = await (await fetch(`http://127.0.0.1:${port}`)).text();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      return text.length;
    }),
    options: { runs: 5 },
  },
  "a worker thread that is stopped": {
    checked: stepping(
      (items) =>
        new Promise((resolve, reject) => {
          const source = `require("node:worker_threads").parentPort.postMessage(${items.length})`;
          const worker = new Worker(source, { eval: true });
          worker.once("message", (count) => {
            void worker.terminate().then(() => resolve(count), reject);
          });
          worker.once("error", reject);
        }),
    ),
    options: { runs: 2 },
  },
  "an environment variable that the step writes": {
    checked: stepping((items) => {
      process.env["ESPALIER_STAGE"] = "1";
      const stage = process.env["ESPALIER_STAGE"];
      delete process.env["ESPALIER_STAGE"];
      return `${stage} ${items.length}`;
    }),
  },
  "a race of two that agree": {
    checked: stepping((items) =>
      Promise.race([sleep(0).then(() => items.length), sleep(1).then(() => items.length)]),
    ),
  },
  "a race of two Effects": {
    checked: stepping((items) =>
      Effect.race(
        Effect.as(Effect.sleep("1 second"), items.length),
        Effect.as(Effect.sleep("2 seconds"), -1),
      ),
    ),
  },
  "a timeout that is cleared": {
    checked: stepping(async (items) => {
      const timeout = setTimeout(() => {}, 60_000);
      await sleep(1);
      clearTimeout(timeout);
      return items.length;
    }),
  },
  "a loop that waits by the clock": {
    checked: stepping((items) => {
      const end = Date.now() + 20;
      while (Date.now() < end);
      return items.length;
    }),
  },
  "a heartbeat that ends with its scope": {
    checked: stepping((items) =>
      Effect.scoped(
        Effect.gen(function* () {
          const beat = setInterval(() => {}, 1000);
          yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(beat)));
          yield* Effect.sleep("20 seconds");
          return items.length;
        }),
      ),
    ),
  },
  "a resource that is slow to close": {
    checked: stepping((items) =>
      Effect.scoped(
        Effect.gen(function* () {
          yield* Effect.acquireRelease(Effect.succeed(1), () => Effect.sleep("10 millis"));
          yield* Effect.forkScoped(Effect.forever(Effect.sleep("1 second")));
          yield* Effect.sleep("5 seconds");
          return items.length;
        }),
      ),
    ),
  },
  "a retry and a timeout that are never needed": {
    checked: growing((items) =>
      pipeline("sub").step("found", [], () => Effect.as(Effect.sleep("500 millis"), items.length), {
        timeout: "1 second",
        retry: { times: 2, delay: "1 second" },
      }),
    ),
  },
  "a log of the duration": {
    checked: stepping(async (items, { log }) => {
      const began = Date.now();
      await sleep(5);
      log(`took ${Date.now() - began} ms`);
      return items.length;
    }),
  },
  "an event that arrives in the next turn": {
    checked: stepping(
      (items) =>
        new Promise((resolve) => {
          const events = new EventEmitter();
          events.once("done", resolve);
          setImmediate(() => events.emit("done", items.length));
        }),
    ),
  },
  "a thenable": {
    checked: stepping((items) => ({
      then: (resolve: (value: number) => void) => {
        setTimeout(() => resolve(items.length), 2);
      },
    })),
  },
  "a rejection that is handled": {
    checked: stepping(async (items) => {
      const failing = sleep(3).then(() => {
        throw new Error("handled");
      });
      await failing.catch(() => {});
      return items.length;
    }),
  },
  "a client with private state": {
    checked: growing((items) =>
      pipeline("sub")
        .step("client", [], () => new Client())
        .step("found", ["client"], ({ client }) => sum(items.map((item) => client.ask(item)))),
    ),
  },
  "a row that is found by identity": {
    checked: growing((items) => {
      const rows = items.map((item) => ({ item }));
      return pipeline("sub")
        .step("best", [], () => rows[0])
        .step("found", ["best"], ({ best }) => rows.indexOf(best!));
    }),
  },
  "a memo within the expansion": {
    checked: growing((items) => {
      const memo = new Map<number, number>();
      const square = (value: number): number =>
        memo.get(value) ?? (memo.set(value, value * value), value * value);
      return pipeline("sub").step("found", [], () => sum(items.map(square)));
    }),
  },
  "a memo of the module": {
    checked: stepping((items) => {
      const count = items.length;
      if (!squares.has(count)) squares.set(count, Promise.resolve(count * count));
      return squares.get(count);
    }),
  },
  "a collection whose order does not matter": {
    checked: growing((items) => {
      const seen = new Set<number>();
      return pipeline("sub")
        .addAll(items.map((item, i) => step(`item ${i}`, [], () => (seen.add(item), item))))
        .step("found", ["item *"] as never, (() => [...seen].sort((a, b) => a - b)) as never);
    }),
  },
  "steps that sleep at the same time": {
    checked: totals(async (item) => {
      await sleep(item);
      return item;
    }),
  },
  "a typed failure for some inputs": {
    checked: growing((items) =>
      items.length === 0
        ? Effect.fail({ _tag: "Empty" })
        : pipeline("sub").step("found", [], () => Math.max(...items)),
    ),
  },
  "a time stamp that is left out of the comparison": {
    checked: stepping((items) => ({ count: items.length, at: Date.now() })),
    options: { same: (one: any, other: any) => one.found.count === other.found.count },
  },
  "an id that is left out of the comparison": {
    checked: stepping((items) => ({ count: items.length, id: crypto.randomUUID() })),
    options: { same: (one: any, other: any) => one.found.count === other.found.count },
  },
  "an attempt that logs its number": {
    checked: growing((items) =>
      pipeline("sub").step(
        "found",
        [],
        (_, { attempt, log }) => {
          log(`attempt ${attempt} at ${Date.now()}`);
          return items.length;
        },
        { retry: { times: 2, delay: "1 second", jitter: true } },
      ),
    ),
  },
  "a map of pipelines over rows of a schema": {
    checked: pipeline("rows")
      .input("rows", Rows)
      .map("found", "rows", [], ({ count }) =>
        pipeline("row")
          .step("doubled", [], () => count * 2)
          .step("found", ["doubled"], ({ doubled }) => doubled + 1),
      ),
    input: fc.record({ rows: arbitrary.fromSchema(Rows) }),
  },
  "a switch whose cases are all taken": {
    checked: pipeline("sizes")
      .input("items", type<ReadonlyArray<number>>())
      .switch("found", ["items"], ({ items }) => (items.length > 2 ? "many" : "few"), {
        few: ({ items }) => items.length,
        many: ({ items }) => pipeline("many").step("found", [], () => items.length),
      }),
  },
});
