/** The sender learns what happens to the value, and the accepted value is the one that the step gets. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import { pipeline, resume, Signal, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { test } from "vitest";
import * as z from "zod";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const store = () => SqliteStore.layer({ filename: newFile() });
const sleep = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));
const limit = { timeout: 60_000 };
const send = (runId: string, path: string, value: unknown, options?: object) =>
  Effect.runPromise(Signal.send(runId, path, value, options as any) as Effect.Effect<unknown, any>).then(
    () => "accepted",
    (error) => String(error?._tag),
  );

test(
  "of several values sent at once one is accepted, the others are refused, and the step gets that one",
  limit,
  async () => {
    const shared = store();
    const approval = pipeline("approval").await("ok", type<string>());
    const run = await approval.startPromise({}, { store: shared, runId: "r" });
    for await (const event of run.events) if (event.type === "step.waiting") break;
    const values = ["one", "two", "three"];
    const told = await Promise.all(values.map((value) => send("r", "ok", value, { store: shared })));
    const { ok } = await run.result;
    assert.deepEqual(told.toSorted(), ["SignalRefused", "SignalRefused", "accepted"]);
    assert.equal(ok, values[told.indexOf("accepted")]);
  },
);

test(
  "of two values sent before the wait begins one is accepted, the other is refused, and the step gets that one",
  limit,
  async () => {
    const shared = store();
    const approval = pipeline("approval")
      .step("slow", [], async () => {
        await sleep(600);
        return 1;
      })
      .await("ok", type<boolean>(), { after: ["slow"] });
    const run = approval.runPromise({}, { store: shared, runId: "r" });
    await sleep(200);
    const told = [
      await send("r", "ok", false, { store: shared }),
      await send("r", "ok", true, { store: shared }),
    ];
    const { ok } = await run;
    assert.deepEqual(told.toSorted(), ["SignalRefused", "accepted"]);
    assert.equal(ok, told.indexOf("accepted") === 1);
  },
);

test(
  "an early value that does not fit is refused or told, and does not take the place of a right one",
  limit,
  async () => {
    const shared = store();
    const approval = pipeline("approval")
      .step("slow", [], async () => {
        await sleep(600);
        return 1;
      })
      .await("ok", Schema.Int, { after: ["slow"], timeout: "3 seconds" });
    const run = await Effect.runPromise(approval.start({}, { store: shared, runId: "r" }));
    const watched = Effect.runPromise(Stream.runCollect(run.events));
    await sleep(80);
    const wrong = await send("r", "ok", "not a number", { store: shared });
    await sleep(800);
    const right = await send("r", "ok", 7, { store: shared });
    const out = await Effect.runPromise(run.await);
    assert.equal(right, "accepted");
    assert.equal(out.ok, 7);
    const told = [...(await watched)].some((event) => /refused/i.test(JSON.stringify(event)));
    assert.ok(
      wrong === "SignalRefused" || told,
      "neither the sender nor an event says that the early value was refused",
    );
  },
);

test("a second value for a step is refused while the run continues", limit, async () => {
  const shared = store();
  const approval = pipeline("approval")
    .await("ok", type<string>())
    .step("after", ["ok"], async ({ ok }) => {
      await sleep(600);
      return ok;
    });
  const run = approval.runPromise({}, { store: shared, runId: "r" });
  await sleep(200);
  assert.equal(await send("r", "ok", "first", { store: shared }), "accepted");
  await sleep(80);
  assert.equal(await send("r", "ok", "second", { store: shared }), "SignalRefused");
  assert.equal((await run).after, "first");
});

test(
  "a value for a run that has succeeded is refused, also where the step had expired into a fallback",
  limit,
  async () => {
    const shared = store();
    const decision = pipeline("decision").dynamic(
      "decided",
      [],
      () => pipeline("ask").await("decided", type<string>(), { timeout: "40 millis" }),
      { fallback: "expired" },
    );
    assert.equal((await decision.runPromise({}, { store: shared, runId: "r" })).decided, "expired");
    assert.equal(await send("r", "decided/decided", "approve", { store: shared }), "SignalRefused");
  },
);

/** A run that waits 600 ms and is stopped after 50 ms. */
const stopped = async () => {
  const shared = store();
  const approval = pipeline("approval").await("ok", type<string>(), { timeout: "600 millis" });
  const run = await Effect.runPromise(approval.start({}, { store: shared, runId: "r" }));
  await sleep(50);
  await Effect.runPromise(run.interrupt);
  return { approval, shared };
};

