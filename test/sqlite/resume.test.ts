import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import * as Schema from "effect/Schema";
import { pipeline, resume, step, type } from "espalier";
import { describe, expect, test } from "vitest";
import { failureOf, rejection, sleep, untyped } from "../core/support.ts";
import { Ran, storeAt, temporary, withStore } from "./support.ts";

const newFile = temporary();

/** Every kind of step, two expansions deep; `isUp` determines whether the steps that depend on the outside succeed. */
const orders = (ran: Ran, outside: { isUp: boolean }) =>
  pipeline("orders")
    .input("count", type<number>())
    .step("ids", ["count"], ({ count }, { path }) => {
      ran.note(path);
      return Array.from({ length: count }, (_, i) => i);
    })
    .map("prices", "ids", [], async (id, _, { path }) => {
      ran.note(path);
      await sleep(1);
      if (id === 2 && !outside.isUp) throw new Error("down");
      return id * 10;
    })
    .step(
      "ends",
      ["prices"],
      ({ prices }, { path }) => {
        ran.note(path);
        return { low: prices[0]!, high: prices.at(-1)! };
      },
      { outputs: ["low", "high"] },
    )
    .dynamic("report", ["prices"], ({ prices }) =>
      pipeline("lines")
        .addAll(
          prices.map((price, i) =>
            step(`line_${i}`, [], (_, { path }) => {
              ran.note(path);
              return `${i}: ${price}`;
            }),
          ),
        )
        .dynamic("report", ["line_*"], (inputs) =>
          pipeline("inner").step("report", [], async (_, { path }) => {
            ran.note(path);
            if (!outside.isUp) throw new Error("no printer");
            return Object.values(inputs["line_*"]).join("\n");
          }),
        ),
    )
    .switch("size", ["high"], ({ high }) => (high > 20 ? "large" : "small"), {
      large: (_, { path }) => {
        ran.note(path);
        return "L";
      },
      small: () => "S",
    })
    .returns("report", "size", "low");

