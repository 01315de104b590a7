/** A problem with a store fails the affected run, or ends it with an error. It never makes a run wait forever. */
import { rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import * as Effect from "effect/Effect";
import { pipeline, resume, Store } from "espalier";
import { expect, test } from "vitest";
import { failureOf } from "../core/support.ts";
import { long, storeAt, temporary, withStore } from "./support.ts";

const newFile = temporary();

const sleep = (millis: number): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, millis);
  });

/** "succeeded", or the tag of the error; "never" if it takes too long. */
const ended = (effect: Effect.Effect<unknown, any>): Promise<string> =>
  Promise.race([
    Effect.runPromise(effect).then(
      () => "succeeded",
      (error) => String(error?._tag),
    ),
    sleep(5000).then(() => "never"),
  ]);

test("a run whose store's scope is closed ends: it succeeds, or fails with an error of the store", async () => {
  const file = newFile();
  const two = pipeline("two")
    .step("a", [], async () => {
      await sleep(60);
      return 1;
    })
    .step("b", ["a"], ({ a }) => a + 1);
  const run = await withStore(file, two.start({}, { runId: "r" }));
  expect(await ended(run.await)).toBe("succeeded");
  expect(await Effect.runPromise(resume(two, "r", { store: storeAt(file) }))).toEqual({ a: 1, b: 2 });
});

test("a run whose store's scope was closed can be interrupted", async () => {
  const waits = pipeline("waits")
    .step("a", [], async () => {
      await sleep(60);
      return 1;
    })
    .sleep("pause", "1 hour", { after: ["a"] });
  const run = await withStore(newFile(), waits.start({}, { runId: "r" }));
  await sleep(200);
  expect(await ended(run.interrupt)).toBe("succeeded");
});

test("a store that was closed says so", async () => {
  const service = await withStore(newFile(), Effect.service(Store));
  expect(await failureOf(service.find("r"))).toMatchObject({ _tag: "StoreError", kind: "closed" });
});

test("a file left by an owner of an earlier version does not stop a run", async () => {
  for (const left of ["", "garbage", "{}", '{"pid":999999999,"since":"long ago"}', '{"pid":"1"}']) {
    const file = newFile();
    writeFileSync(`${file}-owner`, left);
    expect(
      await pipeline("one")
        .step("a", [], () => 42)
        .runPromise({}, { store: storeAt(file) }),
    ).toEqual({
      a: 42,
    });
  }
});

test("two layers of one file in one process, and two runs at once, both record", async () => {
  const file = newFile();
  const slow = pipeline("slow").step("a", [], async () => {
    await sleep(100);
    return 1;
  });
  const outs = await Promise.all(
    ["one", "two"].map((runId) => slow.runPromise({}, { store: storeAt(file), runId })),
  );
  expect(outs).toEqual([{ a: 1 }, { a: 1 }]);
  const all = await withStore(
    file,
    Effect.flatMap(Store, (store) => store.runs()),
  );
  expect(all.map(({ id, status }) => [id, status]).sort()).toEqual([
    ["one", "succeeded"],
    ["two", "succeeded"],
  ]);
});

/** A run that is under way while something happens to its file, and whose second step is recorded after that. */
const during = (file: string, happens: () => void) =>
  pipeline("p")
    .step("a", [], async () => {
      await sleep(100);
      happens();
      await sleep(100);
      return 1;
    })
    .step("b", ["a"], async ({ a }) => {
      await sleep(1500);
      return a + 1;
    })
    .step("c", ["b"], ({ b }) => b)
    .run({}, { store: storeAt(file), runId: "r" });

test("a table that is dropped while a run is under way fails it, and a missing table is reported immediately", async () => {
  const file = newFile();
  const drop = (): void => {
    const other = new DatabaseSync(file, { timeout: 2000 });
    other.exec("DROP TABLE chunks");
    other.close();
  };
  expect(await failureOf(during(file, drop))).toMatchObject({ _tag: "StoreCorrupt" });
  const error = await failureOf(
    pipeline("q")
      .step("a", [], () => 1)
      .run({}, { store: storeAt(file) }),
  );
  expect(error).toMatchObject({ _tag: "StoreCorrupt", reason: 'its table "chunks" is missing.' });
});

test.skipIf(process.platform === "win32")("a file that is deleted under a run fails it in time", async () => {
  const file = newFile();
  const remove = (): void => {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
  };
  expect(await failureOf(during(file, remove))).toMatchObject({ _tag: "StoreError", kind: "missing" });
});

test("one run's row that is gone costs that run, and no other", async () => {
  const file = newFile();
  const slow = pipeline("slow")
    .step("a", [], async () => {
      await sleep(300);
      return 1;
    })
    .step("b", ["a"], ({ a }) => a);
  const [one, two] = await withStore(
    file,
    Effect.gen(function* () {
      const runs = [yield* slow.start({}, { runId: "one" }), yield* slow.start({}, { runId: "two" })];
      const other = new DatabaseSync(file, { timeout: 2000 });
      other.exec("DELETE FROM runs WHERE id = 'one'");
      other.close();
      return yield* Effect.all(runs.map((run) => Effect.promise(() => ended(run.await))));
    }),
  );
  expect([one, two]).toEqual(["StoreError", "succeeded"]);
});

/** 2,200 values exceed the longest string and take half a minute; a tenth of them shows that no row and no commit is too large. */
const values = long([220], [2200]);

test.each(values)(
  "%i values of 250 kB that are ready at once are recorded in parts",
  { timeout: 300_000 },
  async (count) => {
    const file = newFile();
    const open = Promise.withResolvers<void>();
    const many = pipeline("many")
      .step("numbers", [], () => Array.from({ length: count }, (_, i) => i))
      .map("texts", "numbers", [], async (n) => {
        await open.promise;
        return "x".repeat(250_000) + String(n);
      })
      .step("count", ["texts"], ({ texts }) => texts.length)
      .returns("count");
    const run = await many.startPromise({}, { store: storeAt(file), runId: "many" });
    for await (const event of run.events) {
      if (event.type === "step.started" && event.path === `texts[${count - 1}]`) break;
    }
    // Another connection sees the commits as they are made: the event loop gets turns between them.
    const other = new DatabaseSync(file, { timeout: 2000 });
    const commits = new Set<unknown>();
    const looking = setInterval(() => {
      commits.add(Object.values(other.prepare("PRAGMA data_version").get()!)[0]);
    }, 1);
    open.resolve();
    expect(await run.result).toEqual({ count });
    clearInterval(looking);
    const mebibytes = (count * 250_000) / 2 ** 20;
    // A commit takes 8 MiB and a row 4 MiB, plus the value that reaches the limit.
    expect(commits.size).toBeGreaterThan(mebibytes / 9);
    const { longest } = other.prepare("SELECT max(length(lines)) AS longest FROM chunks").get()!;
    expect(longest).toBeLessThan(4 * 2 ** 20 + 300_000);
    other.close();
  },
);
