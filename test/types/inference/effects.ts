/** Errors and services add up, from however deep they come; what is provided is needed no more. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Data from "effect/Data";
import type { FailureOf, OpenError, OutputsOf, Run, RunError, ServicesOf } from "espalier";
import { CurrentStep, dynamic, pipeline, pipelineOf, step, StepFailed, type } from "espalier";
import { same } from "./same.ts";

class Database extends Context.Service<Database, { readonly rows: Effect.Effect<number, "offline"> }>()(
  "Database",
) {}
class Mail extends Context.Service<Mail, { readonly send: Effect.Effect<void> }>()("Mail") {}
class NoRows extends Data.TaggedError("NoRows") {}

const rows = Effect.flatMap(Database, (database) => database.rows);

const deep = pipeline("one").dynamic("out", [], () =>
  pipeline("two").dynamic("out", [], () =>
    pipeline("three")
      .step("mail", [], () => Effect.flatMap(Mail, (mail) => mail.send))
      .step("out", [], () => rows),
  ),
);
same<ServicesOf<typeof deep>, Database | Mail>(true);
same<FailureOf<typeof deep>, "offline">(true);
same<OutputsOf<typeof deep>, { readonly out: number }>(true);

const run = deep.run({});
same<typeof run, Effect.Effect<{ readonly out: number }, "offline" | RunError, Database | Mail>>(true);
const provided = run.pipe(
  Effect.provideService(Database, { rows: Effect.succeed(1) }),
  Effect.provideService(Mail, { send: Effect.void }),
);
same<typeof provided, Effect.Effect<{ readonly out: number }, "offline" | RunError, never>>(true);
const started = deep.start();
same<
  typeof started,
  Effect.Effect<Run<{ readonly out: number }, "offline" | RunError>, OpenError, Database | Mail>
>(true);

// Provided inside of the step, it is needed nowhere.
const inside = pipeline("inside").step("out", [], () =>
  rows.pipe(Effect.provideService(Database, { rows: Effect.succeed(1) })),
);
same<ServicesOf<typeof inside>, never>(true);
void inside.runPromise().then(({ out }) => same<typeof out, number>(true));

// Every step has its own context service: the user does not provide it.
const told = pipeline("told").step("path", [], () => Effect.map(CurrentStep, ({ path }) => path));
same<ServicesOf<typeof told>, never>(true);

const each = pipeline("each")
  .step("urls", [], () => ["a", "b"])
  .map("pages", "urls", [], (url) =>
    url === "" ? Effect.fail(new NoRows()) : Effect.map(rows, (count) => count + url.length),
  )
  .map("collected", "urls", [], (url) => (url === "" ? Effect.fail(new NoRows()) : Promise.resolve(1)), {
    failures: "collect",
  });
same<FailureOf<typeof each>, NoRows | "offline">(true);
same<ServicesOf<typeof each>, Database>(true);
same<OutputsOf<typeof each>["pages"], ReadonlyArray<number>>(true);

const cases = pipeline("cases").switch(
  "out",
  [],
  () => (Math.random() > 0.5 ? Effect.succeed("a" as const) : Effect.fail("none" as const)),
  { a: () => pipeline("sub").step("out", [], () => rows) },
);
same<FailureOf<typeof cases>, "none" | "offline">(true);
same<ServicesOf<typeof cases>, Database>(true);

const total = step("total", ["count"], ({ count }: { readonly count: number }) =>
  Effect.map(rows, (n) => n + count),
);
const count = step("count", [], async () => 1);
const more = dynamic("more", ["count"], ({ count }: { readonly count: number }) =>
  pipeline("sub").step("more", [], () => (count > 1 ? Effect.fail(new NoRows()) : Effect.succeed("a"))),
);
const ordered = pipelineOf("ordered", [more, total, count]);
same<FailureOf<typeof ordered>, NoRows | StepFailed | "offline">(true);
same<ServicesOf<typeof ordered>, Database>(true);
same<OutputsOf<typeof ordered>, { readonly more: string; readonly total: number; readonly count: number }>(
  true,
);

const added = pipeline("added").add(count).add(total).add(more);
same<FailureOf<typeof added>, NoRows | StepFailed | "offline">(true);
same<ServicesOf<typeof added>, Database>(true);

const whole = pipeline("whole").input("day", type<string>()).add(ordered).add(each);
same<ServicesOf<typeof whole>, Database>(true);
same<keyof OutputsOf<typeof whole>, "day" | "more" | "total" | "count" | "urls" | "pages" | "collected">(
  true,
);
void StepFailed;
