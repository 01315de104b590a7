/** Compensations in runs without a store: which steps are undone, in which order, and how the run ends. */
import assert from "node:assert/strict";
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { PipelineEvent, RunOptions } from "espalier";
import { CurrentStep, pipeline, step } from "espalier";
import { describe, expect, test } from "vitest";
import { rejection, sleep, thrown, until, untilAborted, untyped, watched } from "./support.ts";

class Refused extends Data.TaggedError("Refused")<{ readonly why: string }> {}

const undo: RunOptions = { onFailure: "compensate" };

/** A pipeline of three steps that can be undone, and one that fails. */
const trip = (log: Array<unknown>) =>
  pipeline("trip")
    .step("flight", [], () => "F1", {
      compensate: (flight, inputs, { path, idempotencyKey, runId }) => {
        log.push(["flight", flight, inputs, path, idempotencyKey === `${runId}/flight*compensate`]);
      },
    })
    .step("hotel", ["flight"], async ({ flight }) => ({ id: `H ${flight}` }), {
      compensate: async (hotel, { flight }) => {
        await sleep(1);
        log.push(["hotel", hotel.id, flight]);
      },
    })
    .step("car", ["hotel"], ({ hotel }) => hotel.id.length, {
      compensate: (car, { hotel }) => Effect.sync(() => void log.push(["car", car.toFixed(), hotel.id])),
    })
    .step("pay", ["car"], () => Effect.fail(new Refused({ why: "no money" })));

