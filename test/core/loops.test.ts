/** Loops: turns transform a state until `until` accepts it. */
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { PipelineEvent } from "espalier";
import { pipeline, type } from "espalier";

const counted = (until: number) =>
  pipeline("p").loop(
    "n",
    [],
    () => 0,
    (state) => state + 1,
    { until: (state) => state >= until },
  );

const failure = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    () => expect.fail("it succeeded"),
    (error: unknown) => error,
  );

describe("A loop", () => {
  it("repeats its turn on the state until `until` returns true, and provides that state", async () => {
    const p = pipeline("p")
      .input("by", type<number>())
      .loop(
        "n",
        ["by"],
        ({ by }) => by,
        (state, { by }) => state + by,
        { until: (state, { by }) => state > 10 * by },
      );
    expect(await p.runPromise({ by: 3 })).toEqual({ by: 3, n: 33 });
  });

  it("takes at least one turn, since until is called after each turn", async () => {
    expect((await counted(0).runPromise()).n).toBe(1);
  });

  it("of 20,000 turns keeps one state at a time", async () => {
    const turns = 20_000;
    const states = pipeline("p")
      .loop(
        "n",
        [],
        () => ({ n: 0, bytes: new Uint8Array(100_000) }),
        ({ n }) => ({ n: n + 1, bytes: new Uint8Array(100_000) }),
        { until: ({ n }) => n === turns, maxTurns: turns },
      )
      // 2 GB in total.
      .step("left", ["n"], ({ n }) => [n.n, process.memoryUsage().arrayBuffers])
      .returns("left");
    const [n, left] = (await states.runPromise()).left;
    expect(n).toBe(turns);
    expect(left).toBeLessThan(500_000_000);
  });

  it("gives each turn the path name[k] and the index k, as long as its context is held", async () => {
    const contexts: Array<{ readonly path: string; readonly index?: number }> = [];
    const p = pipeline("p").loop(
      "n",
      [],
      () => 0,
      (state, _, context) => {
        contexts.push(context);
        return state + 1;
      },
      { until: (state) => state === 3 },
    );
    await p.runPromise();
    expect(contexts.map(({ path, index }) => [path, index])).toEqual([
      ["n[0]", 0],
      ["n[1]", 1],
      ["n[2]", 2],
    ]);
  });
});

describe("A turn", () => {
  it("can return a Promise, an Effect or a pipeline, alternating between turns", async () => {
    const p = pipeline("p").loop(
      "n",
      [],
      async () => [] as ReadonlyArray<string>,
      (state, _, { path }) => {
        const next = [...state, path];
        if (state.length % 4 === 0) return Promise.resolve(next);
        if (state.length % 4 === 1) return Effect.succeed(next);
        if (state.length % 4 === 2)
          return pipeline("turn").step("n", [], (_inputs, inner) => [...next, inner.path]);
        return next;
      },
      { until: (state) => state.length > 8 },
    );
    expect((await p.runPromise()).n).toEqual([
      "n[0]",
      "n[1]",
      "n[2]",
      "n[2]/n",
      "n[3]",
      "n[4]",
      "n[5]",
      "n[5]/n",
      "n[6]",
    ]);
  });

  it("does not count towards maxDepth", async () => {
    const p = pipeline("p").loop(
      "n",
      [],
      () => 0,
      (state) => pipeline("turn").step("n", [], () => state + 1),
      { until: (state) => state === 50 },
    );
    expect((await p.runPromise({}, { maxDepth: 1 })).n).toBe(50);
  });

  it("is retried and falls back on its own", async () => {
    const attempts: Array<string> = [];
    const p = pipeline("p").loop(
      "n",
      [],
      () => 0,
      (state, _, { path, attempt }) => {
        attempts.push(`${path} ${attempt}`);
        if (attempt === 1 || state === 2) throw new Error("down");
        return state + 1;
      },
      { until: (state) => state > 2, retry: { times: 1 }, fallback: 100 },
    );
    expect((await p.runPromise()).n).toBe(100);
    expect(attempts).toEqual(["n[0] 1", "n[0] 2", "n[1] 1", "n[1] 2", "n[2] 1", "n[2] 2"]);
  });
});

describe("A loop reports itself", () => {
  it("through the events of one expansion around those of its turns", async () => {
    const events: Array<PipelineEvent> = [];
    await counted(2).runPromise({}, { onEvent: (event) => events.push(event) });
    expect(events.flatMap((event) => ("path" in event ? [`${event.type} ${event.path}`] : []))).toEqual([
      "expansion.started n",
      "expansion.expanded n",
      "step.started n[0]",
      "step.succeeded n[0]",
      "step.started n[1]",
      "step.succeeded n[1]",
      "expansion.succeeded n",
    ]);
  });
});

