/** Runners and clients in one process: submitted runs, refused runs, and runs left for other runners. */
import { hostname } from "node:os";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Logger from "effect/Logger";
import * as Metric from "effect/Metric";
import { CurrentLogAnnotations } from "effect/References";
import * as Scope from "effect/Scope";
import type { StoreLayer } from "espalier";
import { pipeline, Runs, type } from "espalier";
import type { RunnerOptions } from "espalier/cluster";
import { Cluster } from "espalier/cluster";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";
import { SqliteStore } from "espalier/sqlite";
import { temporary } from "../sqlite/support.ts";
import { bill } from "./fixtures/pipelines.ts";

const newFile = temporary();
const open: Array<() => Promise<void>> = [];
const newStore = (): StoreLayer => SqliteStore.layer({ filename: newFile() });
const module = new URL("fixtures/pipelines.ts", import.meta.url);

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** A runner that runs until it is closed, with its log messages and their annotations. */
const running = async (options: RunnerOptions) => {
  const said: Array<string> = [];
  const annotated = new Map<string, Readonly<Record<string, unknown>>>();
  const logger = Logger.make<unknown, void>(({ message, fiber }) => {
    said.push(String(message));
    annotated.set(String(message), { ...fiber.getRef(CurrentLogAnnotations) });
  });
  const scope = Scope.makeUnsafe();
  const built = Layer.buildWithScope(Layer.provide(Cluster.runner(options), Logger.layer([logger])), scope);
  await Effect.runPromise(built);
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void));
  open.push(close);
  const says = async (what: string) => {
    while (!said.some((line) => line.includes(what))) await new Promise((done) => setTimeout(done, 5));
  };
  return { said, annotated, says, close };
};

const waits = pipeline("waits")
  .await("ok", type<string>())
  .step("answer", ["ok"], ({ ok }) => `${ok}!`);

describe("A client of a cluster", () => {
  test("runs a pipeline of a module that a runner has, and gets its outputs as a run gives them", async () => {
    const store = newStore();
    await running({ module, store });
    const client = Cluster.client({ store });
    const outputs = await client.runPromise(bill, { prices: [1, 2, 3] });
    expect(outputs).toMatchObject({ total: 12, when: new Date(12) });
    expectTypeOf(outputs.when).toEqualTypeOf<Date>();
  });

  test("submits before there is a runner, by the name of a pipeline too; the same id is the same run", async () => {
    const store = newStore();
    const client = Cluster.client({ store });
    const first = await client.startPromise("bill", { prices: [1] }, { runId: "b" });
    expect(first).toEqual({ id: "b" });
    expect((await Runs.getPromise("b", { store })).status).toBe("submitted");
    expect((await Runs.listPromise({ store, status: "submitted" })).map(({ id }) => id)).toEqual(["b"]);
    await expect(client.startPromise("bill", { prices: [2] }, { runId: "b" })).rejects.toMatchObject({
      _tag: "RunExists",
    });
    await expect(client.startPromise("toll", {}, { runId: "b" })).rejects.toMatchObject({
      _tag: "RunExists",
      reason: expect.stringContaining('a run of "bill"'),
    });
    await running({ module, store });
    expect(await client.runPromise(bill, { prices: [1] }, { runId: "b" })).toMatchObject({ total: 2 });
  });

  test("reports wrong inputs: here, or from the runner if the pipeline is only named", async () => {
    const store = newStore();
    const client = Cluster.client({ store });
    const wrong = { prices: ["many"] } as never;
    await expect(client.startPromise(bill, wrong)).rejects.toMatchObject({
      _tag: "InvalidInput",
      input: "prices",
    });
    await client.startPromise("bill", wrong, { runId: "w" });
    const { says } = await running({ module, store });
    await says('Run w of "bill" fails');
    while ((await Runs.getPromise("w", { store })).status !== "failed") await new Promise(setImmediate);
    expect((await Runs.listPromise({ store }))[0]!.error).toContain("prices");
    await expect(client.startPromise(bill, { prices: [] }, { runId: "a/b" })).rejects.toMatchObject({
      _tag: "InvalidInput",
    });
    await expect(client.startPromise("bill", { prices: () => {} })).rejects.toMatchObject({
      _tag: "InvalidInput",
    });
  });

  test("cancels a run before a runner takes it, and sends a value before its step waits", async () => {
    const store = newStore();
    const client = Cluster.client({ store });
    await client.startPromise(waits, {}, { runId: "never" });
    await client.cancelPromise("never");
    const { id } = await client.startPromise(waits, {}, { runId: "asked" });
    expect(await client.signalPromise(id, "ok", "yes")).toBe("kept");
    await running({ pipelines: [waits], store });
    expect(await client.runPromise(waits, {}, { runId: id })).toEqual({ ok: "yes", answer: "yes!" });
    expect((await Runs.getPromise("never", { store })).status).toBe("interrupted");
    await expect(client.cancelPromise("nobody")).rejects.toMatchObject({ _tag: "RunNotFound" });
    await expect(client.runPromise(waits, {}, { runId: "never" })).rejects.toMatchObject({
      _tag: "SubmittedRunFailed",
      status: "interrupted",
    });
  });

  test("needs one place to meet the runners", async () => {
    const store = newStore();
    await expect(Cluster.client({}).startPromise("bill")).rejects.toMatchObject({
      message: expect.stringContaining("got neither"),
    });
    const both = Cluster.client({ store, database: "postgres://localhost/none" });
    await expect(both.startPromise("bill")).rejects.toMatchObject({
      message: expect.stringContaining("got both"),
    });
  });
});

