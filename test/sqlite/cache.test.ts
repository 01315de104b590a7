import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import type { PipelineEvent, StoreLayer } from "espalier";
import { pipeline, Store, type } from "espalier";
import { describe, expect, test } from "vitest";
import type { StoreService } from "../../src/journal/store.ts";
import { sleep, untyped } from "../core/support.ts";
import { Ran, storeAt, temporary, withStore } from "./support.ts";

const newFile = temporary();

/** The events of a run about its cached steps, as text. */
const told = (events: ReadonlyArray<PipelineEvent>) =>
  events.flatMap((event) =>
    event.type === "cache.hit"
      ? [`${event.path} from ${event.fromRun}`]
      : event.type === "cache.missed"
        ? [`${event.path}: ${event.reason}`]
        : [],
  );

/** The store of a file, with some of its functions replaced. */
const storeWith = (
  filename: string,
  changes: (service: StoreService) => Partial<Pick<StoreService, "startComputing" | "stopComputing">>,
): StoreLayer =>
  Layer.effect(
    Store,
    Effect.map(Store, (store) => {
      const service = store as unknown as StoreService;
      const changed = changes(service);
      const has = (key: PropertyKey): key is keyof typeof changed => key in changed;
      return new Proxy(service, {
        get: (_, key) => {
          if (has(key)) return changed[key];
          const member: unknown = Reflect.get(service, key);
          return typeof member === "function" ? member.bind(service) : member;
        },
      }) as unknown as typeof store;
    }),
  ).pipe(Layer.provide(storeAt(filename)));

const runAndTell = (p: any, inputs: unknown, runId: string) =>
  Effect.gen(function* () {
    const run = yield* p.start(inputs, { runId }) as Effect.Effect<any>;
    const outputs = yield* run.await as Effect.Effect<any>;
    const { runCollect } = yield* Effect.promise(() => import("effect/Stream"));
    const events = yield* runCollect(run.events) as Effect.Effect<ReadonlyArray<PipelineEvent>>;
    return { outputs, told: told(events) };
  });

const squares = (ran: Ran, cache: unknown) =>
  untyped
    .pipeline("squares")
    .input("n", type<number>())
    .step(
      "square",
      ["n"],
      ({ n }: { n: number }, { path }: { path: string }) => {
        ran.note(path);
        return n * n;
      },
      { cache },
    );

