/** For each law, a dynamic step that breaks only that law, and one that keeps it. */
import * as Effect from "effect/Effect";
import type { DynamicStep } from "espalier";
import { dynamic, pipeline, step } from "espalier";
import type { LawName } from "espalier/testing";
import { checkDynamic, LawViolation } from "espalier/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

type Items = { readonly items: ReadonlyArray<string> };
type Checked = DynamicStep<string, Items, any, any, never, any>;

const input: fc.Arbitrary<Items> = fc.record({
  items: fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1, maxLength: 4 }),
});

const seed = 20_260_101;

/** The laws that are not about results: most breaking steps below return unrelated results. */
const defaults: ReadonlyArray<LawName> = [
  "bounded",
  "wellFormed",
  "exposes",
  "leavesNothing",
  "deterministic",
  "pure",
  "inlines",
  "orderIndependent",
  "retryIdempotent",
  "interruptSafe",
];

const violation = async (
  checked: Checked,
  law: LawName,
  more: Partial<Parameters<typeof checkDynamic<Checked>>[1]> = {},
): Promise<LawViolation> => {
  const error: unknown = await checkDynamic(checked, { input, laws: [law], seed, ...more }).then(
    (report) => report,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(LawViolation);
  return error as LawViolation;
};

/** A separate step for each letter, and one that reads the steps of all letters. */
const lengths = (items: ReadonlyArray<string>) =>
  pipeline("lengths").addAll(items.map((item) => step(`length of ${item}`, [], () => item.length)));

const sum = (found: { readonly "length of *": Readonly<Record<string, number>> }): number =>
  Object.values(found["length of *"]).reduce((a, b) => a + b, 0);

const good = dynamic("total", ["items"], ({ items }: Items) =>
  lengths(items).step("total", ["length of *"], sum),
);

let calls = 0;

/** For each law, the step that breaks it. Steps that only JavaScript could write are cast. */
const breaking: Readonly<Record<string, Checked>> = {
  wellFormed: dynamic("total", ["items"], ({ items }: Items) =>
    pipeline("lengths")
      .addAll(items.map((item) => step(`length ${item < "c" ? "low" : "high"}`, [], () => item.length)))
      .step("total", [], () => 1),
  ) as Checked,
  exposes: dynamic("total", ["items"], (({ items }: Items) =>
    items.includes("c")
      ? lengths(items).step("sum", [], () => 0)
      : lengths(items).step("total", ["length of *"], sum)) as never) as unknown as Checked,
  bounded: dynamic("total", ["items"], ({ items }: Items) => {
    const deeper = (depth: number): unknown =>
      pipeline(`depth ${depth}`).dynamic("total", [], (() => (depth > 20 ? 1 : deeper(depth + 1))) as never);
    return items.length > 1 ? deeper(0) : lengths(items).step("total", ["length of *"], sum);
  }),
  deterministic: dynamic("total", ["items"], ({ items }: Items) =>
    lengths(new Date().getFullYear() > 2030 ? items.slice(0, 1) : items).step("total", [], () => 1),
  ) as Checked,
  pure: dynamic("total", ["items"], ({ items }: Items) => {
    const sorted = (items as Array<string>).sort();
    return lengths(sorted).step("total", ["length of *"], sum);
  }) as Checked,
  inlines: dynamic("total", ["items"], ({ items }: Items) =>
    lengths(items).step("total", [], (_, { path }) => path.length),
  ) as Checked,
  orderIndependent: dynamic("total", ["items"], ({ items }: Items) => {
    const order: Array<string> = [];
    return pipeline("ordered")
      .addAll(
        items.map((item) =>
          step(`letter ${item}`, [], () => {
            if (!order.includes(item)) order.push(item);
            return item;
          }),
        ),
      )
      .step("total", ["letter *"], () => order.join());
  }) as Checked,
  retryIdempotent: dynamic("total", ["items"], ({ items }: Items) => {
    let balance = 0;
    return pipeline("account")
      .step("paid in", [], () => {
        balance += items.length;
        return balance;
      })
      .step("total", ["paid in"], (read) => {
        // So that the same pipeline starts empty when it runs alone.
        balance = 0;
        return read["paid in"];
      });
  }) as Checked,
  interruptSafe: dynamic("total", ["items"], ({ items }: Items) =>
    pipeline("left").step("total", [], () =>
      Effect.as(
        Effect.onInterrupt(Effect.sleep(10), () => Effect.sleep("1 hour")),
        items.length,
      ),
    ),
  ) as Checked,
};

describe.each(Object.entries(breaking))("%s", (name, broken) => {
  const law = name as LawName;

  test("is broken by a step that breaks it, and the report has everything that helps", async () => {
    const found = await violation(broken, law);
    expect(found.law).toBe(law);
    expect(found.drawing?.text).toContain("total (dynamic)");
    expect(found.drawing?.mermaid).toContain("flowchart TD");
    expect(found.drawing?.dot).toContain("digraph");
    expect(found.regression).toContain(`laws: ["${law}"], seed: ${seed}`);
    expect(found.message).toContain(found.sentence);
    expect(found.message).toContain(`Seed ${seed}`);
  });

  test("no other law is broken by the same step", async () => {
    const others = defaults.filter((each) => each !== law);
    const report = await checkDynamic(broken, { input, laws: others, runs: 15, interleavings: 5, seed });
    expect(report.laws.map((each) => each.law)).toEqual(others);
  });

  test("is found again at once by its seed and path", async () => {
    const first = await violation(broken, law);
    const again = await violation(broken, law, { path: first.path });
    expect(again.input).toEqual(first.input);
    expect(again.message.replace(/path "[^"]*"/, "")).toBe(first.message.replace(/path "[^"]*"/, ""));
  });

  test("is kept, with a signal, by a step that keeps it", async () => {
    calls = 0;
    const report = await checkDynamic(good as Checked, { input, laws: [law], runs: 30, seed });
    expect(report.laws[0]).toMatchObject({ law, result: "passed" });
  });
});

test("the smallest input is reported: two colliding letters and no others", async () => {
  const found = await violation(breaking["wellFormed"]!, "wellFormed");
  expect((found.input as Items).items).toHaveLength(2);
  expect(found.actual).toContain('"length low"');
});

test("for a race, the report also has the order, as close to first-in, first-out as possible", async () => {
  const found = await violation(breaking["orderIndependent"]!, "orderIndependent");
  expect(found.interleaving).toEqual([1]);
  expect((found.input as Items).items).toHaveLength(2);
});

test("promises that are ready at the same time resolve in any order", async () => {
  const downstream = dynamic("total", ["items"], ({ items }: Items) => {
    let last = "";
    let sub: any = pipeline("racing");
    for (const item of items) {
      sub = sub
        .step(`load ${item}`, [], () => Promise.resolve(item))
        .step(`use ${item}`, [`load ${item}`], () => (last = item));
    }
    return sub.step("total", ["use *"], () => last);
  });
  expect((await violation(downstream as Checked, "orderIndependent")).interleaving).toBeDefined();
});

test("keys in another order, chance and Effect's clock also vary between worlds", async () => {
  const byKeys = dynamic("total", ["of"], ({ of }: { of: Readonly<Record<string, number>> }) =>
    pipeline("first")
      .step(`of ${Object.keys(of)[0]}`, [], () => 1)
      .step("total", [], () => 1),
  );
  const keys = await checkDynamic(byKeys as never, {
    input: fc.record({ of: fc.record({ x: fc.nat(), y: fc.nat() }) }) as never,
    laws: ["deterministic"],
    seed,
  }).catch((thrown: unknown) => thrown);
  expect(keys).toMatchObject({ law: "deterministic", actual: expect.stringContaining("keys") });
  const byChance = dynamic("total", ["items"], ({ items }: Items) =>
    lengths(items.slice(0, Math.floor(Math.random() * 3) + 1)).step("total", [], () => 1),
  );
  expect((await violation(byChance as Checked, "deterministic")).actual).toContain("random");
  const byClock = dynamic("total", ["items"], ({ items }: Items) =>
    Effect.map(
      Effect.clockWith((clock) => clock.currentTimeMillis),
      (now) => lengths(now > 2 ** 40 ? [...items, "late"] : items).step("total", [], () => 1),
    ),
  );
  expect((await violation(byClock as unknown as Checked, "deterministic")).actual).toContain("time");
});

test("expanding runs no steps", async () => {
  const eager = dynamic("total", ["items"], async ({ items }: Items) => {
    const sub = lengths(items).step("total", ["length of *"], sum);
    await sub.runPromise();
    return sub;
  });
  expect((await violation(eager as unknown as Checked, "pure")).actual).toContain("ran the pipeline");
});

test("a sub-step that changes a value that others read is caught", async () => {
  const mutating = dynamic("total", ["items"], ({ items }: Items) =>
    pipeline("shared").step("total", [], () => (items as Array<string>).reverse().join()),
  );
  expect((await violation(mutating as Checked, "pure")).step).toBe("total/total");
});

describe("on request", () => {
  test("monotone: more input drops no step", async () => {
    const dropping = dynamic("total", ["items"], ({ items }: Items) =>
      lengths(items.length > 2 ? items.slice(1) : items).step("total", [], () => 1),
    );
    expect((await violation(dropping as Checked, "monotone")).step).toMatch(/^total\/length of/);
    const kept = await checkDynamic(good as Checked, { input, laws: ["monotone"], seed });
    expect(kept.laws[0]?.result).toBe("passed");
  });

  test("stable: the shape is the recorded one", async () => {
    const recorded = [{ input: { items: ["a"] }, shape: "another" }];
    const found = await violation(good as Checked, "stable", { recorded });
    const shape = found.actual.replace("the shape ", "");
    expect(shape).toContain("length of a");
    const kept = await checkDynamic(good as Checked, {
      input,
      laws: ["stable"],
      recorded: [{ input: { items: ["a"] }, shape }],
    });
    expect(kept.laws[0]?.result).toBe("passed");
  });

  test("crashSafe: after a crash at each write, the resumed run has the same outputs", async () => {
    const report = await checkDynamic(good as Checked, { input, laws: ["crashSafe"], runs: 20 });
    expect(report.laws[0]).toMatchObject({ law: "crashSafe", result: "passed" });
  });

  test("crashSafe: an expansion that differs in the resumed run is reported", async () => {
    let expansions = 0;
    const forgetful = dynamic("total", ["items"], ({ items }: Items) =>
      pipeline("sub")
        .step(`first_${++expansions}`, [], () => 1)
        .step("total", [], () => items.length),
    );
    const found = await violation(forgetful as Checked, "crashSafe");
    expect(found.actual).toContain("ExpansionChanged");
  });

  test("crashSafe: an output that cannot be recorded is reported", async () => {
    const bent = dynamic("total", ["items"], ({ items }: Items) =>
      pipeline("sub")
        .step("index", [], () => new Map(items.map((item, i) => [item, i])))
        .step("total", ["index"], ({ index }) => index.size),
    );
    const found = await violation(bent as Checked, "crashSafe");
    expect(found.actual).toContain("it is an instance of Map");
  });
});

test("without a signal a law is vacuous, never passed, and an error if that is requested", async () => {
  const direct = dynamic("total", ["items"], ({ items }: Items) => items.length);
  const report = await checkDynamic(direct as Checked, { input, seed });
  const results = Object.fromEntries(report.laws.map(({ law, result }) => [law, result]));
  expect(results).toMatchObject({ wellFormed: "vacuous", orderIndependent: "vacuous", inlines: "vacuous" });
  await expect(
    checkDynamic(direct as Checked, { input, laws: ["wellFormed"], vacuous: "fail" }),
  ).rejects.toThrow(/nothing was ever expanded/);
  expect(calls).toBe(0);
});
