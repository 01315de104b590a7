import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { pipeline, step, type } from "espalier";
import type { Plan } from "espalier";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

/** The builder without its types: here, pipelines are built from data. */
interface Untyped {
  readonly input: (name: string, schema: unknown) => Untyped;
  readonly step: (name: string, reads: ReadonlyArray<string>, run: (inputs: object) => unknown) => Untyped;
  readonly dynamic: (
    name: string,
    reads: ReadonlyArray<string>,
    run: () => unknown,
    options?: object,
  ) => Untyped;
  readonly addAll: (steps: ReadonlyArray<unknown>) => Untyped;
  readonly add: (other: unknown) => Untyped;
  readonly when: (
    name: string,
    reads: ReadonlyArray<string>,
    on: () => boolean,
    build: (p: Untyped) => Untyped,
  ) => Untyped;
  readonly returns: (...names: ReadonlyArray<string>) => Untyped;
  readonly plan: () => Plan;
  readonly runPromise: (inputs: object) => Promise<Record<string, unknown>>;
}

const empty = (name: string): Untyped => pipeline(name) as unknown as Untyped;
const inner = pipeline("inner")
  .input("n", type<number>())
  .step("hidden", ["n"], ({ n }) => n)
  .returns();

/** One addition to a pipeline whose steps so far have these names. */
type Move = (built: Untyped, names: ReadonlyArray<string>, salt: number) => Untyped;

const valueOf = (salt: number) => (inputs: object) => `${JSON.stringify(inputs)}${salt}`;
const moves: ReadonlyArray<Move> = [
  (built, names, salt) => built.step(`s${names.length}`, [], valueOf(salt)),
  (built, names, salt) => built.step(`s${names.length}`, names.slice(-1), valueOf(salt)),
  (built, names, salt) => built.step(`s${names.length}`, names, valueOf(salt)),
  (built, names, salt) => built.step(`s${names.length}`, ["s*"], valueOf(salt)),
  (built, names, salt) => built.step(`t${names.length}`, names.slice(0, 1), valueOf(salt)),
  (built, names, salt) => built.dynamic(`s${names.length}`, [], () => salt),
  (built, names, salt) =>
    built.dynamic(`s${names.length}`, [], () => ({ [`late${names.length}`]: salt }), { outputs: "all" }),
  (built, names) => built.addAll([]) && built.step(`s${names.length}`, [], () => 1),
  (built, names, salt) => built.addAll([step(`s${names.length}` as never, [], () => salt)]),
  (built, names, salt) =>
    built.when(
      `s${names.length}`,
      [],
      () => salt % 2 === 0,
      (p) => p.step(`w${names.length}`, [], () => salt),
    ),
  (built, names, salt) => built.step(`s${names.length}`, ["n"], valueOf(salt)),
  (built, names) => built.returns(...names.slice(0, 1)),
  (built) => built.returns(),
];

const stepsOf = (built: Untyped): ReadonlyArray<string> =>
  built.plan().steps.flatMap(({ name, outputs }) => (outputs === "all" ? [] : [name]));

/** Builds with these moves; refused ones change nothing, and their reasons are kept. */
const build = (name: string, hasInput: boolean, plan: ReadonlyArray<number>, salt: number) => {
  let built = hasInput ? empty(name).input("n", type<number>()) : empty(name);
  const refused: Array<string> = [];
  for (const move of plan) {
    try {
      const before = built;
      built = moves[move]!(before, stepsOf(before), salt);
    } catch (error) {
      refused.push((error as Error).message.replaceAll(name, "NAME"));
    }
  }
  return { built, refused };
};

const outcome = async ({ built, refused }: ReturnType<typeof build>, name: string) => {
  const outputs = await built.runPromise({ n: 7 }).then(
    (outputs) => ({ outputs }),
    (error: Error) => ({ error: error.message.replaceAll(name, "NAME") }),
  );
  return { plan: { ...built.plan(), name: "NAME" }, refused, ...outputs };
};

let names = 0;

describe("Pipelines with the same name", () => {
  it("do not depend on other pipelines built with that name before", async () => {
    const plans = fc.array(fc.tuple(fc.boolean(), fc.array(fc.nat(moves.length - 1), { maxLength: 6 })), {
      minLength: 2,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(plans, async (all) => {
        const name = `shared-${names++}`;
        // Twice each, so that each form is kept and then reused.
        for (const [salt, [hasInput, plan]] of [...all, ...all].entries()) {
          const alone = `alone-${names++}`;
          const followed = build(name, hasInput, plan, salt);
          expect(await outcome(followed, name)).toEqual(
            await outcome(build(alone, hasInput, plan, salt), alone),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it("each run their own functions, even if they share the same beginning", async () => {
    const made = Array.from({ length: 20 }, (_, i) => {
      const begun = pipeline("begun").step("a", [], () => i);
      return [
        begun.step("b", ["a"], ({ a }) => a + 100),
        begun.step("b", ["a"], ({ a }) => a + 200),
        begun.step("c", ["a"], ({ a }) => a + 300),
      ] as const;
    });
    for (const [i, [one, two, three]] of made.entries()) {
      expect(await one.runPromise({})).toEqual({ a: i, b: i + 100 });
      expect(await two.runPromise({})).toEqual({ a: i, b: i + 200 });
      expect(await three.runPromise({})).toEqual({ a: i, c: i + 300 });
    }
  });

  it("can add another pipeline every time", async () => {
    for (let i = 0; i < 4; i++) {
      const built = pipeline("host")
        .step("n", [], () => i)
        .add(inner)
        .step("m", ["n"], ({ n }) => n);
      expect(await built.runPromise({})).toEqual({ n: i, m: i });
      expect(built.plan().steps.map(({ path }) => path)).toEqual(["n", "inner/hidden", "m"]);
    }
  });

  it("stay correct with more forms than are kept", async () => {
    for (let i = 0; i < 200; i++) {
      const name = `step-${i % 70}`;
      const built = empty("many")
        .step(name, [], () => i)
        .step("last", [name], (inputs) => inputs);
      expect(await built.runPromise({})).toEqual({ [name]: i, last: { [name]: i } });
    }
  });

  it("keep no function and no schema alive", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const dropped: Array<WeakRef<object>> = [];
    const build = (): Untyped => {
      const schema = { ...(type<number>() as object) };
      const run = () => 1;
      dropped.push(new WeakRef(schema), new WeakRef(run));
      return empty("held").input("n", schema).step("a", ["n"], run);
    };
    for (let i = 0; i < 5; i++) build();
    for (let tries = 0; tries < 50 && dropped.some((ref) => ref.deref() !== undefined); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      collect();
    }
    expect(dropped.filter((ref) => ref.deref() !== undefined)).toEqual([]);
  });
});