describe("A run that is resumed", () => {
  test("does not run again what is recorded, at any depth, and runs what failed", async () => {
    const file = newFile();
    const ran = new Ran();
    const outside = { isUp: false };
    const p = orders(ran, outside);
    const failed = await rejection(p.runPromise({ count: 4 }, { store: storeAt(file), runId: "r" }));
    expect(failed).toMatchObject({ _tag: "StepFailed", path: "prices[2]" });
    expect(ran.since).toEqual(["ids", "prices[0]", "prices[1]", "prices[2]", "prices[3]"]);

    outside.isUp = true;
    const store = storeAt(file);
    const result = await Effect.runPromise(resume(p, "r", { store }));
    expect(result).toEqual({ report: "0: 0\n1: 10\n2: 20\n3: 30", size: "L", low: 0 });
    expect(ran.since).toEqual([
      "ends",
      "prices[2]",
      "report/line_0",
      "report/line_1",
      "report/line_2",
      "report/line_3",
      "report/report/report",
      "size",
    ]);
    // It has succeeded: its outputs are returned again, and nothing runs.
    expect(await Effect.runPromise(resume(p, "r", { store }))).toEqual(result);
    expect(ran.since).toEqual([]);
  });

  test("continues inside expansions, two levels deep", async () => {
    const file = newFile();
    const ran = new Ran();
    const outside = { isUp: true };
    const p = orders(ran, outside);
    const run = async () => {
      outside.isUp = true;
      const result = Effect.runPromiseExit(p.run({ count: 2 }, { store: storeAt(file), runId: "r" }));
      await sleep(0);
      outside.isUp = false;
      return result;
    };
    expect((await run())._tag).toBe("Failure");
    expect(ran.since).toContain("report/line_1");
    outside.isUp = true;
    await Effect.runPromise(resume(p, "r", { store: storeAt(file) }));
    expect(ran.since).toEqual(["report/report/report"]);
  });

  test("continues after an interruption", async () => {
    const file = newFile();
    const ran = new Ran();
    let isFirst = true;
    const p = pipeline("p")
      .step("a", [], (_, { path }) => {
        ran.note(path);
        return 1;
      })
      .step("b", ["a"], ({ a }, { path }) => {
        ran.note(path);
        return isFirst ? Effect.never : Effect.succeed(a + 1);
      });
    await withStore(
      file,
      Effect.gen(function* () {
        const run = yield* p.start({}, { runId: "r" });
        yield* Effect.sleep(20);
        yield* run.interrupt;
        isFirst = false;
        expect(ran.since).toEqual(["a", "b"]);
        expect(yield* resume(p, "r")).toEqual({ a: 1, b: 2 });
        expect(ran.since).toEqual(["b"]);
      }),
    );
  });

  test("tells what it recalled", async () => {
    const p = pipeline("p").step("a", [], () => 1);
    await withStore(
      newFile(),
      Effect.gen(function* () {
        yield* p.run({}, { runId: "r" });
        const run = yield* p.start({}, { runId: "r" });
        yield* run.await;
        const { runCollect } = yield* Effect.promise(() => import("effect/Stream"));
        const events = yield* runCollect(run.events);
        expect(events.map((event) => event.type)).toContain("step.recalled");
      }),
    );
  });

  test("gives values back as they were: undefined, -0, null, and whatever a schema knows", async () => {
    const file = newFile();
    let fail = true;
    let seen: unknown;
    const p = pipeline("p")
      .step("plain", [], () => ({ none: undefined, zero: -0, nothing: null, list: [undefined, 1] }))
      .step("nothing", [], () => undefined)
      .step("when", [], () => new Date(0).toISOString(), { output: Schema.DateFromString })
      .step("counts", [], () => new Map([["a", Number.NaN]]), {
        output: Schema.ReadonlyMap(Schema.String, Schema.Number),
      })
      .step("end", ["plain", "nothing", "when", "counts"], (all) => {
        if (fail) throw new Error("once");
        seen = all;
      });
    await rejection(p.runPromise({}, { store: storeAt(file), runId: "r" }));
    fail = false;
    await Effect.runPromise(resume(p, "r", { store: storeAt(file) }));
    expect({ ...(seen as object) }).toStrictEqual({
      plain: { none: undefined, zero: -0, nothing: null, list: [undefined, 1] },
      nothing: undefined,
      when: new Date(0),
      counts: new Map([["a", Number.NaN]]),
    });
  });

  test("reads its inputs from the store, as their schemas decode them", async () => {
    const file = newFile();
    let fail = true;
    const p = pipeline("p")
      .input("day", Schema.DateFromString)
      .input("rates", type<ReadonlyArray<number>>())
      .step("end", ["day", "rates"], ({ day, rates }) => {
        if (fail) throw new Error("once");
        return [day.getTime(), ...rates];
      })
      .returns("end");
    const inputs = { day: "1970-01-01T00:00:00.005Z", rates: [1, 2] };
    await rejection(p.runPromise(inputs, { store: storeAt(file), runId: "r" }));
    fail = false;
    expect(await Effect.runPromise(resume(p, "r", { store: storeAt(file) }))).toEqual({ end: [5, 1, 2] });
  });

  test("keeps the failures that a map collected, unless it is to retry them", async () => {
    const ran = new Ran();
    let isUp = false;
    const p = pipeline("p")
      .step("ids", [], () => [0, 1, 2])
      .map(
        "m",
        "ids",
        [],
        (id, _, { path }) => {
          ran.note(path);
          if (id === 1 && !isUp) throw new Error("down");
          return id;
        },
        { failures: "collect" },
      )
      .step("good", ["m"], ({ m }, { path }) => {
        ran.note(path);
        return m.filter(Result.isSuccess).length;
      })
      .step("end", ["good"], ({ good }, { path }) => {
        ran.note(path);
        return good;
      })
      .returns("m", "end");
    await withStore(
      newFile(),
      Effect.gen(function* () {
        expect((yield* p.run({}, { runId: "r" })).end).toBe(2);
        ran.forget();
        isUp = true;
        const again = yield* resume(p, "r");
        expect(ran.since).toEqual([]);
        expect(again.end).toBe(2);
        const failure = again.m[1]!;
        expect(Result.isFailure(failure) && failure.failure).toMatchObject({
          _tag: "StepFailed",
          path: "m[1]",
        });
        expect((yield* resume(p, "r", { retryFailed: true })).end).toBe(3);
        expect(ran.since).toEqual(["end", "good", "m[1]"]);
      }),
    );
  });

  test("keeps of a collected failure that cannot be read that it failed", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const closed = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("closed");
        },
      },
    );
    const p = pipeline("p")
      .step("errors", [], () => [0, 1])
      .map("m", "errors", [], (i) => Effect.fail(i === 0 ? proxy : closed), { failures: "collect" })
      .step("end", ["m"], ({ m }) => m.map(Result.isFailure))
      .returns("end");
    await withStore(
      newFile(),
      Effect.gen(function* () {
        expect(yield* p.run({}, { runId: "r" })).toEqual({ end: [true, true] });
        expect(yield* resume(p, "r", { from: "end" })).toEqual({ end: [true, true] });
      }),
    );
  });

  test("goes back to a path and runs what follows from it again", async () => {
    const ran = new Ran();
    const p = orders(ran, { isUp: true });
    await withStore(
      newFile(),
      Effect.gen(function* () {
        yield* p.run({ count: 4 }, { runId: "r" });
        ran.forget();
        yield* resume(p, "r", { from: "report/line_1" });
        expect(ran.since).toEqual(["report/line_1", "report/report/report"]);
        yield* resume(p, "r", { from: "ends" });
        expect(ran.since).toEqual(["ends", "size"]);
        yield* resume(p, "r", { from: "prices[1]" });
        expect(ran.since).toEqual([
          "ends",
          "prices[1]",
          "report/line_0",
          "report/line_1",
          "report/line_2",
          "report/line_3",
          "report/report/report",
          "size",
        ]);
        const problem = yield* Effect.flip(resume(p, "r", { from: "prices[9]" }));
        expect(problem).toMatchObject({ _tag: "InvalidInput", input: "from" });
        expect(ran.since).toEqual([]);
      }),
    );
  });

  test("records a fallback and a dynamic step's direct value like any output", async () => {
    const ran = new Ran();
    let fail = true;
    const p = pipeline("p")
      .dynamic("direct", [], (_, { path }) => {
        ran.note(path);
        return 7;
      })
      .dynamic(
        "fallen",
        [],
        () =>
          pipeline("sub").step("fallen", [], (_, { path }) => {
            ran.note(path);
            if (fail) throw new Error("no");
            return 1;
          }),
        { fallback: 0 },
      )
      .step("end", ["direct", "fallen"], ({ direct, fallen }) => {
        if (fail) throw new Error("once");
        return direct + fallen;
      })
      .returns("end");
    await withStore(
      newFile(),
      Effect.gen(function* () {
        yield* Effect.exit(p.run({}, { runId: "r" }));
        expect(ran.since).toEqual(["direct", "fallen/fallen"]);
        fail = false;
        expect(yield* resume(p, "r")).toEqual({ end: 7 });
        expect(ran.since).toEqual([]);
      }),
    );
  });

  test("forgets what an attempt of a dynamic step recorded when that is tried again", async () => {
    const ran = new Ran();
    let attempts = 0;
    const p = pipeline("p").dynamic(
      "d",
      [],
      () => {
        attempts++;
        return untyped
          .pipeline("sub")
          .step(`only_${attempts}`, [], (_: unknown, { path }: { path: string }) => ran.note(path))
          .step("d", [`only_${attempts}`], () => {
            if (attempts < 2) throw new Error("once");
            return attempts;
          });
      },
      { retry: { times: 1 } },
    );
    await withStore(
      newFile(),
      Effect.gen(function* () {
        expect(yield* p.run({}, { runId: "r" })).toEqual({ d: 2 });
        expect(ran.since).toEqual(["d/only_1", "d/only_2"]);
        attempts = 1; // Expands as the second attempt did.
        expect(yield* resume(p, "r")).toEqual({ d: 2 });
        expect(ran.since).toEqual([]);
      }),
    );
  });
});