describe("A loop fails", () => {
  it("with TooManyTurns, which has the path of the last turn, after 1,000 turns or maxTurns", async () => {
    const endless = (maxTurns?: number) =>
      pipeline("p").loop(
        "n",
        [],
        () => 0,
        (state) => state + 1,
        { until: () => false, maxTurns },
      );
    expect(await failure(endless().runPromise())).toMatchObject({
      _tag: "TooManyTurns",
      path: "n[999]",
      maxTurns: 1000,
    });
    const error = await failure(endless(3).runPromise());
    expect(error).toMatchObject({ _tag: "TooManyTurns", path: "n[2]", maxTurns: 3 });
    expect(error.message).toBe(
      'Loop "n" took 3 turns, and its until returned false after each: the last is "n[2]". Raise maxTurns if it needs more, or fix until.',
    );
  });

  it("with the error of a failed turn", async () => {
    const p = pipeline("p").loop(
      "n",
      [],
      () => 0,
      (state) => (state === 2 ? Effect.fail("broken" as const) : Effect.succeed(state + 1)),
      { until: () => false },
    );
    expect(await Effect.runPromise(Effect.flip(p.run()))).toBe("broken");
  });

  it("with StepFailed of the loop if until throws", async () => {
    const p = pipeline("p").loop(
      "n",
      [],
      () => 0,
      (state) => state + 1,
      {
        until: () => {
          throw new Error("no");
        },
      },
    );
    expect(await failure(p.runPromise())).toMatchObject({
      _tag: "StepFailed",
      path: "n",
      cause: new Error("no"),
    });
  });

  // The compiler would have rejected this.
  const untyped: any = pipeline("p");

  it("with an error that names the turn if until throws because the turn returned a state of another type", async () => {
    const p = untyped.loop(
      "n",
      [],
      () => ({ done: false }),
      () => undefined,
      {
        until: (state: any) => state.done,
      },
    );
    const error = await failure(p.runPromise());
    expect(error).toMatchObject({ _tag: "ExpansionError", path: "n" });
    expect(error.message).toContain(
      'until threw on the state of "n[0]", which is undefined, while the state before it was an object',
    );
    expect(error.message).toContain("A turn must return the next state.");
  });

  it.each([
    ["a Promise", async () => true],
    ["nothing", () => undefined],
    ["a number", () => 1],
  ])("if until returns %s", async (_, until) => {
    const p = untyped.loop(
      "n",
      [],
      () => 0,
      (state: number) => state + 1,
      { until },
    );
    const error = await failure(p.runPromise());
    expect(error).toMatchObject({ _tag: "ExpansionError", path: "n" });
    expect(error.message).toContain(
      "until must return true or false synchronously; after turn 0 it returned",
    );
  });

  it("if start returns a pipeline", async () => {
    const p = untyped.loop(
      "n",
      [],
      () => pipeline("q"),
      (state: unknown) => state,
      { until: () => true },
    );
    expect((await failure(p.runPromise())).message).toContain("start must return the first state");
  });

  it("if a turn's pipeline does not provide its name", async () => {
    const p = untyped.loop(
      "n",
      [],
      () => 0,
      () => pipeline("q").step("m", [], () => 1),
      { until: () => true },
    );
    expect(await failure(p.runPromise())).toMatchObject({ _tag: "ExpansionError", path: "n[0]" });
  });

  const always = (): boolean => true;

  it.each([
    [undefined, "until must be a function of the state that returns true when the loop ends; got undefined."],
    [{ until: true }, "until must be a function of the state and the inputs; got a boolean."],
    [{ until: always, maxTurns: 0 }, "maxTurns must be a whole number of at least 1, or Infinity; got 0."],
    [
      { until: always, maxTurns: NaN },
      "maxTurns must be a whole number of at least 1, or Infinity; got NaN.",
    ],
    [{ until: always, failures: "collect" }, 'A loop has no option "failures"; only map can have it.'],
    [{ until: always, outputs: ["a"] }, 'A loop has one output, its name: remove the option "outputs".'],
    [{ until: always, maxTurn: 1 }, 'Did you mean "maxTurns"?'],
  ])("at build time, with the options %s", (options, reason) => {
    expect(() =>
      untyped.loop(
        "n",
        [],
        () => 0,
        (state: number) => state,
        options,
      ),
    ).toThrow(reason);
  });

  it("at build time, with something other than a function", () => {
    expect(() => untyped.loop("n", [], 0, () => 0, { until: () => true })).toThrow(
      "start must be a function; got a number.",
    );
    expect(() => untyped.loop("n", [], () => 0, 0, { until: () => true })).toThrow(
      "turn must be a function of the state; got a number.",
    );
  });
});
