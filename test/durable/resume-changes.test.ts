/** Resuming compares the records with the current pipeline. A difference is a typed error that names it. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { pipeline, resume, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import * as z from "zod";
import { test } from "vitest";
import { temporary } from "../sqlite/support.ts";

const newFile = temporary();
const store = () => SqliteStore.layer({ filename: newFile() });
const limit = { timeout: 10_000 };
const base = () => pipeline("p") as any;

/** Runs `before`, which fails, and resumes it with `after`. Returns the error. */
const changed = async (before: any, after: any, inputs: object = {}): Promise<any> => {
  const shared = store();
  await assert.rejects(before.runPromise(inputs, { store: shared, runId: "r", onFailure: "finish" }), {
    message: /stop/,
  });
  return Effect.runPromise(
    Effect.flip(resume(after, "r", { store: shared }) as Effect.Effect<unknown, any>),
  ).catch(() => "it was resumed");
};
const stop = () => {
  throw new Error("stop");
};
const isChange = (error: any, ...names: ReadonlyArray<string>) => {
  assert.match(
    String(error?._tag ?? error),
    /^(PipelineChanged|ExpansionChanged)$/,
    `${error?._tag ?? error}: ${error?.message}`,
  );
  assert.doesNotMatch(error.message, /damaged/);
  for (const name of names)
    assert.ok(error.message.includes(name), `"${error.message}" does not name ${name}`);
  return true;
};

test(
  "an output schema that no longer accepts the recorded value is a change, not a damaged store",
  limit,
  async () => {
    const version = (output: unknown, value: unknown) =>
      base()
        .step("count", [], () => value, { output })
        .step("end", ["count"], stop);
    assert.ok(isChange(await changed(version(Schema.String, "five"), version(Schema.Int, 5)), "count"));
    assert.ok(isChange(await changed(version(z.string(), "five"), version(z.number(), 5)), "count"));
    assert.ok(isChange(await changed(version(undefined, "five"), version(z.number(), 5)), "count"));
    assert.ok(isChange(await changed(version(Schema.String, "five"), version(z.number(), 5)), "count"));
    const slow = z.number().refine(async () => true);
    assert.ok(isChange(await changed(version(z.string(), "five"), version(slow, 5)), "count"));
  },
);

test(
  "an input schema that no longer accepts the recorded value is a change that names the input",
  limit,
  async () => {
    const version = (schema: unknown) => base().input("limit", schema).step("end", ["limit"], stop);
    assert.ok(isChange(await changed(version(z.string()), version(z.number()), { limit: "five" }), "limit"));
  },
);

test(
  "a map that collected failures and now fails keeps its successes and runs its failed items again",
  limit,
  async () => {
    const shared = store();
    const ran: Array<string> = [];
    let broken = true;
    const version = (options: object) =>
      base()
        .step("xs", [], () => ["u", "v"])
        .map(
          "m",
          "xs",
          [],
          (x: string) => {
            ran.push(x);
            if (x === "v" && broken) throw new Error("bad v");
            return x;
          },
          options,
        )
        .step("end", ["m"], ({ m }: any) => {
          if (broken) throw new Error("stop");
          return m;
        });
    await assert.rejects(
      (version({ failures: "collect" }) as any).runPromise({}, { store: shared, runId: "r" }),
    );
    broken = false;
    const out: any = await Effect.runPromise(resume(version({}) as any, "r", { store: shared }) as any);
    assert.deepEqual(out.end, ["u", "v"]);
    assert.deepEqual(ran, ["u", "v", "v"]);
  },
);

test(
  "a dynamic step, a switch and a map item that had returned a pipeline and now return a value are a change",
  limit,
  async () => {
    const inner = (name: string) =>
      pipeline("inner")
        .step("a", [], () => 1)
        .step(name as "d", ["a"], stop);
    assert.ok(
      isChange(
        await changed(
          base().dynamic("d", [], () => inner("d")),
          base().dynamic("d", [], () => 99),
        ),
        "d",
      ),
    );
    const choose = (one: () => unknown) => base().switch("s", [], () => "k", { k: one });
    assert.ok(
      isChange(
        await changed(
          choose(() => inner("s")),
          choose(() => "new"),
        ),
        "s",
      ),
    );
    const items = (each: (x: number) => unknown) =>
      base()
        .step("xs", [], () => [1, 2])
        .map("m", "xs", [], each);
    assert.ok(
      isChange(
        await changed(
          items((x) =>
            x === 1
              ? pipeline("i")
                  .step("a", [], () => 1)
                  .step("m", ["a"], () => 1)
              : inner("m"),
          ),
          items((x) => `v${x}`),
        ),
        "m",
      ),
    );
  },
);

test("a dynamic step that now returns other steps is a change that names them", limit, async () => {
  const version = (name: string) =>
    base().dynamic("d", [], () =>
      pipeline("inner")
        .step(name as "a", [], () => 1)
        .step("d", [name as "a"], stop),
    );
  assert.ok(isChange(await changed(version("old part"), version("new part")), "new part"));
});

test("an added input is named", limit, async () => {
  const before = base().input("n", type<number>()).step("end", ["n"], stop);
  const after = base()
    .input("n", type<number>())
    .input("extra", type<number>())
    .step("end", ["n"], () => 1);
  assert.ok(isChange(await changed(before, after, { n: 1 }), "extra"));
});