describe("Compensations", () => {
  test("undo succeeded steps, the last first, and the run fails with its original error", async () => {
    const log: Array<unknown> = [];
    expect(await rejection(trip(log).runPromise({}, { ...undo, runId: "r" }))).toMatchObject({
      _tag: "Refused",
      why: "no money",
    });
    expect(log).toEqual([
      ["car", "4", "H F1"],
      ["hotel", "H F1", "F1"],
      ["flight", "F1", {}, "flight", true],
    ]);
  });

  test("run one at a time, after everything else has stopped and before the finally steps", async () => {
    const log: Array<string> = [];
    let atWork = 0;
    const undone = (name: string) => async () => {
      expect(++atWork).toBe(1);
      await sleep(2);
      atWork--;
      log.push(`undo ${name}`);
    };
    const built = pipeline("p")
      .step("a", [], () => 1, { compensate: undone("a") })
      .step("b", [], () => 2, { compensate: undone("b") })
      .step("slow", [], (_, { signal }) => untilAborted(signal, 5).finally(() => log.push("slow stopped")))
      .step("bad", ["a", "b"], async () => {
        await sleep(1);
        throw new Error("bad");
      })
      .finally("closed", ["a", "bad"], ({ a, bad }) => {
        log.push(`closed ${a._tag} ${bad._tag}`);
      });
    expect(await rejection(built.runPromise({}, undo))).toMatchObject({ _tag: "StepFailed", path: "bad" });
    expect(log).toEqual(["slow stopped", "undo b", "undo a", "closed Success Failure"]);
  });

  test("do not run if the run succeeds, is only interrupted, or does not ask for them", async () => {
    const log: Array<unknown> = [];
    const fine = pipeline("p").step("a", [], () => 1, { compensate: () => void log.push("a") });
    expect(await fine.runPromise({}, undo)).toEqual({ a: 1 });
    await rejection(trip(log).runPromise({}));
    await rejection(trip(log).runPromise({}, { onFailure: "finish" }));
    const stopping = new AbortController();
    const hanging = fine.step("b", ["a"], (_, { signal }) => {
      stopping.abort(new Error("stop"));
      return untilAborted(signal);
    });
    expect(await rejection(hanging.runPromise({}, { ...undo, signal: stopping.signal }))).toMatchObject({
      message: "stop",
    });
    expect(log).toEqual([]);
  });

  test("that fail do not keep the others from running, and appear in the report", async () => {
    const log: Array<string> = [];
    const built = pipeline("p")
      .step("a", [], () => 1, { compensate: () => void log.push("a") })
      .step("b", ["a"], () => 1, {
        compensate: () => {
          throw new Error("b is gone");
        },
      })
      .step("c", ["b"], () => 1, { compensate: () => Effect.fail(new Refused({ why: "too late" })) })
      .step("d", ["c"], () => 1, { compensate: () => Promise.reject(new Error("d is gone")) })
      .step("e", ["d"], () => 1, { compensate: () => Effect.interrupt })
      .step("f", ["e"], () => 1, { compensate: (() => pipeline("q")) as () => unknown })
      .step("bad", ["f"], () => Effect.fail("bad" as const));
    const { exit, handle, events } = await watched(built, undo);
    assert.ok(Exit.isFailure(exit));
    expect(log).toEqual(["a"]);
    expect(handle.report.compensated).toEqual(["a"]);
    expect(handle.report.failed.map(({ path, error }) => [path, (error as Error).message ?? error])).toEqual([
      ["bad", "bad"],
      ["f", expect.stringMatching(/^The compensation of "f" failed: compensate must not return a pipeline/)],
      ["e", 'The compensation of "e" failed: it was interrupted'],
      ["d", 'The compensation of "d" failed: d is gone'],
      ["c", 'The compensation of "c" failed: Refused'],
      ["b", 'The compensation of "b" failed: b is gone'],
    ]);
    const about = (type: string) => events.filter((event) => event.type === type);
    expect(about("run.compensating")).toMatchObject([{ steps: 6 }]);
    expect(about("compensation.started").length).toBe(6);
    expect(about("compensation.failed").length).toBe(5);
    expect(JSON.parse(JSON.stringify(about("compensation.failed")[2]))).toMatchObject({
      path: "d",
      error: {
        _tag: "CompensationFailed",
        code: "ESPALIER_COMPENSATION_FAILED",
        cause: { message: "d is gone" },
      },
    });
  });

  test("receive the function's arguments: items, states, several outputs, decoded inputs", async () => {
    const log: Array<unknown> = [];
    const whole = pipeline("p")
      .step("factor", [], () => 10)
      .step("list", [], () => ["x", "y"])
      .map("items", "list", ["factor"], (item, { factor }) => `${item}${factor}`, {
        key: (item) => item,
        compensate: (output, item, { factor }, { index, path, idempotencyKey }) => {
          log.push([path, output, item, factor, index, idempotencyKey.endsWith(`/${path}*compensate`)]);
        },
      })
      .loop(
        "n",
        ["items"],
        () => 0,
        (n) => n + 1,
        {
          until: (n) => n === 3,
          compensate: (now, before, { items }, { path, index }) => {
            log.push([path, now, before, items.length, index]);
          },
        },
      )
      .step("two", ["n"], () => ({ left: 1, right: "r", more: true }), {
        outputs: ["left", "right"],
        compensate: ({ left, right }) => void log.push(["two", left.toFixed(), right.trim()]),
      })
      .race(
        "first",
        ["left"],
        { a: () => 1, b: () => Effect.never as Effect.Effect<number> },
        {
          compensate: (first, { left }) => void log.push(["first", first.toFixed(), left]),
        },
      )
      .switch(
        "chosen",
        ["first"],
        () => "one" as const,
        { one: () => pipeline("o").step("chosen", [], () => "c") },
        {
          compensate: (chosen) => void log.push(["chosen", chosen.trim()]),
        },
      )
      .step("bad", ["chosen"], () => Effect.fail("bad" as const));
    await rejection(whole.runPromise({}, undo));
    expect(log).toEqual([
      ["chosen", "c"],
      ["first", "1", 1],
      ["two", "1", "r"],
      ["n[2]", 3, 2, 2, 2],
      ["n[1]", 2, 1, 2, 1],
      ["n[0]", 1, 0, 2, 0],
      ["items[y]", "y10", "y", 10, 1, true],
      ["items[x]", "x10", "x", 10, 0, true],
    ]);
  });

  test("of an expanded step run first, then those of its sub-steps, then those of its inputs", async () => {
    const log: Array<string> = [];
    const note = (name: string) => ({ compensate: () => void log.push(name) });
    const built = pipeline("p")
      .step("a", [], () => 1, note("a"))
      .dynamic(
        "d",
        ["a"],
        () =>
          pipeline("sub")
            .step("x", [], () => 1, note("d/x"))
            .step("d", ["x"], () => 2, note("d/d")),
        note("d"),
      )
      .step("bad", ["d"], () => Effect.fail("bad" as const));
    await rejection(built.runPromise({}, undo));
    expect(log).toEqual(["d", "d/d", "d/x", "a"]);
  });

  test("undo steps inside a failed expansion, losers of races and surplus items", async () => {
    const log: Array<string> = [];
    const note = (name: string) => ({ compensate: () => void log.push(name) });
    const built = pipeline("p")
      .race("first", [], {
        fast: () => sleep(3).then(() => 1),
        slow: () =>
          pipeline("slow")
            .step("s", [], () => 1, note("slow/s"))
            .step("first", ["s"], () => Effect.never as Effect.Effect<number>),
      })
      .step("list", ["first"], () => [1, 2, 3])
      .map("some", "list", [], (n) => n, { enough: 2, compensate: (n) => void log.push(`some ${n}`) })
      .dynamic(
        "d",
        ["some"],
        () =>
          pipeline("sub")
            .step("x", [], () => 1, note("d/x"))
            .step("d", ["x"], () => Effect.fail("bad" as const)),
        note("d"),
      );
    await rejection(built.runPromise({}, undo));
    expect(log.slice(0, 3)).toEqual(["d/x", "some 2", "some 1"]);
    expect(log.at(-1)).toBe("slow/s");
  });

  test("undo a step once if it succeeded in two attempts, and not at all if its fallback was used", async () => {
    const log: Array<unknown> = [];
    let attempts = 0;
    const built = pipeline("p")
      .dynamic(
        "d",
        [],
        () => {
          const attempt = ++attempts;
          return pipeline("sub")
            .step("x", [], () => attempt, { compensate: (x) => void log.push(`x ${x}`) })
            .step("d", ["x"], ({ x }) => (x === 1 ? Effect.fail("again" as const) : Effect.succeed(x)));
        },
        { retry: { times: 1 } },
      )
      .step("e", ["d"], () => Effect.fail("down") as Effect.Effect<number, string>, {
        fallback: null,
        compensate: (e) => void log.push(`e ${e.toFixed()}`),
      })
      .step("bad", ["e"], () => Effect.fail("bad" as const));
    await rejection(built.runPromise({}, undo));
    expect(log).toEqual(["x 2"]);
  });

  test("have services, log lines and a signal; an interruption stops them", async () => {
    class Bank extends Context.Service<Bank, { readonly refund: (id: string) => void }>()("Bank") {}
    const refunds: Array<string> = [];
    const paid = pipeline("p")
      .step("pay", [], () => "P", {
        compensate: (id) =>
          Effect.gen(function* () {
            const bank = yield* Bank;
            const { idempotencyKey } = yield* CurrentStep;
            bank.refund(`${id} ${idempotencyKey}`);
          }),
      })
      .step("bad", ["pay"], () => Effect.fail("bad" as const));
    await Effect.runPromise(
      Effect.ignore(
        Effect.provideService(paid.run({}, { ...undo, runId: "r" }), Bank, {
          refund: (id) => refunds.push(id),
        }),
      ),
    );
    expect(refunds).toEqual(["P r/pay*compensate"]);

    const events: Array<PipelineEvent> = [];
    const stopping = new AbortController();
    let reason: unknown;
    const slow = pipeline("p")
      .step("a", [], () => 1, { compensate: () => void events.push({ type: "run.succeeded" } as never) })
      .step("b", ["a"], () => 1, {
        compensate: (_, __, { signal, log }) => {
          log("undoing");
          return untilAborted(signal).finally(() => (reason = signal.reason));
        },
      })
      .step("bad", ["b"], () => Effect.fail("bad" as const));
    const onEvent = (event: PipelineEvent) => void events.push(event);
    const run = slow.runPromise({}, { ...undo, signal: stopping.signal, onEvent });
    await until(() => events.some(({ type }) => type === "step.logged"));
    stopping.abort(new Error("enough"));
    expect(await rejection(run)).toMatchObject({ message: "enough" });
    expect(reason).toMatchObject({ message: "enough" });
    expect(
      events.filter(({ type }) => type.startsWith("compensation") || type === "run.succeeded").length,
    ).toBe(1);
  });

  test("of ten thousand steps do not use up the stack", async () => {
    let count = 0;
    const built = pipeline("p")
      .step("list", [], () => Array.from({ length: 10_000 }, (_, i) => i))
      .map("done", "list", [], (n) => n, { compensate: () => void count++ })
      .step("bad", ["done"], () => Effect.fail("bad" as const));
    await rejection(built.runPromise({}, undo));
    expect(count).toBe(10_000);
  });

  test("are refused where they are not allowed", () => {
    const compensate = () => {};
    expect(
      thrown(() => untyped.pipeline("p").step("a", [], () => 1, { compensate, cache: true })).message,
    ).toMatch(/compensate cannot be combined with cache: a cached output may be the work of another run/);
    expect(thrown(() => untyped.pipeline("p").step("a", [], () => 1, { compensate: 1 })).message).toMatch(
      /compensate must be a function/,
    );
    expect(thrown(() => untyped.pipeline("p").sleep("a", 1, { compensate })).message).toMatch(/compensate/);
    expect(thrown(() => untyped.step("a", [], () => 1, { compensat: compensate })).message).toMatch(
      /did you mean "compensate"/i,
    );
  });

  test("of standalone steps are typed and called like any other", async () => {
    const log: Array<unknown> = [];
    const reserve = step("reserve", ["seats"], ({ seats }: { seats: number }) => ({ id: seats }), {
      compensate: ({ id }, { seats }) => void log.push([id, seats]),
    });
    const built = pipeline("p")
      .step("seats", [], () => 3)
      .add(reserve)
      .step("bad", ["reserve"], () => Effect.fail("bad" as const));
    await rejection(built.runPromise({}, undo));
    expect(log).toEqual([[3, 3]]);
  });
});