test(
  "a value that is sent in time to a stopped run is used, even if the run is resumed after the deadline",
  limit,
  async () => {
    const { approval, shared } = await stopped();
    assert.equal(await send("r", "ok", "in time", { store: shared }), "accepted");
    await sleep(900);
    assert.equal((await Effect.runPromise(resume(approval, "r", { store: shared }))).ok, "in time");
  },
);

test(
  "a value that is sent to a stopped run after the deadline is refused and never used",
  limit,
  async () => {
    const { approval, shared } = await stopped();
    await sleep(900);
    assert.equal(await send("r", "ok", "late", { store: shared }), "SignalRefused");
    const error: any = await Effect.runPromise(Effect.flip(resume(approval, "r", { store: shared })));
    assert.equal(error._tag, "StepTimedOut");
  },
);

test(
  "an answer that its schema decodes to something other than JSON is delivered, with a store and after a resume",
  limit,
  async () => {
    const shared = store();
    let stop = true;
    const visit = pipeline("visit")
      .await("day", z.object({ at: z.coerce.date() }))
      .step("year", ["day"], ({ day }) => {
        if (stop) throw new Error("stop");
        return day.at.getUTCFullYear();
      });
    const run = visit.runPromise({}, { store: shared, runId: "r" }).catch((error) => error);
    await sleep(200);
    assert.equal(await send("r", "day", { at: "2031-05-01" }, { store: shared }), "accepted");
    assert.equal((await run)._tag, "StepFailed");
    stop = false;
    assert.equal((await Effect.runPromise(resume(visit, "r", { store: shared }))).year, 2031);
  },
);

test.each([
  ["while the step waits", ["step.waiting", "on"]],
  ["before the wait begins", ["step.started", "slow"]],
] as const)("a value sent as JSON %s is what the schema makes of it", limit, async (_, first) => {
  const shared = store();
  const dated = pipeline("dated")
    .step("slow", [], () => sleep(first[1] === "slow" ? 400 : 0).then(() => 1))
    .await("on", Schema.Date, { after: ["slow"] })
    .await("names", Schema.ReadonlySet(Schema.String));
  const run = await dated.startPromise({}, { store: shared, runId: "r" });
  for await (const { type, path = "" } of run.events as AsyncIterable<{ type: string; path?: string }>)
    if (type === first[0] && path === first[1]) break;
  assert.equal(await send("r", "on", "2026-05-01T00:00:00.000Z", { store: shared }), "accepted");
  assert.equal(await send("r", "names", ["Ada"], { store: shared }), "accepted");
  const { on, names } = await run.result;
  assert.deepEqual([on, names], [new Date("2026-05-01T00:00:00.000Z"), new Set(["Ada"])]);
});

test(
  "a value sent as JSON to a run that is not under way is what the schema makes of it",
  limit,
  async () => {
    const shared = store();
    const dated = pipeline("dated").await("on", Schema.Date);
    const run = await dated.startPromise({}, { store: shared, runId: "r" });
    for await (const event of run.events) if (event.type === "step.waiting") break;
    await run.interrupt();
    await run.result.catch(() => {});
    assert.equal(await send("r", "on", "2026-05-01T00:00:00.000Z", { store: shared }), "accepted");
    const { on } = await Effect.runPromise(resume(dated, "r", { store: shared }));
    assert.deepEqual(on, new Date("2026-05-01T00:00:00.000Z"));
  },
);
