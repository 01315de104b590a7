/** `Runs`: recorded runs, read and cancelled while they run in this or another process. */
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { pipeline, Runs, Signal, type } from "espalier";
import { expect, test } from "vitest";
import { storeAt, temporary } from "./support.ts";

const newFile = temporary();

const sleep = (millis: number): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, millis);
  });

const day = Schema.Struct({ at: Schema.Date });

const flow = pipeline("flow")
  .input("n", type<number>())
  .step("day", ["n"], ({ n }) => ({ at: new Date(n) }), { output: day })
  .await("approval", type<string>(), { after: ["day"] })
  .returns("approval");

test("a run that waits is listed, read, and answered", async () => {
  const store = storeAt(newFile());
  const before = Date.now();
  const running = flow.runPromise({ n: 0 }, { store, runId: "r" });
  while ((await Runs.waitingPromise({ store })).length === 0) await sleep(10);
  const [wait] = await Runs.waitingPromise({ store });
  expect(wait).toMatchObject({ runId: "r", path: "approval" });
  expect(wait!.since).toBeGreaterThanOrEqual(before);
  expect(await Runs.listPromise({ store })).toMatchObject([
    { id: "r", pipeline: "flow", status: "running", ended: undefined },
  ]);
  expect(await Runs.getPromise("r", { store })).toMatchObject({
    status: "running",
    inputs: { n: 0 },
    steps: [{ path: "day", status: "succeeded", attempt: 1 }],
    waiting: [{ runId: "r", path: "approval" }],
  });
  // Encoded, as it is recorded.
  expect(await Runs.valuePromise("r", "day", { store })).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  await Effect.runPromise(Signal.send("r", "approval", "yes", { store }));
  expect(await running).toEqual({ approval: "yes" });
  expect(await Runs.waitingPromise({ store })).toEqual([]);
  const done = await Runs.getPromise("r", { store });
  expect(done).toMatchObject({ status: "succeeded", waiting: [] });
  expect(done.ended).toBeGreaterThanOrEqual(done.began);
});

test("an option that there is not, or a wrong one, is refused before the store is asked", async () => {
  const store = storeAt(newFile());
  const any = (options: object): any => ({ store, ...options });
  const all = [
    [
      Runs.listPromise(any({ statuses: "failed" })),
      "statuses",
      /Runs.list has no option "statuses".*"status"/,
    ],
    [Runs.listPromise(any({ status: "done" })), "status", /status must be "submitted", .*; got "done"/],
    [Runs.listPromise(any({ limit: "3" })), "limit", /must be a number of at least 0; got "3"/],
    [Runs.getPromise("r", any({ value: true })), "value", /Did you mean "values"/],
    [Runs.valuePromise("r", "a", any({ values: true })), "values", /Runs.value has no option "values"/],
    [Runs.waitingPromise(any({ limit: 1 })), "limit", /Runs.waiting has no option "limit"/],
    [Runs.cancelPromise("r", any({ compensate: "yes" })), "compensate", /true or false/],
    [Runs.prunePromise(any({ olderThen: "1 day" })), "olderThen", /Did you mean "olderThan"/],
    [Runs.listPromise({ store: "runs.db" } as any), "store", /must be a layer/],
    [Runs.listPromise(null as any), "options", /must be an object; got null/],
  ] as const;
  for (const [asked, input, reason] of all) {
    await expect(asked).rejects.toMatchObject({
      _tag: "InvalidInput",
      input,
      reason: expect.stringMatching(reason),
    });
  }
  await expect(Signal.sendPromise("r", "a", 1, any({ stores: 1 }))).rejects.toMatchObject({
    _tag: "SignalRefused",
    reason: expect.stringContaining('Signal.send has no option "stores"'),
  });
});

test("a run under way is cancelled, once", async () => {
  const store = storeAt(newFile());
  const running = flow.runPromise({ n: 0 }, { store, runId: "r" }).then(
    () => "succeeded",
    () => "stopped",
  );
  while ((await Runs.waitingPromise({ store })).length === 0) await sleep(10);
  await Runs.cancelPromise("r", { store });
  expect(await running).toBe("stopped");
  expect(await Runs.getPromise("r", { store })).toMatchObject({ status: "interrupted", waiting: [] });
  await expect(Runs.cancelPromise("r", { store })).rejects.toMatchObject({ _tag: "CancelRefused" });
  await expect(Runs.cancelPromise("no", { store })).rejects.toMatchObject({ _tag: "RunNotFound" });
});

