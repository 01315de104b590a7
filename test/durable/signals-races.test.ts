/** An accepted value is delivered, whatever it raced with. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { pipeline, Signal, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { test } from "vitest";
import { temporary } from "../sqlite/support.ts";

const file = temporary();
const store = (filename = file()) => SqliteStore.layer({ filename });
const sleep = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));
const within = <A>(millis: number, promise: Promise<A>): Promise<A | "never"> => {
  let timer: NodeJS.Timeout;
  const late = new Promise<"never">((done) => {
    timer = setTimeout(done, millis, "never");
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};
/** "accepted", or the tag of the error. */
const send = (runId: string, path: string, value: unknown, options?: object) =>
  Effect.runPromise(Signal.send(runId, path, value, options as any) as Effect.Effect<unknown, any>).then(
    () => "accepted",
    (error) => String(error?._tag),
  );

for (const waits of [{}, { timeout: "1 hour" }] as const)
  test(`a value sent 0 to 12 microtasks before or after the wait begins is delivered ${"timeout" in waits ? "(with a timeout)" : ""}`, {
    timeout: 120_000,
  }, async () => {
    const shared = store();
    for (let k = 0; k <= 12; k++) {
      const runId = `${k} turns`;
      let told: Promise<string> | undefined;
      const approval = pipeline("approval")
        .step("before", [], async () => {
          let turn: Promise<unknown> = Promise.resolve();
          for (let i = 0; i < k; i++) turn = turn.then(() => undefined);
          told = turn.then(() => send(runId, "ok", "yes", { store: shared }));
          return 1;
        })
        .await("ok", type<string>(), { after: ["before"], ...waits });
      const out = await within(10_000, approval.runPromise({}, { store: shared, runId }));
      assert.equal(await told, "accepted", runId);
      assert.ok(out !== "never", `${runId}: accepted and never delivered`);
      assert.equal(out.ok, "yes");
    }
  });

test("a value sent within a few milliseconds of the start of a wait is delivered, in 60 rounds", {
  timeout: 120_000,
}, async () => {
  const shared = store();
  for (let i = 0; i < 60; i++) {
    const runId = `round ${i}`;
    const begun = Promise.withResolvers<void>();
    const approval = pipeline("approval")
      .step("before", [], async () => {
        begun.resolve();
        await sleep(2);
        return 1;
      })
      .await("ok", type<string>(), { after: ["before"], timeout: "2 seconds" });
    const run = within(
      4000,
      approval.runPromise({}, { store: shared, runId }).catch((error) => error._tag),
    );
    await begun.promise;
    await sleep(1 + (i % 6));
    const told = await send(runId, "ok", "yes", { store: shared });
    assert.equal(told, "accepted", runId);
    assert.deepEqual(await run, { before: 1, ok: "yes" }, runId);
  }
});

for (const moment of ["expansion.expanded", "step.started"] as const)
  for (const waits of [{}, { timeout: "30 seconds" }] as const)
    test(`200 values sent at ${moment} of 200 waits are all delivered ${"timeout" in waits ? "(with a timeout)" : ""}`, {
      timeout: 120_000,
    }, async () => {
      const shared = store();
      const many = pipeline("many")
        .step("numbers", [], () => Array.from({ length: 200 }, (_, i) => i))
        .map("answers", "numbers", [], (n) =>
          pipeline("ask")
            .await("answer", type<number>(), waits)
            .step("answers", ["answer"], ({ answer }) => answer - n),
        )
        .returns("answers");
      const run = await Effect.runPromise(many.start({}, { store: shared, runId: "many" }));
      const told: Array<Promise<string>> = [];
      const watching = Effect.runPromise(
        Stream.runForEach(run.events, (event) =>
          Effect.sync(() => {
            const item = event.type === moment ? /^answers\[(\d+)\](\/answer)?$/.exec(event.path) : null;
            if (item === null || (moment === "step.started" && item[2] === undefined)) return;
            told.push(send("many", `answers[${item[1]}]/answer`, Number(item[1]) * 2, { store: shared }));
          }),
        ),
      );
      const out = await within(6000, Effect.runPromise(run.await));
      if (out === "never") await Effect.runPromise(run.interrupt);
      assert.deepEqual([...new Set(await Promise.all(told))], ["accepted"]);
      assert.ok(out !== "never", "all were accepted, and the run still waits");
      assert.deepEqual(
        out.answers,
        Array.from({ length: 200 }, (_, i) => i),
      );
      await watching;
    });

test("a step can answer a wait in its own run: at once, a turn later and 5 ms later", {
  timeout: 120_000,
}, async () => {
  const moments: Record<string, (go: () => void) => void> = {
    "at once": (go) => go(),
    "a microtask later": (go) => queueMicrotask(go),
    "a turn later": (go) => setImmediate(go),
    "5 ms later": (go) => setTimeout(go, 5),
  };
  for (const options of [{}, { store: store() }])
    for (const [name, later] of Object.entries(moments)) {
      const runId = `${name} ${"store" in options}`;
      let told: Promise<string> | undefined;
      const both = pipeline("both")
        .step("asks", [], async () => {
          told = new Promise((done) => later(() => done(send(runId, "answer", 42, options))));
          return "asked";
        })
        .await("answer", type<number>(), { after: ["asks"] });
      const out = await within(10_000, both.runPromise({}, { ...options, runId }));
      assert.equal(await told, "accepted", runId);
      assert.deepEqual(out, { asks: "asked", answer: 42 }, runId);
    }
});

test("another process can answer a run while its owner lives", { timeout: 120_000 }, async () => {
  const filename = file();
  const sender = join(mkdtempSync(join(tmpdir(), "espalier-")), "send.mjs");
  writeFileSync(
    sender,
    `
    import { Effect } from ${JSON.stringify(import.meta.resolve("effect"))};
    import { Signal } from ${JSON.stringify(import.meta.resolve("espalier"))};
    import { SqliteStore } from ${JSON.stringify(import.meta.resolve("espalier/sqlite"))};
    await Effect.runPromise(Signal.send("order", "approval", { by: "Ada" }, { store: SqliteStore.layer({ filename: process.argv[2] }) }));
  `,
  );
  const order = pipeline("order")
    .await("approval", type<{ by: string }>(), { timeout: "1 minute" })
    .step("by", ["approval"], ({ approval }) => approval.by);
  const run = order.runPromise({}, { store: store(filename), runId: "order" }).then(
    (out) => out.by,
    (error) => error._tag,
  );
  await sleep(200);
  const said = await new Promise<string>((done) => {
    const child = spawn(process.execPath, [sender, filename], { stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.on("data", (part) => {
      text += part;
    });
    child.on("close", (code) => done(code === 0 ? "sent" : text));
  });
  assert.equal(said, "sent");
  assert.equal(await run, "Ada");
});
