/** The number of times that a run is resumed after its process dies: in one process, with a store in memory. */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import { pipeline, Runs, type } from "espalier";
import { Cluster } from "espalier/cluster";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MemoryStore } from "../../src/testing/memory-store.ts";

afterEach(() => void vi.restoreAllMocks());

const patient = pipeline("patient").await("ok", type<string>());

let lives = 0;
let hangs = 0;
/** In each life, one more item fails, which is recorded, and the next item never ends. */
const deadly = pipeline("deadly")
  .step("places", [], () => Array.from({ length: 20 }, (_, place) => place))
  .map(
    "killed",
    "places",
    [],
    (place) => {
      if (place < lives) return Effect.fail("down" as const);
      hangs = lives;
      return Effect.never;
    },
    { concurrency: 1, failures: "collect" },
  );

/** A runner on a store that runs until its process is killed. */
const runnerOn = async (memory: MemoryStore) => {
  const scope = Scope.makeUnsafe();
  const pipelines = [patient, deadly];
  const runner = Cluster.runner({ pipelines, store: memory.layer, drain: 0 });
  await Effect.runPromise(Layer.buildWithScope(runner, scope));
  const kill = async (): Promise<void> => {
    memory.restart();
    await Effect.runPromise(Scope.close(scope, Exit.void));
  };
  return { kill };
};

const soon = { timeout: 60_000, interval: 5 };

const runOf = async ({ layer: store }: MemoryStore) => (await Runs.listPromise({ store }))[0]!;

const waitsOf = ({ service }: MemoryStore) => Effect.runPromise(service.waiting());

describe("A run whose process dies", () => {
  test("is resumed five times in a row while it has a step under way, and then fails", async () => {
    const memory = new MemoryStore("tests");
    await Cluster.client({ store: memory.layer }).startPromise(deadly, {}, { runId: "r" });
    for (lives = 1; lives <= 6; lives++) {
      const { kill } = await runnerOn(memory);
      await vi.waitUntil(() => hangs === lives, soon);
      await kill();
    }
    const { kill } = await runnerOn(memory);
    await vi.waitUntil(async () => (await runOf(memory)).status === "failed", soon);
    await kill();
    expect(hangs).toBe(6);
    expect((await runOf(memory)).error).toMatch(
      /^It was resumed 5 times in a row, and its process died each time\./,
    );
  });

  test("is resumed however often while it only waits", async () => {
    let ahead = 0;
    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() + ahead);
    const memory = new MemoryStore("tests");
    const acquitted = vi.spyOn(memory.service, "acquit");
    const client = Cluster.client({ store: memory.layer });
    await client.startPromise(patient, {}, { runId: "r" });
    for (let life = 1; life <= 8; life++) {
      const { kill } = await runnerOn(memory);
      await vi.waitUntil(async () => (await runOf(memory)).status === "running", soon);
      await vi.waitUntil(async () => (await waitsOf(memory)).length === 1, soon);
      ahead += 2_000;
      if (life > 1) await vi.waitUntil(() => acquitted.mock.calls.length === life - 1, soon);
      await kill();
    }
    const { kill } = await runnerOn(memory);
    await client.signalPromise("r", "ok", "yes");
    expect(await client.runPromise(patient, {}, { runId: "r" })).toEqual({ ok: "yes" });
    await kill();
  });

  test("is taken as soon as the one before it waits, and not only once that has proven not to kill its process", async () => {
    const memory = new MemoryStore("tests");
    const client = Cluster.client({ store: memory.layer });
    const ids = ["a", "b", "c", "d"];
    for (const runId of ids) await client.startPromise(patient, {}, { runId });
    const first = await runnerOn(memory);
    await vi.waitUntil(async () => (await waitsOf(memory)).length === ids.length, soon);
    await first.kill();
    // The clock stands still, except for a tenth of a second after each run.
    let now = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => now);
    const { kill } = await runnerOn(memory);
    for (let taken = 1; taken <= ids.length; taken++) {
      await vi.waitUntil(async () => {
        const runs = await Runs.listPromise({ store: memory.layer, status: "running" });
        return runs.length === taken;
      }, soon);
      now += 100;
    }
    expect(await waitsOf(memory)).toHaveLength(ids.length);
    await kill();
  });
});
