/** What a step returns is what later steps read, whatever it is and however it comes. */
import * as Effect from "effect/Effect";
import type { FailureOf, OutputsOf, StepFailed } from "espalier";
import { pipeline, type } from "espalier";
import { same } from "./same.ts";

class Model {
  readonly #weights: ReadonlyArray<number>;
  constructor(weights: ReadonlyArray<number>) {
    this.#weights = weights;
  }
  predict(row: number): number {
    return row * (this.#weights[0] ?? 0);
  }
}
declare const brand: unique symbol;
type UserId = string & { readonly [brand]: "UserId" };
interface Settings {
  readonly rate?: number;
  readonly names: readonly [first: string, ...rest: ReadonlyArray<string>];
}

function overloaded(value: string): string;
function overloaded(value: number): number;
function overloaded(value: string | number): string | number {
  return value;
}

const values = pipeline("values")
  .step("text", [], () => "a")
  .step("literal", [], () => "a" as const)
  .step("union", [], () => (Math.random() > 0.5 ? "a" : 1))
  .step("nothing", [], () => {})
  .step("none", [], () => undefined)
  .step("nil", [], () => null)
  .step("maybe", [], (): number | undefined => 1)
  .step("list", [], () => [1, 2])
  .step("tuple", [], () => [1, "a"] as const)
  .step("record", [], () => ({ a: 1, b: { c: "x" } }))
  .step("settings", [], (): Settings => ({ names: ["a"] }))
  .step("model", [], () => new Model([1]))
  .step("user", [], () => "u" as UserId)
  .step("fn", [], () => (value: number) => value > 1)
  .step("overloaded", [], () => overloaded)
  .step("generic", [], () => <Item>(item: Item) => [item])
  .step("map", [], () => new Map<string, Set<number>>())
  .step("big", [], () => 1n)
  .step("symbol", [], () => Symbol("s"))
  .step("unknown", [], (): unknown => 1)
  .step("any", [], () => JSON.parse("1"))
  .step("never", [], (): never => {
    throw new Error("no");
  })
  .step("promise", [], async () => 1)
  .step("nested", [], async () => Promise.resolve(Promise.resolve("a")))
  .step("mixed", [], () => (Math.random() > 0.5 ? 1 : Promise.resolve("a")))
  .step("effect", [], () => Effect.succeed(1))
  .step("generator", [], () =>
    Effect.gen(function* () {
      return yield* Effect.succeed("a");
    }),
  )
  .step("iterator", [], function* (): Generator<1, void> {
    yield 1;
  });
type Values = OutputsOf<typeof values>;

same<Values["text"], string>(true);
same<Values["literal"], "a">(true);
same<Values["union"], "a" | 1>(true);
same<Values["nothing"], void>(true);
same<Values["none"], undefined>(true);
same<Values["nil"], null>(true);
same<Values["maybe"], number | undefined>(true);
same<Values["list"], Array<number>>(true);
same<Values["tuple"], readonly [1, "a"]>(true);
same<Values["record"], { a: number; b: { c: string } }>(true);
same<Values["settings"], Settings>(true);
same<Values["model"], Model>(true);
same<Values["user"], UserId>(true);
same<Values["fn"], (value: number) => boolean>(true);
same<Values["overloaded"], typeof overloaded>(true);
same<Values["generic"], <Item>(item: Item) => Array<Item>>(true);
same<Values["map"], Map<string, Set<number>>>(true);
same<Values["big"], bigint>(true);
same<Values["symbol"], symbol>(true);
same<Values["unknown"], unknown>(true);
// Only the output that the user made so is `any`, and no other becomes it.
same<Values["any"], any>(true);
same<Values["never"], never>(true);
same<Values["promise"], number>(true);
same<Values["nested"], string>(true);
same<Values["mixed"], string | 1>(true);
same<Values["effect"], number>(true);
same<Values["generator"], string>(true);
same<Values["iterator"], Generator<1, void>>(true);
same<FailureOf<typeof values>, StepFailed>(true);

values.step(
  "reads",
  ["user", "settings", "any", "never", "model"],
  ({ user, settings, any, never, model }, context) => {
    same<typeof user, UserId>(true);
    same<typeof settings.rate, number | undefined>(true);
    same<typeof any, any>(true);
    same<typeof never, never>(true);
    same<typeof context.signal, AbortSignal>(true);
    same<typeof context.index, number | undefined>(true);
    return model.predict(1);
  },
);

const several = pipeline("several")
  .step("split", [], async () => ({ train: [1], test: "a", more: true }), { outputs: ["train", "test"] })
  .step("either", [], () => (Math.random() > 0.5 ? { x: 1, y: "a" } : { x: "b", y: 2 }), {
    outputs: ["x", "y"],
  })
  .step("renamed", [], () => 1, { outputs: ["other"] })
  .step("loose", [], (): unknown => ({}), { outputs: ["p", "q"] });
same<
  OutputsOf<typeof several>,
  {
    readonly train: Array<number>;
    readonly test: string;
    readonly x: string | number;
    readonly y: string | number;
    readonly other: number;
    readonly p: unknown;
    readonly q: unknown;
  }
>(true);

const fallbacks = pipeline("fallbacks")
  .step("a", [], async () => 1, { fallback: "none" })
  .step("b", [], () => Effect.fail("no" as const), { fallback: () => 2 })
  .step("c", [], () => Effect.fail("no" as const), { retry: { times: 2 }, fallback: (error) => error });
same<OutputsOf<typeof fallbacks>["a"], number | string>(true);
same<OutputsOf<typeof fallbacks>["b"], number>(true);
// A fallback stands for every error that there was.
same<FailureOf<typeof fallbacks>, never>(true);

const lateFallbacks = pipeline("lateFallbacks")
  .step("a", [], async () => 1, { fallback: async () => "none" as const })
  .step("b", [], () => 1, { fallback: () => Effect.as(Effect.fail("nor this" as const), true) })
  .step("c", [], async () => 1, { fallback: async (error) => error });
same<OutputsOf<typeof lateFallbacks>["a"], number | "none">(true);
same<OutputsOf<typeof lateFallbacks>["b"], number | boolean>(true);
same<OutputsOf<typeof lateFallbacks>["c"], number | StepFailed>(true);
same<FailureOf<typeof lateFallbacks>, StepFailed | "nor this">(true);

const optional = pipeline("optional").input("config", type<{ readonly rate?: number }>());
void optional.run({ config: {} });
void optional.run({ config: { rate: 1 } });
