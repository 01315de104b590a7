/** Schedules: valid schedules, the times when they fire, and one run for each tick. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import * as Layer from "effect/Layer";
import * as TestClock from "effect/testing/TestClock";
import type { ScheduleCatchUp, ScheduleOverlap } from "espalier";
import { InvalidSchedule, pipeline, Runs, schedule, Store, StoreError, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { afterAll, describe, expect, test } from "vitest";
import type { StoreService } from "../../src/journal/store.ts";
import type { AnySchedule } from "../../src/schedule.ts";
import { isSchedule } from "../../src/schedule.ts";
import { runSchedule, setPaused } from "../../src/serve/scheduler.ts";
import type { Starter } from "../../src/serve/scheduler.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";

const report = pipeline("report")
  .input("day", type<string>())
  .step("text", ["day"], ({ day }) => `Sales of ${day}`);

const day = (tick: Date) => ({ day: tick.toISOString().slice(0, 10) });

describe("A schedule", () => {
  const times = (cron: string, timeZone: string, after: string, count = 3) =>
    schedule("s", { cron, timeZone, pipeline: report, inputs: day })
      .next(count, new Date(after))
      .map((tick) => tick.toISOString());

  test("knows its next ticks, five of them by default", () => {
    const nightly = schedule("nightly", { cron: "0 3 * * *", pipeline: report, inputs: day });
    expect(nightly.next(2, new Date("2026-01-01T03:00:00Z")).map((tick) => tick.toISOString())).toEqual([
      "2026-01-02T03:00:00.000Z",
      "2026-01-03T03:00:00.000Z",
    ]);
    expect(nightly.next()).toHaveLength(5);
    expect(nightly).toMatchObject({ timeZone: "UTC", overlap: "skip", catchUp: "none" });
  });

  test("follows daylight saving: a time in the gap fires right after it, one that is there twice fires once", () => {
    // Berlin: clocks skip from 2:00 to 3:00 on 29 March 2026, and the hour from 2:00 to 3:00 occurs twice on 25 October.
    expect(times("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z")).toEqual([
      "2026-03-28T01:30:00.000Z",
      "2026-03-29T01:30:00.000Z",
      "2026-03-30T00:30:00.000Z",
    ]);
    expect(times("30 2 * * *", "Europe/Berlin", "2026-10-24T00:00:00Z")).toEqual([
      "2026-10-24T00:30:00.000Z",
      "2026-10-25T00:30:00.000Z",
      "2026-10-26T01:30:00.000Z",
    ]);
  });

  test("lists the ticks that have passed", () => {
    const hourly = schedule("hourly", { cron: "0 * * * *", pipeline: report, inputs: day });
    if (!isSchedule(hourly)) throw new Error("It is not a schedule.");
    const passed = hourly.between(Date.parse("2026-01-01T01:00:00Z"), Date.parse("2026-01-01T04:00:00Z"), 2);
    expect(passed.map((tick) => tick.toISOString())).toEqual([
      "2026-01-01T03:00:00.000Z",
      "2026-01-01T04:00:00.000Z",
    ]);
  });

  const untyped = schedule as unknown as (name: unknown, options: unknown) => unknown;
  const fine = { cron: "0 3 * * *", pipeline: report, inputs: day };
  test.each([
    ["an empty name", "", fine, /name must not be empty/],
    ["a name that is not a run id", "a/b", fine, /must not contain "\/"/],
    ["a name with the mark of a tick", "a@b", fine, /must not contain .*"@"/],
    ["no options", "s", undefined, /options must be an object; got undefined/],
    ["no cron", "s", { ...fine, cron: undefined }, /cron is missing/],
    [
      "an invalid cron expression",
      "s",
      { ...fine, cron: "every night" },
      /cron is not a valid expression: "every night"/,
    ],
    ["an invalid minute", "s", { ...fine, cron: "61 * * * *" }, /cron is not a valid expression/],
    ["a date that never comes", "s", { ...fine, cron: "0 0 30 2 *" }, /never fires/],
    ["an unknown zone", "s", { ...fine, timeZone: "Europe/Bärlin" }, /IANA time zone.*got "Europe\/Bärlin"/],
    ["no pipeline", "s", { ...fine, pipeline: 1 }, /pipeline must be a pipeline; got a number/],
    ["an unknown overlap", "s", { ...fine, overlap: "sikp" }, /overlap must be "skip",/],
    ["a misspelt option", "s", { ...fine, timezone: "UTC" }, /no option "timezone".*timeZone/],
  ])("refuses %s", (_, name, options, sentence) => {
    expect(() => untyped(name, options)).toThrow(InvalidSchedule);
    expect(() => untyped(name, options)).toThrow(sentence);
  });
});

/** A process that serves schedules, on a store, in virtual time. Its runs end on request. */
const serving = (store: StoreService, taken = new Set<string>()) => {
  const started: Array<string> = [];
  const said: Array<string> = [];
  const cancelled: Array<string> = [];
  const open = new Map<string, () => void>();
  const starter: Starter = {
    store,
    isGivenUp: () => false,
    isDraining: () => false,
    say: (line) => said.push(line),
    cancel: (runId) =>
      Effect.sync(() => {
        cancelled.push(runId);
        open.get(runId)?.();
      }),
    startNew: (schedule, runId) =>
      Effect.gen(function* () {
        if (taken.has(runId)) return "taken" as const;
        taken.add(runId);
        const run = {
          id: runId,
          pipeline: schedule.pipeline.name,
          shape: "",
          inputs: "{}",
          origin: undefined,
        };
        const claim = yield* Effect.orDie(
          store.claim(runId, { ...run, time: Date.parse(runId.split("@")[1]!) }),
        );
        if (claim.type !== "new") return "taken" as const;
        started.push(runId.split("@")[1]!);
        open.set(runId, () => {
          open.delete(runId);
          claim.journal.end("succeeded", undefined, 0, () => {});
        });
        return "started" as const;
      }),
  };
  const endAll = (): void => {
    for (const end of Array.from(open.values())) end();
  };
  return { starter, started, said, cancelled, endAll };
};

