/**
 * The arguments of a check can be anything. It always ends in time, with a sentence that names the law, the seed and the path.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { dynamic, pipeline, step, type } from "espalier";
import { CheckFailed, checkDynamic, checkPipeline, LawViolation } from "espalier/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

const seed = 7;
const input = fc.record({ size: fc.nat({ max: 5 }) });
type Size = { readonly size: number };

const failure = async (check: Promise<unknown>): Promise<CheckFailed> => {
  const error: unknown = await check.then(
    (report) => report,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CheckFailed);
  const { law, message } = error as CheckFailed;
  expect(message).toContain(`The law ${law} could not be checked on "grown": `);
  expect(message).toContain(`(seed ${seed}, path "`);
  return error as CheckFailed;
};

const good = dynamic("grown", ["size"], ({ size }: Size) => pipeline("sub").step("grown", [], () => size));

describe("an arbitrary", () => {
  test("that throws", async () => {
    const throwing = input.map((value) => {
      if (value.size > 3) throw new RangeError("no such size");
      return value;
    });
    const found = await failure(checkDynamic(good, { input: throwing, seed }));
    expect(found.reason).toBe("the arbitrary threw: RangeError: no such size");
  });

  test("that generates values that the schema of a pipeline refuses", async () => {
    const checked = pipeline("grown")
      .input("size", Schema.Int)
      .step("a", ["size"], ({ size }) => size);
    const found = await failure(
      checkPipeline(checked, { input: fc.record({ size: fc.constant(1.5) }), seed, laws: ["pure"] }),
    );
    expect(found.reason).toMatch(/the arbitrary returned an input that the schema refuses: Input "size"/);
    expect(found.input).toEqual({ size: 1.5 });
  });

  test("that generates values that the schema of a standalone step refuses", async () => {
    const checked = dynamic("grown", { size: Schema.Int }, ({ size }) =>
      pipeline("sub").step("grown", [], () => size),
    );
    const found = await failure(
      checkDynamic(checked, { input: fc.record({ size: fc.constant(0.5) }) as never, seed }),
    );
    expect(found.reason).toMatch(/the schema refuses/);
  });
});

describe("a dynamic step", () => {
  test("that never settles: an Effect", async () => {
    const stuck = dynamic("grown", ["size"], () => Effect.never as Effect.Effect<number>);
    const found = await failure(checkDynamic(stuck, { input, seed, deadline: 500 }));
    expect(found.reason).toMatch(/never settled.*Under way: "grown"|deadline of 500 ms/);
  });

  test("that never settles: a promise", async () => {
    const stuck = dynamic("grown", ["size"], () => new Promise<number>(() => {}));
    const began = Date.now();
    const found = await failure(checkDynamic(stuck, { input, seed, deadline: 400 }));
    expect(found.reason).toMatch(/never settled: a promise|deadline of 400 ms/);
    expect(Date.now() - began).toBeLessThan(4000);
  });

  test("whose sub-step never settles, for one input only", async () => {
    const stuck = dynamic("grown", ["size"], ({ size }: Size) =>
      pipeline("sub").step("grown", [], () => (size === 4 ? Effect.never : Effect.succeed(size))),
    );
    const found = await failure(checkDynamic(stuck, { input, seed, deadline: 3000 }));
    expect(found.input).toEqual({ size: 4 });
    expect(found.reason).toContain('"grown/grown"');
  });

  test("that expands forever is reported by the law that limits growth", async () => {
    const forEver = (): unknown => pipeline("again").dynamic("grown", [], forEver);
    const endless = dynamic("grown", ["size"], forEver as never);
    const error: unknown = await checkDynamic(endless as never, { input: input as never, seed }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(LawViolation);
    expect(error).toMatchObject({ law: "bounded", input: { size: 0 }, seed });
    expect((error as LawViolation).actual).toContain("Does it expand forever?");
  });

  test("that takes its steps from an endless generator", async () => {
    const endless = dynamic("grown", ["size"], ({ size }: { size: number }) =>
      pipeline("many")
        .addAll(
          (function* () {
            for (let i = size; ; i++) yield step(`part ${i}`, [], () => i);
          })(),
        )
        .step("grown", [], () => 1),
    );
    const error: unknown = await checkDynamic(endless, { input, seed, runs: 2 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(LawViolation);
    expect(error).toMatchObject({ law: "wellFormed", seed });
    expect((error as LawViolation).message).toContain(
      "more than 100000 steps by an iterable that may be endless",
    );
  });

  test("that sleeps for a year takes no time", async () => {
    const slow = dynamic("grown", ["size"], ({ size }: Size) =>
      Effect.as(
        Effect.sleep("365 days"),
        pipeline("sub").step("grown", [], () => size),
      ),
    );
    const report = await checkDynamic(slow, { input, seed, runs: 10, interleavings: 5 });
    expect(report.laws.find(({ law }) => law === "wellFormed")?.result).toBe("passed");
  });

  test("that needs a service, without and with that service", async () => {
    class Prices extends Context.Service<Prices, { readonly of: (size: number) => number }>()(
      "test/Prices",
    ) {}
    const needing = dynamic("grown", ["size"], ({ size }: Size) =>
      Effect.map(Prices, (prices) => pipeline("sub").step("grown", [], () => prices.of(size))),
    );
    const found = await failure(checkDynamic(needing, { input, seed }));
    expect(found.reason).toMatch(/needs the service test\/Prices, which was not provided/);
    const services = Context.make(Prices, { of: (size) => size * 2 });
    const report = await checkDynamic(needing, { input, seed, services, runs: 10 });
    expect(report.laws[0]?.result).toBe("passed");
  });

  test("that fails with a typed error expands to nothing: it passes no law", async () => {
    const failing = dynamic("grown", ["size"], () => Effect.fail("no") as Effect.Effect<number, string>);
    const report = await checkDynamic(failing, { input, seed, runs: 10, laws: ["wellFormed"] });
    expect(report.laws.find(({ law }) => law === "wellFormed")?.result).toBe("vacuous");
    expect(report.notes).toEqual(["10 of 10 runs failed: 10 with no."]);
  });

  test("that fails with every input, even with a typed error, is reported by the default laws", async () => {
    const failing = dynamic("grown", ["size"], () => Effect.fail("no") as Effect.Effect<number, string>);
    const error: unknown = await checkDynamic(failing, { input, seed }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ law: "succeeds", actual: 'with every input it failed with "no"' });
  });
});

const none = pipeline("none");

test("an unknown law, and a value that is not a step", async () => {
  await expect(checkDynamic(good, { input, laws: ["none" as "pure"] })).rejects.toThrow(
    /There is no law "none"/,
  );
  await expect(checkDynamic({} as typeof good, { input })).rejects.toThrow(/a standalone dynamic step/);
  await expect(checkPipeline({} as typeof none, { input: fc.constant({}) })).rejects.toThrow(
    /takes a pipeline/,
  );
});

test("checks in parallel do not disturb each other", async () => {
  const violating = dynamic("grown", ["size"], ({ size }: Size) =>
    Date.now() > 2 ** 40
      ? pipeline("sub").step("grown", [], () => size)
      : pipeline("sub")
          .step("early", [], () => 0)
          .step("grown", [], () => size),
  );
  const before = { now: Date.now, random: Math.random, date: Date };
  const results = await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      checkDynamic(i % 2 === 0 ? good : violating, {
        input,
        seed,
        runs: 20,
        laws: ["deterministic", "pure"],
      }).then(
        () => "passed",
        (error: unknown) => (error as LawViolation).law,
      ),
    ),
  );
  expect(results).toEqual(["passed", "deterministic", "passed", "deterministic", "passed", "deterministic"]);
  expect({ now: Date.now, random: Math.random, date: Date }).toEqual(before);
});

test("a pipeline is checked with all of its expansions", async () => {
  const nested = pipeline("nested")
    .input("sizes", type<ReadonlyArray<number>>())
    .map("each", "sizes", [], (size) => {
      const seen: Array<number> = [];
      return pipeline("inner")
        .step("a", [], () => seen.push(1))
        .step("b", [], () => seen.push(2))
        .step("each", ["a", "b"], ({ a, b }) => [size, a, b]);
    });
  const error: unknown = await checkPipeline(nested, {
    input: fc.record({ sizes: fc.array(fc.nat()) }),
    laws: ["orderIndependent"],
    seed,
  }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ law: "orderIndependent", input: { sizes: [0] } });
});
