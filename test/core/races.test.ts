/** Races: the first contender that succeeds provides the output. */
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import type { PipelineEvent, StepContext } from "espalier";
import { AllFailed, pipeline, type } from "espalier";

const failure = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    () => expect.fail("it succeeded"),
    (error: unknown) => error,
  );

/** Resolves once the signal has fired. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

describe("A race", () => {
  it("provides the value of the first contender to succeed, and interrupts the others", async () => {
    const seen: Array<unknown> = [];
    const p = pipeline("p")
      .input("n", type<number>())
      .race("r", ["n"], {
        slow: async ({ n }, { signal }) => {
          await aborted(signal);
          seen.push(signal.reason);
          return `slow ${n}`;
        },
        quick: async ({ n }, { path }) => `${path} ${n}`,
        broken: () => {
          throw new Error("broken");
        },
      });
    expect((await p.runPromise({ n: 3 })).r).toBe("r[quick] 3");
    expect(seen).toEqual([new Error('The contender "r[quick]" has won the race.')]);
  });

  it("ends once the finalizers of the others have run", async () => {
    let finalized = 0;
    const p = pipeline("p")
      .race("r", [], {
        loser: () =>
          Effect.onInterrupt(Effect.never, () =>
            Effect.andThen(
              Effect.sleep(5),
              Effect.sync(() => finalized++),
            ),
          ),
        winner: () => Effect.as(Effect.sleep(1), "won"),
      })
      .step("after", ["r"], () => finalized);
    expect((await p.runPromise()).after).toBe(1);
  });

  it("races pipelines, whose steps have the paths name[contender]/…", async () => {
    const paths: Array<string> = [];
    const p = pipeline("p").race("r", [], {
      a: () =>
        pipeline("a")
          .step("x", [], (_, { path }) => paths.push(path))
          .step("r", ["x"], () => Effect.never as Effect.Effect<string>),
      b: () =>
        pipeline("b")
          .step("y", [], async (_, { path }) => paths.push(path))
          .step("r", ["y"], ({ y }) => y),
    });
    expect((await p.runPromise()).r).toBe(2);
    expect(paths).toEqual(["r[a]/x", "r[b]/y"]);
  });

  it("reports its losers as interrupted, not as failed", async () => {
    const events: Array<PipelineEvent> = [];
    const p = pipeline("p").race("r", [], {
      pending: (_, { signal }) => aborted(signal),
      won: async () => 1,
      graph: () => pipeline("g").step("r", [], () => Effect.never as Effect.Effect<number>),
    });
    await p.runPromise({}, { onEvent: (event) => events.push(event) });
    const told = events.flatMap((event) => ("path" in event ? [`${event.type} ${event.path}`] : []));
    expect(told.filter((text) => text.includes("failed"))).toEqual([]);
    for (const path of ["r[pending]", "r[graph]", "r[graph]/r"]) {
      expect(told).toContain(`step.interrupted ${path}`);
    }
    expect(told.at(-1)).toBe("expansion.succeeded r");
  });

  it("is not won twice", async () => {
    const p = pipeline("p")
      .race("r", [], { a: async () => "a", b: async () => "b", c: () => "c", d: () => "d" })
      .step("after", ["r"], ({ r }) => r);
    expect(await p.runPromise()).toEqual({ r: "c", after: "c" });
  });

  it("can be won by a contender while others fail, whenever they do", async () => {
    for (let winner = 0; winner < 4; winner++) {
      const contender = (at: number) => async () => {
        for (let i = 0; i < (at * 7) % 5; i++) await Promise.resolve();
        if (at !== winner) throw new Error(String(at));
        return at;
      };
      const p = pipeline("p").race("r", [], {
        a: contender(0),
        b: contender(1),
        c: contender(2),
        d: contender(3),
      });
      expect((await p.runPromise()).r).toBe(winner);
    }
  });

  it("fails with AllFailed, which has the error of each contender by name", async () => {
    const p = pipeline("p").race("r", [], {
      typed: () => Effect.fail("typed" as const),
      thrown: () => {
        throw new Error("thrown");
      },
      inner: () => pipeline("q").step("r", [], () => Effect.fail("inner" as const)),
    });
    const error = await Effect.runPromise(Effect.flip(p.run()));
    if (!(error instanceof AllFailed)) throw new Error(String(error));
    expect(error.path).toBe("r");
    expect(Object.keys(error.errors)).toEqual(["typed", "thrown", "inner"]);
    expect(error.errors).toMatchObject({
      typed: "typed",
      thrown: { _tag: "StepFailed", path: "r[thrown]" },
      inner: "inner",
    });
    expect(error.message).toContain(
      'Every contender of the race "r" failed. typed: typed; thrown: StepFailed:',
    );
  });

  it("applies its options as a whole", async () => {
    const attempts: Array<string> = [];
    const p = pipeline("p").race(
      "r",
      [],
      {
        a: (_, { attempt }) => {
          attempts.push(`a ${attempt}`);
          throw new Error("a");
        },
        b: async (_, { attempt }) => {
          attempts.push(`b ${attempt}`);
          throw new Error("b");
        },
      },
      { retry: { times: 1 }, fallback: (error) => error._tag },
    );
    expect((await p.runPromise()).r).toBe("AllFailed");
    expect(attempts).toEqual(["a 1", "b 1", "a 2", "b 2"]);
  });

  it("has contenders whose events have its attempt, whatever their kind and outcome", async () => {
    const events: Array<PipelineEvent> = [];
    const seen: Array<string> = [];
    const note = (_: unknown, { path, attempt }: StepContext): number => {
      seen.push(`${path} ${attempt}`);
      return 1;
    };
    const p = pipeline("p").race(
      "r",
      [],
      {
        map: (_, { attempt }) =>
          pipeline("map")
            .step("list", [], () => [1, 2])
            .map("m", "list", [], (_item, inputs, context) => note(inputs, context))
            .step("r", ["m"], () => (attempt < 3 ? Effect.fail("no") : Effect.never)),
        loop: (_, { attempt }) =>
          pipeline("loop")
            .loop("l", [], note, (state, inputs, context) => state + note(inputs, context), {
              until: (state) => state === 3,
            })
            .step("r", ["l"], () => (attempt < 3 ? Effect.fail("no") : Effect.never)),
        dynamic: (_, { attempt }) =>
          pipeline("dynamic")
            .dynamic(
              "d",
              [],
              () => pipeline("in").step("d", [], () => (attempt < 3 ? Effect.fail("no") : 1)),
              {
                retry: { times: 1 },
              },
            )
            .step("r", ["d"], () => "dynamic"),
        promise: async (_, { attempt }): Promise<string> => {
          if (attempt < 3) throw new Error("no");
          return new Promise(() => {});
        },
        throws: (): string => {
          throw new Error("no");
        },
      },
      { retry: { times: 2 } },
    );
    const { r } = await p.runPromise({}, { onEvent: (event) => events.push(event), gracePeriod: 10 });
    expect(r).toBe("dynamic");
    const told = (name: string): ReadonlyArray<string> =>
      events.flatMap((event) =>
        "path" in event && "attempt" in event && event.path === `r[${name}]`
          ? [`${event.type} ${event.attempt}`]
          : [],
      );
    const grown = (attempt: number, ...ends: ReadonlyArray<string>) =>
      ["step.started", "expansion.expanded", ...ends].map((type) => `${type} ${attempt}`);
    for (const name of ["map", "loop"]) {
      const twice = [...grown(1, "step.failed"), ...grown(2, "step.failed")];
      expect(told(name)).toEqual([...twice, ...grown(3, "step.interrupted")]);
    }
    expect(told("dynamic")).toEqual([
      ...grown(1, "step.failed"),
      ...grown(2, "step.failed"),
      ...grown(3, "step.succeeded"),
    ]);
    expect(told("promise").at(-1)).toBe("step.leaked 3");
    expect(told("throws")).toEqual([1, 2, 3].flatMap((at) => [`step.started ${at}`, `step.failed ${at}`]));
    // Steps inside a contender count their own attempts, as in every expansion.
    expect(new Set(seen)).toEqual(
      new Set(["r[map]/m[0] 1", "r[map]/m[1] 1", "r[loop]/l 1", "r[loop]/l[0] 1", "r[loop]/l[1] 1"]),
    );
    const retried = events.flatMap((event) =>
      event.type === "step.retried" ? [`${event.path} ${event.attempt}`] : [],
    );
    expect(retried).toEqual(["r[dynamic]/d 1", "r 1", "r[dynamic]/d 1", "r 2"]);
  });

  it("times out as a whole", async () => {
    const p = pipeline("p").race(
      "r",
      [],
      { a: (_, { signal }) => aborted(signal), b: () => Effect.never },
      { timeout: 10 },
    );
    expect(await failure(p.runPromise())).toMatchObject({ _tag: "StepTimedOut", path: "r" });
  });

  it("is interrupted with its run, and fires the signals of all contenders", async () => {
    const controller = new AbortController();
    const seen: Array<string> = [];
    const contender = async (
      _: unknown,
      { signal, path }: { readonly signal: AbortSignal; readonly path: string },
    ) => {
      await aborted(signal);
      seen.push(path);
    };
    const p = pipeline("p").race("r", [], {
      a: contender,
      b: contender,
      c: () =>
        Effect.andThen(
          Effect.sync(() => controller.abort(new Error("enough"))),
          Effect.never,
        ),
    });
    expect(await failure(p.runPromise({}, { signal: controller.signal }))).toEqual(new Error("enough"));
    expect(seen.toSorted()).toEqual(["r[a]", "r[b]"]);
  });

  it.each([
    [{}, "A race must have at least one contender; got an empty record."],
    [undefined, "contenders must be a record of functions; got"],
    [{ a: 1 }, 'The contender "a" must be a function; got a number.'],
    [{ "a/b": () => 1 }, 'The contender "a/b" cannot be part of a path.'],
  ])("is refused at build time with the contenders %s", (contenders, reason) => {
    const untyped: any = pipeline("p");
    expect(() => untyped.race("r", [], contenders)).toThrow(reason);
  });
});