const storeOf = (memory: MemoryStore): Effect.Effect<StoreService> =>
  Effect.scoped(
    Effect.map(Layer.build(memory.layer), (context) => Context.get(context, Store)),
  ) as Effect.Effect<StoreService>;

const minutely = (overlap: ScheduleOverlap, catchUp: ScheduleCatchUp): AnySchedule =>
  schedule("s", {
    cron: "* * * * *",
    pipeline: report,
    inputs: day,
    overlap,
    catchUp,
  }) as unknown as AnySchedule;

const start = Date.parse("2026-01-01T00:00:30Z");

const virtually = <Value>(program: Effect.Effect<Value, unknown>): Promise<Value> =>
  Effect.runPromise(
    Effect.provide(
      Effect.andThen(TestClock.setTime(start), program),
      TestClock.layer(),
    ) as Effect.Effect<Value>,
  );

/** Lets every fiber run until it waits for the clock or the store. */
const settle = Effect.promise(async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setTimeout(done, 1));
});

const pass = (time: string) =>
  Effect.andThen(Effect.andThen(settle, TestClock.adjust(time as never)), settle);

describe("A served schedule", () => {
  const at = (minute: number): string => `2026-01-01T00:${String(minute).padStart(2, "0")}:00Z`;

  test("starts one run at each tick, with the tick in its id", () =>
    virtually(
      Effect.gen(function* () {
        const server = serving(yield* storeOf(new MemoryStore("m")));
        yield* Effect.forkChild(runSchedule(server.starter, minutely("allow", "none")));
        yield* pass("29 seconds");
        expect(server.started).toEqual([]);
        yield* pass("2 minutes");
        expect(server.started).toEqual([at(1), at(2)]);
      }),
    ));

  test("is fired once a tick by however many processes", () =>
    virtually(
      Effect.gen(function* () {
        const memory = new MemoryStore("m");
        const store = yield* storeOf(memory);
        const servers = [serving(store), serving(store), serving(store)];
        for (const { starter } of servers)
          yield* Effect.forkChild(runSchedule(starter, minutely("allow", "none")));
        yield* pass("5 minutes");
        expect(servers.flatMap(({ started }) => started).sort()).toEqual([1, 2, 3, 4, 5].map(at));
      }),
    ));

  test("skips a tick while an earlier run is under way", () =>
    virtually(
      Effect.gen(function* () {
        const server = serving(yield* storeOf(new MemoryStore("m")));
        yield* Effect.forkChild(runSchedule(server.starter, minutely("skip", "none")));
        yield* pass("3 minutes");
        expect(server.started).toEqual([at(1)]);
        expect(server.said.filter((line) => line.includes("skipped"))).toHaveLength(2);
        server.endAll();
        yield* pass("1 minutes");
        expect(server.started).toEqual([at(1), at(4)]);
      }),
    ));

  test("queues ticks, and runs them one after another", () =>
    virtually(
      Effect.gen(function* () {
        const server = serving(yield* storeOf(new MemoryStore("m")));
        yield* Effect.forkChild(runSchedule(server.starter, minutely("queue", "none")));
        yield* pass("3 minutes");
        expect(server.started).toEqual([at(1)]);
        server.endAll();
        yield* pass("1 seconds");
        expect(server.started).toEqual([at(1), at(2)]);
        server.endAll();
        yield* pass("1 seconds");
        expect(server.started).toEqual([at(1), at(2), at(3)]);
      }),
    ));

  test("replaces the earlier run, which is cancelled first", () =>
    virtually(
      Effect.gen(function* () {
        const server = serving(yield* storeOf(new MemoryStore("m")));
        yield* Effect.forkChild(runSchedule(server.starter, minutely("replace", "none")));
        yield* pass("2 minutes");
        yield* pass("1 seconds");
        expect(server.started).toEqual([at(1), at(2)]);
        expect(server.cancelled).toEqual([`s@${at(1)}`]);
      }),
    ));

  test.each([
    ["none", []],
    ["last", [4]],
    ["all", [2, 3, 4]],
  ] as const)("after it was not served for a while, catches up on %s", (catchUp, caught) =>
    virtually(
      Effect.gen(function* () {
        const store = yield* storeOf(new MemoryStore("m"));
        const before = serving(store);
        const first = yield* Effect.forkChild(runSchedule(before.starter, minutely("allow", catchUp)));
        yield* pass("1 minutes");
        yield* Fiber.interrupt(first);
        yield* pass("3 minutes");
        const after = serving(store);
        yield* Effect.forkChild(runSchedule(after.starter, minutely("allow", catchUp)));
        yield* pass("10 seconds");
        expect(before.started).toEqual([at(1)]);
        expect(after.started).toEqual(caught.map(at));
        yield* pass("1 minutes");
        expect(after.started.at(-1)).toBe(at(5));
      }),
    ),
  );

  test("catches up on the first tick that it missed, although it has never run", () =>
    virtually(
      Effect.gen(function* () {
        const store = yield* storeOf(new MemoryStore("m"));
        const first = yield* Effect.forkChild(runSchedule(serving(store).starter, minutely("allow", "all")));
        yield* pass("10 seconds");
        yield* Fiber.interrupt(first);
        yield* pass("2 minutes");
        const after = serving(store);
        yield* Effect.forkChild(runSchedule(after.starter, minutely("allow", "all")));
        yield* pass("1 seconds");
        expect(after.started).toEqual([at(1), at(2)]);
      }),
    ));

  test.each([
    ["runs a tick that comes while its file is loaded again", true, [at(2), at(3)]],
    ["misses a tick that comes while no process serves it", false, [at(3)]],
  ] as const)("%s", (_, continues, expected) =>
    virtually(
      Effect.gen(function* () {
        const store = yield* storeOf(new MemoryStore("m"));
        const first = yield* Effect.forkChild(runSchedule(serving(store).starter, minutely("allow", "none")));
        yield* pass("1 minutes");
        yield* Fiber.interrupt(first);
        yield* pass("40 seconds");
        const after = serving(store);
        yield* Effect.forkChild(runSchedule(after.starter, minutely("allow", "none"), continues));
        yield* pass("1 minutes");
        expect(after.started).toEqual(expected);
      }),
    ),
  );

  test("runs the ticks that were queued when its process ended, one after another, whatever it catches up on", () =>
    virtually(
      Effect.gen(function* () {
        const store = yield* storeOf(new MemoryStore("m"));
        const before = serving(store);
        const first = yield* Effect.forkChild(runSchedule(before.starter, minutely("queue", "none")));
        yield* pass("3 minutes");
        expect(before.started).toEqual([at(1)]);
        yield* Fiber.interrupt(first);
        before.endAll();
        yield* pass("2 minutes");
        const after = serving(store);
        yield* Effect.forkChild(runSchedule(after.starter, minutely("queue", "none")));
        yield* pass("1 seconds");
        expect(after.started).toEqual([at(2)]);
        for (let i = 0; i < 2; i++) {
          after.endAll();
          yield* pass("30 seconds");
        }
        // The ticks of minutes 4 and 5 were missed.
        expect(after.started).toEqual([at(2), at(3), at(6)]);
      }),
    ));

  test("starts no run of a tick while its server is about to stop, and leaves it to the next one", () =>
    virtually(
      Effect.gen(function* () {
        const store = yield* storeOf(new MemoryStore("m"));
        const before = serving(store);
        const stopping = { ...before.starter, isDraining: () => true };
        const first = yield* Effect.forkChild(runSchedule(stopping, minutely("allow", "none")));
        yield* pass("1 minutes");
        yield* Fiber.interrupt(first);
        expect(before.started).toEqual([]);
        const after = serving(store);
        yield* Effect.forkChild(runSchedule(after.starter, minutely("allow", "none")));
        yield* pass("1 seconds");
        expect(after.started).toEqual([at(1)]);
      }),
    ));

  test("tries a tick again whose run the store could not take", () =>
    virtually(
      Effect.gen(function* () {
        const server = serving(yield* storeOf(new MemoryStore("m")));
        let failures = 3;
        const starter: Starter = {
          ...server.starter,
          startNew: (...given) =>
            failures-- > 0
              ? Effect.fail(new StoreError({ store: "m", kind: "unreachable", reason: "it is away" }))
              : server.starter.startNew(...given),
        };
        yield* Effect.forkChild(runSchedule(starter, minutely("allow", "none")));
        for (let i = 0; i < 5; i++) yield* pass("10 seconds");
        expect(server.started).toEqual([at(1)]);
      }),
    ));

  test("starts one run at each tick, however its process ends", () =>
    virtually(
      Effect.gen(function* () {
        for (let moment = 0; moment < 24; moment++) {
          const store = yield* storeOf(new MemoryStore("m"));
          const taken = new Set<string>();
          const before = serving(store, taken);
          const tick = new Date((yield* Clock.currentTimeMillis) + 60_000);
          tick.setUTCSeconds(0);
          const first = yield* Effect.forkChild(runSchedule(before.starter, minutely("allow", "all")));
          yield* settle;
          yield* TestClock.adjust("1 minutes");
          for (let turn = 0; turn < moment; turn++)
            yield* Effect.promise(() => new Promise((done) => setImmediate(done)));
          yield* Fiber.interrupt(first);
          const after = serving(store, taken);
          const second = yield* Effect.forkChild(runSchedule(after.starter, minutely("allow", "all")));
          yield* pass("1 seconds");
          const started = [...before.started, ...after.started];
          expect(started, `after ${moment} turns`).toEqual([tick.toISOString().replace(".000Z", "Z")]);
          yield* Fiber.interrupt(second);
        }
      }),
    ));

  test("starts nothing while it is paused, in any process", () =>
    virtually(
      Effect.gen(function* () {
        const store = yield* storeOf(new MemoryStore("m"));
        const server = serving(store);
        yield* Effect.forkChild(runSchedule(server.starter, minutely("allow", "none")));
        setPaused(store, "s", true);
        yield* pass("2 minutes");
        expect(server.started).toEqual([]);
        setPaused(store, "s", false);
        yield* pass("1 minutes");
        expect(server.started).toEqual([at(3)]);
      }),
    ));

  test("reports it if its inputs function throws, and continues", () =>
    virtually(
      Effect.gen(function* () {
        const server = serving(yield* storeOf(new MemoryStore("m")));
        const broken = schedule("s", {
          cron: "* * * * *",
          pipeline: report,
          inputs: (tick) => {
            if (tick.getUTCMinutes() === 1) throw new Error("no data yet");
            return day(tick);
          },
        }) as unknown as AnySchedule;
        yield* Effect.forkChild(runSchedule(server.starter, broken));
        yield* pass("2 minutes");
        expect(server.said.join("\n")).toMatch(
          /00:01:00.*cannot start: its inputs function threw: .*no data yet/,
        );
        expect(server.started).toEqual([at(2)]);
      }),
    ));
});