test("lists are filtered, and anything missing is reported", async () => {
  const store = storeAt(newFile());
  const one = pipeline("one").step("a", [], () => undefined);
  const two = pipeline("two").step("a", [], () => Effect.fail("no" as const));
  await one.runPromise({}, { store, runId: "1" });
  await two.runPromise({}, { store, runId: "2" }).catch(() => {});
  await one.runPromise({}, { store, runId: "3" });
  const ids = async (filter: object) => (await Runs.listPromise({ store, ...filter })).map(({ id }) => id);
  expect(await ids({})).toEqual(["3", "2", "1"]);
  expect(await ids({ pipeline: "one" })).toEqual(["3", "1"]);
  expect(await ids({ status: "failed" })).toEqual(["2"]);
  expect(await ids({ limit: 2 })).toEqual(["3", "2"]);
  expect(await ids({ limit: 0 })).toEqual([]);
  expect(await Runs.valuePromise("1", "a", { store })).toBe(undefined);
  await expect(Runs.valuePromise("1", "b", { store })).rejects.toMatchObject({ _tag: "InvalidInput" });
  await expect(Runs.valuePromise("4", "a", { store })).rejects.toMatchObject({ _tag: "RunNotFound" });
  await expect(Runs.getPromise("4", { store })).rejects.toMatchObject({ _tag: "RunNotFound" });
  await expect(Runs.listPromise({ store, status: "suceeded" as any })).rejects.toThrow(/"succeeded"/);
  await expect(Runs.listPromise()).rejects.toMatchObject({ _tag: "InvalidInput", input: "store" });
});

test("an id that no run can have is not found, and one that is not a string is refused", async () => {
  const store = storeAt(newFile());
  // The store holds text as UTF-8, in which a lone surrogate would become this character.
  await pipeline("p")
    .await("a", type<string>(), { timeout: "1 milli", fallback: "late" })
    .runPromise({}, { store, runId: "\uFFFD" });
  for (const [id, tag] of [
    ["\uD800", "RunNotFound"],
    ["", "RunNotFound"],
    ["a/b", "RunNotFound"],
    [17, "InvalidInput"],
    [null, "InvalidInput"],
  ] as ReadonlyArray<[any, string]>) {
    await expect(Runs.getPromise(id, { store })).rejects.toMatchObject({ _tag: tag });
    await expect(Runs.valuePromise(id, "a", { store })).rejects.toMatchObject({ _tag: tag });
    await expect(Runs.cancelPromise(id, { store })).rejects.toMatchObject({ _tag: tag });
    const sent = typeof id === "string" ? "RunNotFound" : "SignalRefused";
    await expect(Signal.sendPromise(id, "a", "x", { store })).rejects.toMatchObject({ _tag: sent });
  }
  await expect(Runs.valuePromise("\uFFFD", {} as any, { store })).rejects.toThrow(/path must be a string/);
});

test("a run is read with its values and its graph, from which the commands make what they print", async () => {
  const store = storeAt(newFile());
  const grown = pipeline("grown")
    .input("ns", type<ReadonlyArray<number>>())
    .map(
      "halves",
      "ns",
      [],
      (n) =>
        n % 2 === 0 ? pipeline("half").step("halves", [], () => n / 2) : Promise.reject(new Error("odd")),
      { failures: "collect" },
    )
    .step("flaky", [], () => Promise.reject(new Error("down")), { fallback: "spare" })
    .await("approval", type<string>(), { after: ["halves", "flaky"] });
  const running = grown.runPromise({ ns: [2, 3] }, { store, runId: "first" });
  while ((await Runs.waitingPromise({ store })).length === 0) await sleep(10);

  const plain = await Runs.getPromise("first", { store });
  expect(plain.graph).toBe(undefined);
  expect(plain.steps.some((step) => "value" in step)).toBe(false);

  const read = await Runs.getPromise("first", { store, values: true, graph: true });
  const values = Object.fromEntries(read.steps.map(({ path, value }) => [path, value]));
  expect(values).toMatchObject({ "halves[0]/halves": 1, flaky: "spare" });
  expect(read.steps.find(({ path }) => path === "halves[1]")).toMatchObject({
    status: "failed",
    error: expect.stringContaining("odd"),
  });
  expect(read.graph).toMatchObject([
    { path: "approval", kind: "await", status: "waiting", children: [] },
    { path: "flaky", kind: "step", status: "done", fallbackFor: expect.stringContaining("down") },
    {
      path: "halves",
      kind: "map",
      status: "done",
      isExpanded: true,
      children: [
        {
          path: "halves[0]",
          name: "0",
          kind: "item",
          isExpanded: true,
          children: [{ path: "halves[0]/halves", name: "halves", status: "done" }],
        },
        { path: "halves[1]", status: "failed", error: expect.stringContaining("odd") },
      ],
    },
  ]);
  expect(JSON.parse(JSON.stringify(read))).toMatchObject({ id: "first", status: "running" });
  await Signal.sendPromise("first", "approval", "yes", { store });
  await running;
  const { graph } = await Effect.runPromise(Runs.get("first", { store, graph: true }));
  expect(graph!.map(({ status }) => status)).toEqual(["done", "done", "done"]);
});