describe("Anything that does not fit is reported, and nothing runs", () => {
  test("an expansion that changed: missing, new and other inputs", async () => {
    const ran = new Ran();
    let names = ["a", "b"];
    const p = pipeline("p").dynamic("d", [], () => {
      let sub: any = untyped.pipeline("sub").step("base", [], () => 1);
      for (const name of names) {
        sub = sub.step(name, name === "b" && names.length > 2 ? [] : ["base"], (_: unknown, context: any) =>
          ran.note(context.path),
        );
      }
      return sub.step("d", [], () => {
        if (names.length === 2) throw new Error("once");
        return 1;
      });
    });
    await withStore(
      newFile(),
      Effect.gen(function* () {
        yield* Effect.exit(p.run({}, { runId: "r" }));
        ran.forget();
        names = ["b", "c", "e"];
        const problem = yield* Effect.flip(resume(p, "r"));
        expect(problem).toMatchObject({
          _tag: "ExpansionChanged",
          path: "d",
          missing: ["d/a"],
          added: ["d/c", "d/e"],
          changed: ["d/b"],
        });
        expect(problem).toHaveProperty(
          "message",
          'Expansion of "d" differs from the recorded one: missing "d/a"; new "d/c", "d/e"; changed "d/b". Resume with the code and the data that the run started with, or from an earlier step.',
        );
        expect(ran.since).toEqual([]);
      }),
    );
  });

  test("a fallback does not hide that", async () => {
    let isFirst = true;
    const p = untyped.pipeline("p").dynamic(
      "d",
      [],
      () =>
        untyped
          .pipeline("sub")
          .step(isFirst ? "a" : "b", [], () => 1)
          .step("d", [], () => Effect.never),
      { fallback: 0 },
    );
    await withStore(
      newFile(),
      Effect.gen(function* () {
        const run: any = yield* p.start({}, { runId: "r" });
        yield* Effect.sleep(20);
        yield* run.interrupt;
        isFirst = false;
        expect(yield* Effect.flip(resume(p, "r") as Effect.Effect<unknown, any>)).toMatchObject({
          _tag: "ExpansionChanged",
          missing: ["d/a"],
          added: ["d/b"],
        });
      }),
    );
  });

  test("a map with other items", async () => {
    let keys = ["a", "b"];
    const p = pipeline("p")
      .dynamic("d", [], () =>
        pipeline("sub")
          .step("keys", [], () => keys)
          .dynamic("d", [], () => 1),
      )
      .step("keys", [], () => keys)
      .map("m", "keys", [], (key) => key.toUpperCase(), { key: (key) => key });
    await withStore(
      newFile(),
      Effect.gen(function* () {
        yield* p.run({}, { runId: "r" });
        keys = ["b", "c"];
        expect(
          yield* Effect.flip(resume(p, "r", { from: "d" }).pipe(Effect.andThen(Effect.fail("none")))),
        ).toBe("none");
        // Items come from a recorded output, so they change only if its step runs again.
        expect((yield* resume(p, "r", { from: "keys" })).m).toEqual(["B", "C"]);
      }),
    );
  });

  test("a pipeline that changed, and another pipeline", async () => {
    const ran = new Ran();
    const note = (_: unknown, { path }: { path: string }) => ran.note(path);
    const before = untyped.pipeline("p").step("a", [], note).step("b", ["a"], note);
    const after = untyped.pipeline("p").step("a", [], note).step("c", ["a"], note);
    const other = untyped.pipeline("q").step("a", [], note).step("b", ["a"], note);
    await withStore(
      newFile(),
      Effect.gen(function* () {
        yield* before.run({}, { runId: "r" });
        ran.forget();
        const changed = yield* Effect.flip(resume(after, "r") as Effect.Effect<unknown, any>);
        expect(changed).toMatchObject({ _tag: "PipelineChanged", missing: ["b"], added: ["c"] });
        const wrong = yield* Effect.flip(resume(other, "r") as Effect.Effect<unknown, any>);
        expect(wrong.message).toContain('it is a run of "p", not of "q"');
        expect(ran.since).toEqual([]);
      }),
    );
  });

  test("steps that were added in another order are the same pipeline", async () => {
    const one = untyped
      .pipeline("p")
      .step("a", [], () => 1)
      .step("b", [], () => 2);
    const two = untyped
      .pipeline("p")
      .step("b", [], () => 3)
      .step("a", [], () => 4);
    await withStore(
      newFile(),
      Effect.gen(function* () {
        yield* one.run({}, { runId: "r" });
        expect(yield* resume(two, "r") as Effect.Effect<unknown>).toEqual({ a: 1, b: 2 });
      }),
    );
  });

  test("a run that is not there, and no store", async () => {
    const p = pipeline("p").step("a", [], () => 1);
    expect(await failureOf(resume(p, "x", { store: storeAt(newFile()) }))).toMatchObject({
      _tag: "RunNotFound",
      message: 'There is no run "x" in the store.',
    });
    expect(await failureOf(resume(p, "x"))).toMatchObject({ _tag: "InvalidInput", input: "store" });
  });
});

