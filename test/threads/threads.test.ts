/** Steps on worker threads: their values, services, failures and ends. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as Effect from "effect/Effect";
import type { RunOptions } from "espalier";
import { ThreadWorkers } from "espalier/threads";
import { busy, deaths, Missing, Names, services, squares, stopping, values } from "./fixtures/pipelines.ts";

const fixture = (file: string): URL => new URL(`./fixtures/${file}`, import.meta.url);
const workers = ThreadWorkers.layer({ module: fixture("pipelines.ts"), threads: 2 });

const logFile = (): string => join(mkdtempSync(join(tmpdir(), "espalier-threads-")), "log");
const linesOf = (log: string): ReadonlyArray<string> => readFileSync(log, "utf8").trim().split("\n");

/** The error that a pipeline run fails with. */
const failureOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    (outputs) => outputs,
    (error: unknown) => error,
  );

describe("threads", () => {
  test("run the steps that ask for a worker, within expansions too", async () => {
    const outputs = await squares.runPromise({ numbers: [1, 2, 3] }, { workers });
    expect(outputs.ids).toBeGreaterThan(0);
    expect(outputs.squares).toEqual([1, 4, 9]);
    expect(outputs.sum).toBe(9);
  });

  test("have the services of the module's layer", async () => {
    const here = (effect: Effect.Effect<unknown, unknown, Names | Missing>) =>
      Effect.runPromise(
        effect.pipe(
          Effect.provideService(Names, { of: () => "here" }),
          Effect.provideService(Missing, { n: 0 }),
        ),
      );
    expect(await here(services.only("name").run({}, { workers }))).toEqual({ name: "n1 on a thread: true" });
    expect(String(await failureOf(here(services.only("missing").run({}, { workers }))))).toContain(
      'Step "missing" did not run on a worker: the worker thread cannot run it: it needs the service "test/Missing"',
    );
  });

  test("get and give values that JSON has no text for", async () => {
    const shared = { n: 1 };
    const given = {
      date: new Date(5),
      map: new Map([["a", new Set([1n])]]),
      nothing: undefined,
      minus: -0,
      view: new Float32Array([1, 2]),
      part: new Uint8Array(new ArrayBuffer(100), 10, 2),
      bytes: Buffer.from("abc"),
      error: new TypeError("odd"),
      pair: [shared, shared],
      escaped: { "~espalier": "buffer", value: 1 },
    };
    const { back } = await values.only("back").runPromise({ given }, { workers });
    expect(back).toEqual({ ...given, here: true });
    const got = back as unknown as typeof given;
    expect(Buffer.isBuffer(got.bytes)).toBe(true);
    expect(got.pair[0]).toBe(got.pair[1]);
    expect(got.error.name).toBe("TypeError");
  });

  test("get a large value once, as a copy", async () => {
    const { large, length } = await values.only("large", "length").runPromise({ given: {} }, { workers });
    expect(large.length).toBe(4_000_000);
    expect(length).toBe(4_000_000);
    expect(large[3_999_999]).toBe(1.5);
  });

  test("fail with what the step failed with, and refuse instances that no schema can write", async () => {
    expect(
      await failureOf(Effect.runPromise(values.only("error").run({ given: {} }, { workers }))),
    ).toMatchObject({
      _tag: "Full",
      size: 3,
    });
    expect(String(await failureOf(values.only("instance").runPromise({ given: {} }, { workers })))).toBe(
      'WorkerFailed: Step "instance" did not run on a worker: its output cannot be sent back from its worker: it is an instance of Model. Return plain data, or give the step where: "here".',
    );
    const given = { make: () => 1 };
    expect(String(await failureOf(values.only("back").runPromise({ given }, { workers })))).toBe(
      'WorkerFailed: Step "back" did not run on a worker: its input "given" cannot be sent to a worker at make: it is a function. Make it plain data, or give the input "given" a schema that can encode it, or give the step where: "here".',
    );
  });

  test("are replaced when they end, and their step runs again; one that always ends them fails", async () => {
    const log = logFile();
    const outputs = await deaths.only("exits", "other").runPromise({ log }, { workers });
    expect(outputs).toEqual({ exits: 1, other: 2 });
    expect(linesOf(log)).toEqual(["exits", "exits"]);
    const again = logFile();
    const error = await failureOf(deaths.only("always").runPromise({ log: again }, { workers }));
    expect(String(error)).toContain(
      'Step "always" did not run on a worker: 3 worker threads ended while they ran it (it exited with code 4).',
    );
    expect(linesOf(again)).toEqual(["always", "always", "always"]);
    expect(await deaths.only("other").runPromise({ log: again }, { workers })).toEqual({ other: 2 });
  });

  test("that cannot load their module fail the step with the reason, at once for all that waits", async () => {
    const broken = ThreadWorkers.layer({ module: fixture("broken.ts"), threads: 1 });
    const numbers = Array.from({ length: 50 }, (_, i) => i);
    const error = await failureOf(squares.only("squares").runPromise({ numbers }, { workers: broken }));
    expect(String(error)).toMatch(
      /^WorkerFailed: Step "squares\[\d+\]" did not run on a worker: the worker thread cannot run it: its module file:.*broken\.ts cannot be loaded: no licence\. Each thread imports it: fix it, or give the step where: "here"\.$/,
    );
  });

  test("learn of timeouts and interruptions, and a step that blocks its thread ends with the thread", async () => {
    const log = logFile();
    const waits = await failureOf(stopping.only("waits").runPromise({ log }, { workers }));
    expect(waits).toMatchObject({ _tag: "StepTimedOut", path: "waits" });
    expect(linesOf(log)).toEqual(["waits", "aborted"]);
    const spins = await failureOf(stopping.only("spins").runPromise({ log }, { workers }));
    expect(spins).toMatchObject({ _tag: "StepTimedOut", path: "spins" });
    expect(await squares.only("squares").runPromise({ numbers: [4] }, { workers })).toEqual({
      squares: [16],
    });
  });

  test("take another step while one waits", async () => {
    const one = ThreadWorkers.layer({ module: fixture("pipelines.ts"), threads: 1 });
    expect(await stopping.only("first").runPromise({ log: "" }, { workers: one })).toEqual({ first: 7 });
  });

  test("leave the event loop to timers, while steps compute", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    const options: RunOptions = { workers };
    const { spun } = await busy.runPromise({ count: 6, millis: 50 }, options);
    clearInterval(timer);
    expect(spun).toEqual([0, 1, 2, 3, 4, 5]);
    expect(ticks).toBeGreaterThan(5);
  });

  test("start no threads of their own for a module that runs its pipeline when it is imported", async () => {
    const { ran } = (await import("./fixtures/runs-itself.ts")) as { readonly ran: string };
    expect(ran).toContain("cannot be loaded: a thread imported it. Each thread imports it");
  });

  test("refuse options that cannot be", () => {
    expect(() => ThreadWorkers.layer({ module: "./pipelines.ts" as never })).toThrow(
      'ThreadWorkers.layer: module must be a URL, such as new URL("./pipelines.ts", import.meta.url); got "./pipelines.ts".',
    );
    expect(() => ThreadWorkers.layer({ module: fixture("pipelines.ts"), threads: 0 })).toThrow(
      "ThreadWorkers.layer: threads must be a whole number of at least 1; got 0.",
    );
  });
});