test("runs are found by the beginning of their ids, and deleted by their age", async () => {
  const store = storeAt(newFile());
  const one = pipeline("one").step("a", [], () => 1);
  const fails = pipeline("fails").step("a", [], () => Effect.fail("no" as const));
  for (const runId of ["may-1", "may-2", "june-1"]) await one.runPromise({}, { store, runId });
  await fails.runPromise({}, { store, runId: "may-3" }).catch(() => {});
  const ids = async (idPrefix: string) => (await Runs.listPromise({ store, idPrefix })).map(({ id }) => id);
  expect(await ids("may")).toEqual(["may-3", "may-2", "may-1"]);
  expect(await ids("may-1")).toEqual(["may-1"]);
  expect(await ids("%")).toEqual([]);
  expect(await ids("")).toHaveLength(4);
  const [first, second] = await Runs.listPromise({ store, limit: 2 });
  const found = async (filter: {
    readonly search?: string;
    readonly after?: { id: string; began: number };
  }) => (await Runs.listPromise({ store, ...filter })).map(({ id }) => id);
  expect(await found({ after: second! })).toEqual((await ids("")).slice(2));
  expect(await found({ search: "JUNE" })).toEqual(["june-1"]);
  expect(await found({ search: "fail", after: first! })).toEqual([]);
  await expect(found({ after: "may-1" as any })).rejects.toThrow(/after must be a run of the list.*"may-1"/);
  expect(await Runs.infoPromise("may-3", { store })).toEqual(first);
  await expect(Runs.infoPromise("may", { store })).rejects.toMatchObject({ _tag: "RunNotFound" });

  expect(await Runs.prunePromise({ store, olderThan: "1 day" })).toBe(0);
  await sleep(2);
  expect(await Runs.prunePromise({ store, olderThan: 0 })).toBe(3);
  expect(await ids("")).toEqual(["may-3"]);
  expect(await Effect.runPromise(Runs.prune({ store, olderThan: 0, resumable: true }))).toBe(1);
  for (const olderThan of ["5d", -1, NaN, undefined] as ReadonlyArray<any>)
    await expect(Runs.prunePromise({ store, olderThan })).rejects.toMatchObject({
      _tag: "InvalidInput",
      input: "olderThan",
    });
  await expect(Runs.prunePromise({ store } as any)).rejects.toThrow(/olderThan/);
});

test("what was under way inside a map that failed is shown as stopped", async () => {
  const store = storeAt(newFile());
  const many = pipeline("many")
    .step("xs", [], () => [0, 1, 2, 3])
    .map("m", "xs", [], (x) =>
      pipeline("item")
        .step("u", [], () => x)
        .step("m", ["u"], async ({ u }) => {
          if (u === 1) throw new Error("no");
          return u;
        }),
    )
    .returns("m");
  await many.runPromise({}, { store, runId: "r" }).catch(() => {});
  const { graph } = await Runs.getPromise("r", { store, graph: true });
  const states = new Set<string>();
  for (const nodes = [...graph!]; nodes.length > 0; ) {
    const { status, children } = nodes.pop()!;
    states.add(status);
    nodes.push(...children);
  }
  expect(states).toContain("failed");
  expect(["running", "waiting", "retrying"].filter((status) => states.has(status))).toEqual([]);
});

test("a value that is nested too deeply to record is refused in a sentence that is read", async () => {
  const store = storeAt(newFile());
  let deep: unknown = [];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  const run = await pipeline("p").await("w", type<unknown>()).startPromise({}, { store, runId: "r" });
  for await (const { type } of run.events) if (type === "step.waiting") break;
  const refused: any = await Signal.sendPromise("r", "w", deep, { store }).catch((error) => error);
  expect(refused.reason).toMatch(
    /^The value does not fit: it cannot be recorded: .*nested more than 2000 deep/,
  );
  expect(refused.reason.length).toBeLessThan(200);
  await run.interrupt();
});