describe("A run's id", () => {
  test("given twice joins the run that is under way", async () => {
    const ran = new Ran();
    const p = pipeline("p").step("a", [], async (_, { path }) => {
      ran.note(path);
      await sleep(20);
      return Math.random();
    });
    const store = storeAt(newFile());
    const [one, two, three] = await Promise.all([
      p.runPromise({}, { store, runId: "r" }),
      p.runPromise({}, { store, runId: "r" }),
      Effect.runPromise(Effect.flatMap(p.start({}, { store, runId: "r" }), (run) => run.await)),
    ]);
    expect(two).toEqual(one);
    expect(three).toEqual(one);
    expect(ran.since).toEqual(["a"]);
  });
  test("given again gives the outputs again", async () => {
    const ran = new Ran();
    const p = pipeline("p").step("a", [], (_, { path }) => {
      ran.note(path);
      return Math.random();
    });
    const store = storeAt(newFile());
    const one = await p.runPromise({}, { store, runId: "r" });
    expect(await p.runPromise({}, { store, runId: "r" })).toEqual(one);
    expect(ran.since).toEqual(["a"]);
  });
  test("is refused with other inputs, or for another pipeline", async () => {
    const p = pipeline("p").input("n", type<number>());
    const q = pipeline("q").input("n", type<number>());
    const store = storeAt(newFile());
    await p.runPromise({ n: 1 }, { store, runId: "r" });
    expect(await rejection(p.runPromise({ n: 2 }, { store, runId: "r" }))).toMatchObject({
      _tag: "RunExists",
    });
    expect(await rejection(q.runPromise({ n: 1 }, { store, runId: "r" }))).toMatchObject({
      _tag: "PipelineChanged",
    });
  });
  test("and a step's path make the key by which a receiver knows a repetition", async () => {
    const keys: Array<string> = [];
    const p = pipeline("p").step("a", [], (_, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      if (keys.length === 1) throw new Error("once");
      return 1;
    });
    const store = storeAt(newFile());
    await rejection(p.runPromise({}, { store, runId: "r" }));
    await Effect.runPromise(resume(p, "r", { store }));
    expect(keys).toEqual(["r/a", "r/a"]);
  });
});