describe("Processes that serve a schedule over one SQLite file", () => {
  const folder = mkdtempSync(join(tmpdir(), "espalier-schedules-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

  test("run each tick once, even if one of them is killed", { timeout: 120_000 }, async () => {
    const [filename, log] = [join(folder, "runs.db"), join(folder, "log")];
    const fixture = fileURLToPath(new URL("fixtures/ticking.ts", import.meta.url));
    const children = [0, 1].map(() =>
      spawn(process.execPath, ["--conditions=espalier-source", fixture, filename, log], {
        stdio: ["ignore", "pipe", "inherit"],
      }),
    );
    const lines = () => {
      try {
        return readFileSync(log, "utf8").trim().split("\n");
      } catch {
        return [];
      }
    };
    const until = async (count: number) => {
      while (lines().length < count) await new Promise((done) => setTimeout(done, 50));
    };
    try {
      await until(4);
      children[0]!.kill("SIGKILL");
      await until(8);
    } finally {
      for (const child of children) child.kill("SIGKILL");
    }
    const ticks = lines().map((line) => line.split(" ")[0]!);
    expect(ticks).toEqual([...new Set(ticks)]);
    const runs = await Runs.listPromise({ store: SqliteStore.layer({ filename }) });
    expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
    const own = new Set(runs.map(({ id }) => new Date(id.split("@")[1]!).toISOString()));
    expect(ticks.filter((tick) => !own.has(tick))).toEqual([]);
  });
});
