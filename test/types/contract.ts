/** Each form of the contract, as users write it. It compiles, and its types are exact. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type { Result } from "effect/Result";
import * as Schema from "effect/Schema";
import type { FailureOf, InputsOf, OutputsOf, ServicesOf, StepFailed } from "espalier";
import { dynamic, pipeline, pipelineOf, step, type } from "espalier";
import * as z from "zod";

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
declare const same: <A, B>(equal: Equals<A, B>) => void;

interface Dataset {
  readonly rows: ReadonlyArray<number>;
  readonly size: "small" | "large";
}
interface Model {
  readonly score: number;
}
class Db extends Context.Service<Db, { readonly get: (id: string) => number }>()("Db") {}

const training = pipeline("training")
  .input("config", Schema.Struct({ learningRates: Schema.Array(Schema.Number), path: Schema.String }))
  .input("limit", z.string().transform(Number))
  .step(
    "dataset",
    ["config"],
    async ({ config }): Promise<Dataset> => ({ rows: config.learningRates, size: "small" }),
  )
  .step("grid", ["config"], ({ config }) => config.learningRates)
  .step("split", ["dataset"], ({ dataset }) => ({ train: dataset.rows, test: dataset.rows.length }), {
    outputs: ["train", "test"],
  })
  .map("models", "grid", ["train"], (rate, { train }): Model => ({ score: rate + train.length }))
  .switch("stats", ["dataset"], ({ dataset }) => dataset.size, {
    small: ({ dataset }) => pipeline("exact").step("stats", [], () => dataset.rows.length),
    large: () => "many",
  })
  .dynamic("bestModel", ["config", "train"], ({ config, train }) =>
    pipeline("hpSearch")
      .addAll(
        config.learningRates.map((rate) =>
          step(`model_lr_${rate}`, [], (): Model => ({ score: rate * train.length })),
        ),
      )
      .step("bestModel", ["model_lr_*"], (found) => Object.values(found["model_lr_*"])[0]?.score ?? 0),
  );

same<
  InputsOf<typeof training>,
  {
    readonly config: { readonly learningRates: ReadonlyArray<number>; readonly path: string };
    readonly limit: string;
  }
>(true);
same<OutputsOf<typeof training>["stats"], string | number>(true);
same<OutputsOf<typeof training>["models"], ReadonlyArray<Model>>(true);
same<OutputsOf<typeof training>["bestModel"], number>(true);
same<FailureOf<typeof training>, StepFailed>(true);
same<ServicesOf<typeof training>, never>(true);

const narrowed = training.returns("bestModel", "stats");
same<OutputsOf<typeof narrowed>, { readonly bestModel: number; readonly stats: string | number }>(true);

const effects = pipeline("effects")
  .step("a", [], () =>
    Effect.gen(function* () {
      const db = yield* Db;
      return db.get("x");
    }),
  )
  .step("b", ["a"], ({ a }) => (a > 1 ? Effect.fail("bad" as const) : Effect.succeed(a)))
  .step("c", [], () => Effect.fail(new Error("x")), { fallback: 1 })
  .step("d", ["b"], ({ b }) => b, {
    retry: { times: 3, while: (e) => e !== undefined },
    timeout: "1 second",
  });
same<ServicesOf<typeof effects>, Db>(true);
same<
  OutputsOf<typeof effects>,
  { readonly a: number; readonly b: number; readonly c: number; readonly d: number }
>(true);

const collected = pipeline("c")
  .step("xs", [], () => [1, 2, 3])
  .map("ys", "xs", [], (x) => (x > 1 ? Effect.fail("no" as const) : Effect.succeed(x)), {
    failures: "collect",
  });
same<OutputsOf<typeof collected>["ys"], ReadonlyArray<Result<number, "no" | StepFailed>>>(true);

const all = pipeline("all")
  .input("n", type<number>())
  .dynamic(
    "prep",
    ["n"],
    ({ n }) =>
      n > 1
        ? pipeline("x")
            .input("n", type<number>())
            .step("p", ["n"], ({ n }) => n)
            .step("q", [], () => "q")
        : pipeline("y").step("p", [], () => true),
    { outputs: "all" },
  )
  .step("after", ["p", "q?"], ({ p, q }) => [p, q] as const);
same<OutputsOf<typeof all>["after"], readonly [number | boolean, string | undefined]>(true);

const several = pipeline("several").dynamic(
  "d",
  [],
  () =>
    Math.random() > 1
      ? pipeline("x")
          .step("p", [], () => 1)
          .step("q", [], () => "q")
      : { p: 2, q: "x" },
  { outputs: ["p", "q"] },
);
same<OutputsOf<typeof several>, { readonly p: number; readonly q: string }>(true);

const total = step("total", ["a", "b"], ({ a, b }: { a: number; b: number }) => a + b);
const parsed = step("parsed", { raw: Schema.NumberFromString }, ({ raw }) => raw + 1);
const search = dynamic("best", ["rates"], ({ rates }: { rates: ReadonlyArray<number> }) =>
  pipeline("s").step("best", [], () => rates.length),
);
const sub = search.expand({ rates: [1] });
sub.plan();
const summed = pipelineOf("sum", [total, step("a", [], () => 1), step("b", [], () => 2)]);
same<OutputsOf<typeof summed>["total"], number>(true);
const added = pipeline("added")
  .step("raw", [], () => "1")
  .step("a", [], () => 1)
  .step("b", [], () => 1)
  .step("rates", [], () => [1])
  .add(total)
  .add(parsed)
  .add(search)
  .add(
    pipeline("other")
      .input("total", type<number>())
      .step("double", ["total"], ({ total }) => total * 2),
  );
same<OutputsOf<typeof added>["double"], number>(true);
same<OutputsOf<typeof added>["parsed"], number>(true);
void added.runPromise().then((outputs) => outputs.best.toFixed());