describe("A runner", () => {
  test("leaves runs of other pipelines and of other versions to others, and says so", async () => {
    const store = newStore();
    const client = Cluster.client({ store });
    const older = pipeline("bill").step("total", [], () => 1);
    await client.startPromise(older, {}, { runId: "older" });
    await client.startPromise(waits, {}, { runId: "other" });
    const { says } = await running({ module, store });
    await says("Run older is left to a process that has its version of the pipeline");
    await says('Run other is of "waits", which is not among the pipelines here');
    for (const id of ["older", "other"])
      expect((await Runs.getPromise(id, { store })).status).toBe("submitted");
    await running({ pipelines: [older], store });
    expect(await client.runPromise(older, {}, { runId: "older" })).toEqual({ total: 1 });
  });

  test("releases unfinished runs when it is closed, and another runner resumes them", async () => {
    const store = newStore();
    const client = Cluster.client({ store });
    let runs = 0;
    const slow = pipeline("slow")
      .step("first", [], () => ++runs)
      .await("ok", type<string>(), { after: ["first"] });
    await client.startPromise(slow, {}, { runId: "s" });
    const first = await running({ pipelines: [slow], store, drain: 0 });
    while ((await Runs.waitingPromise({ store })).length === 0) await new Promise(setImmediate);
    await first.close();
    expect((await Runs.getPromise("s", { store })).status).toBe("crashed");
    await running({ pipelines: [slow], store });
    await client.signalPromise("s", "ok", "yes");
    expect(await client.runPromise(slow, {}, { runId: "s" })).toEqual({ first: 1, ok: "yes" });
    expect(runs).toBe(1);
  });

  test.each<[string, RunnerOptions, string]>([
    ["no pipelines", {}, "it was given no pipelines"],
    ["no module", { module: new URL("fixtures/none.ts", import.meta.url) }, "cannot be loaded"],
    ["a module that throws", { module: new URL("fixtures/throws.ts", import.meta.url) }, "no such table"],
    ["two of one name", { pipelines: [pipeline("a").step("x", [], () => 1), pipeline("a")] }, '"a"'],
  ])("cannot start with %s, and says why", async (_, options, reason) => {
    const building = Effect.scoped(Layer.build(Cluster.runner({ store: newStore(), ...options })));
    await expect(Effect.runPromise(building)).rejects.toMatchObject({
      _tag: "RunnerFailed",
      reason: expect.stringContaining(reason),
    });
  });

  test("marks log lines and metrics of a run with itself and with the epoch of its claim", async () => {
    const store = newStore();
    const client = Cluster.client({ store });
    const marked = pipeline("marked")
      .step("before", [], (_, { log }) => log("one"))
      .await("go", type<boolean>())
      .step("after", ["go"], (_, { log }) => log("two"));
    const first = await running({ pipelines: [marked], store });
    const { id } = await client.startPromise(marked, {});
    await first.says("one");
    await first.close();
    const second = await running({ pipelines: [marked], store });
    await client.signalPromise(id, "go", true);
    await client.runPromise(marked, {}, { runId: id });
    const runner = `${hostname()}:${process.pid}`;
    const marks = (path: string, epoch: number) =>
      expect.objectContaining({
        "espalier.runner": runner,
        "espalier.epoch": epoch,
        "espalier.run": id,
        "espalier.path": path,
      });
    expect(first.annotated.get("one")).toEqual(marks("before", 1));
    expect(second.annotated.get("two")).toEqual(marks("after", 2));
    const counted = (await Effect.runPromise(Metric.snapshot))
      .filter((metric) => metric.id === "espalier_steps" && metric.attributes?.["pipeline"] === "marked")
      .map(({ attributes }) => [attributes?.["runner"], attributes?.["epoch"]]);
    expect(counted).toContainEqual([runner, "1"]);
    expect(counted).toContainEqual([runner, "2"]);
  });
});