describe("A step with a cache", () => {
  test("is computed once for the same inputs and version, and says why it ran", async () => {
    const ran = new Ran();
    await withStore(
      newFile(),
      Effect.gen(function* () {
        const one = yield* runAndTell(squares(ran, true), { n: 3 }, "one");
        expect(one.told).toEqual(["square: it was never computed"]);
        const two = yield* runAndTell(squares(ran, true), { n: 3 }, "two");
        expect(two.outputs).toEqual({ n: 3, square: 9 });
        expect(two.told).toEqual(["square from one"]);
        expect(ran.since).toEqual(["square"]);
        expect((yield* runAndTell(squares(ran, true), { n: 4 }, "three")).told).toEqual([
          "square: its inputs changed",
        ]);
        expect((yield* runAndTell(squares(ran, { version: 2 }), { n: 3 }, "four")).told).toEqual([
          'square: its version changed from "" to "2"',
        ]);
      }),
    );
  });

  test("outlives the process", async () => {
    const file = newFile();
    const ran = new Ran();
    await squares(ran, true).runPromise({ n: 3 }, { store: storeAt(file) });
    await squares(ran, true).runPromise({ n: 3 }, { store: storeAt(file) });
    expect(ran.since).toEqual(["square"]);
  });

  test("is computed once however many ask for it at once, items of a map among them", async () => {
    const ran = new Ran();
    const p = pipeline("p")
      .step("items", [], () => [1, 2, 1, 2, 1])
      .map(
        "m",
        "items",
        [],
        async (item) => {
          ran.note(`item ${item}`);
          await sleep(20);
          return item * 2;
        },
        { cache: true },
      );
    const store = storeAt(newFile());
    const all = await Promise.all(["a", "b", "c"].map((runId) => p.runPromise({}, { store, runId })));
    for (const { m } of all) expect(m).toEqual([2, 4, 2, 4, 2]);
    expect(ran.since).toEqual(["item 1", "item 2"]);
  });

  test("never keeps a failure: the next who waits computes it", async () => {
    let calls = 0;
    const p = pipeline("p").step(
      "a",
      [],
      async () => {
        calls++;
        await sleep(10);
        if (calls === 1) throw new Error("once");
        return calls;
      },
      { cache: true },
    );
    const store = storeAt(newFile());
    const [one, two] = await Promise.allSettled([
      p.runPromise({}, { store, runId: "a" }),
      p.runPromise({}, { store, runId: "b" }),
    ]);
    expect(one.status).toBe("rejected");
    expect(two).toMatchObject({ status: "fulfilled", value: { a: 2 } });
  });

  test("that is refreshed does not take the old output when the other who computes it fails", async () => {
    let calls = 0;
    const p = pipeline("p").step(
      "a",
      [],
      async () => {
        const call = ++calls;
        await sleep(10);
        if (call === 2) throw new Error("once");
        return call;
      },
      { cache: true },
    );
    const store = storeAt(newFile());
    await p.runPromise({}, { store });
    const [one, two] = await Promise.allSettled([
      p.runPromise({}, { store, runId: "a", refresh: true }),
      p.runPromise({}, { store, runId: "b", refresh: true }),
    ]);
    expect(one.status).toBe("rejected");
    expect(two).toMatchObject({ status: "fulfilled", value: { a: 3 } });
  });

  test("that is refreshed waits for another process, and takes its new output, not the old one", async () => {
    const file = newFile();
    const value = (a: string) => pipeline("p").step("a", [], () => a, { cache: true });
    await value("old").runPromise({}, { store: storeAt(file) });
    // The other process computes it during the first two looks.
    let looks = 0;
    const store = storeWith(file, (service) => ({
      startComputing: (key) => {
        if (++looks < 3) return Effect.succeed(false);
        const text = JSON.stringify("new");
        if (looks === 3) service.putCached(key, { text, runId: "other", path: "a", time: Date.now() + 1 });
        return service.startComputing(key);
      },
    }));
    expect(await value("mine").runPromise({}, { store, refresh: true })).toEqual({ a: "new" });
    expect(looks).toBe(3);
  });

  test("gives its claim back when it is interrupted before the store has answered", async () => {
    const file = newFile();
    const interruptedAfter = async (moment: number): Promise<void> => {
      const claims: Array<string> = [];
      const asked = Promise.withResolvers<void>();
      const store = storeWith(file, (service) => ({
        startComputing: (key) => {
          asked.resolve();
          return Effect.tap(Effect.delay(service.startComputing(key), 4), () =>
            Effect.sync(() => claims.push("claimed")),
          );
        },
        stopComputing: (key) => {
          claims.push("given back");
          service.stopComputing(key);
        },
      }));
      const p = pipeline("p")
        .step("fails", [], async () => {
          await asked.promise;
          await sleep(moment);
          throw new Error("no");
        })
        .step("a", [], () => new Promise<number>(() => {}), { cache: true });
      const runId = `interrupted ${moment}`;
      await expect(p.runPromise({}, { store, runId, gracePeriod: 5 })).rejects.toThrow("no");
      await expect.poll(() => claims, { timeout: 30_000 }).toEqual(["claimed", "given back"]);
    };
    // The store stays open between the runs.
    await withStore(
      file,
      Effect.forEach([0, 1, 2, 4, 8], (moment) => Effect.promise(() => interruptedAfter(moment))),
    );
  });

  test("may have a key of its own, and a time to live", async () => {
    const ran = new Ran();
    const cache = { key: ({ n }: { n: number }) => n % 2, ttl: 1_500 };
    await withStore(
      newFile(),
      Effect.gen(function* () {
        expect((yield* runAndTell(squares(ran, cache), { n: 3 }, "a")).outputs.square).toBe(9);
        expect((yield* runAndTell(squares(ran, cache), { n: 5 }, "b")).outputs.square).toBe(9);
        yield* Effect.sleep(1_600);
        const late = yield* runAndTell(squares(ran, cache), { n: 5 }, "c");
        expect(late.outputs.square).toBe(25);
        expect(late.told).toEqual(["square: the output that run a computed is older than its ttl"]);
      }),
    );
  });

  test("keeps what a dynamic step exposes, and does not expand again", async () => {
    const ran = new Ran();
    const p = pipeline("p").dynamic(
      "d",
      [],
      (_, { path }) => {
        ran.note(path);
        return pipeline("sub").step("d", [], () => new Date(5).toISOString());
      },
      { cache: true, output: Schema.DateFromString },
    );
    await withStore(
      newFile(),
      Effect.gen(function* () {
        yield* p.run({}, { runId: "a" });
        expect(yield* p.run({}, { runId: "b" })).toEqual({ d: new Date(5) });
        expect(ran.since).toEqual(["d"]);
      }),
    );
  });

  test("runs where its inputs cannot be compared, and says so", async () => {
    const p = untyped
      .pipeline("p")
      .step("f", [], () => "x", { output: Schema.String })
      .step("a", ["f"], () => 1, { cache: { key: () => () => {} } });
    await withStore(
      newFile(),
      Effect.gen(function* () {
        const { told } = yield* runAndTell(p, {}, "a");
        expect(told).toEqual([
          "a: its inputs cannot be compared: it is a function: return plain data, or give the step an output schema.",
        ]);
      }),
    );
  });

  test("is not asked without a store", async () => {
    const ran = new Ran();
    await squares(ran, true).runPromise({ n: 3 });
    await squares(ran, true).runPromise({ n: 3 });
    expect(ran.since).toEqual(["square × 2"]);
  });
});
