/** `espalier/client`: typed by a module that it does not load, small, and without Effect. */
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as Schema from "effect/Schema";
import type { OutputsOf, Pipeline } from "espalier";
import { pipeline, pipelineOf, step, type } from "espalier";
import { ClientError, client } from "espalier/client";
import { rolldown } from "rolldown";
import { describe, expect, expectTypeOf, test, vi } from "vitest";
import { z } from "zod";
import type { JsonInput, JsonOf } from "../../src/client/types.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import * as pipelines from "./fixtures/pipelines.ts";
import { serving, token, until } from "./support.ts";

const many = [
  step("a1", [], () => 1),
  step("a2", [], () => 1),
  step("a3", [], () => 1),
  step("a4", [], () => 1),
  step("a5", [], () => 1),
  step("a6", [], () => 1),
  step("a7", [], () => 1),
  step("a8", [], () => 1),
  step("a9", [], () => 1),
  step("b1", [], () => 1),
  step("b2", [], () => 1),
  step("b3", [], () => 1),
  step("b4", [], () => 1),
  step("b5", [], () => 1),
  step("b6", [], () => 1),
  step("b7", [], () => 1),
  step("b8", [], () => 1),
] as const;

type Pipelines = typeof import("./fixtures/pipelines.ts");

describe("A client", () => {
  test("runs a pipeline by the name of its export, and has its outputs as JSON gives them", async () => {
    const { url } = await serving(pipelines);
    const server = client<Pipelines>({ url, token });
    const outputs = await server.run("bill", { prices: [1, 2] });
    expect(outputs).toEqual({ total: 3, at: "1970-01-01T00:00:00.000Z" });
    expectTypeOf(outputs).toEqualTypeOf<{ readonly total: number; readonly at: string }>();
  });

  test("starts a run, watches it, answers it, and reads it", async () => {
    const { url } = await serving(pipelines);
    const server = client<Pipelines>({ url: url.slice(0, -1), token });
    const { id } = await server.start("release", { version: "1" }, { runId: "r" });
    expect(id).toBe("r");
    const seen: Array<string> = [];
    let delivery = "";
    for await (const event of server.events(id)) {
      seen.push(event.type);
      if (event.type === "step.waiting")
        delivery = await server.signal(id, event.path!, { by: "Ada", year: 2026 });
    }
    expect(delivery).toBe("delivered");
    expect(seen[0]).toBe("run.started");
    expect(seen.at(-1)).toBe("run.succeeded");
    expect((await server.get(id)).outputs).toEqual({ text: "Released by Ada in 2026" });
  });

  test("cancels a run; a caller who waits for its outputs gets an error", async () => {
    const { url } = await serving(pipelines);
    const server = client<Pipelines>({ url, token });
    const outputs = server.run("release", { version: "1" }, { runId: "r" });
    const said = outputs.then(String, String);
    await until(
      () => server.get("r").catch(() => undefined),
      (run) => (run?.waiting.length ?? 0) > 0,
    );
    await server.cancel("r");
    expect(await said).toContain('Run "r" was interrupted.');
  });

  test("rejects with what the server says", async () => {
    pipelines.weather.isFine = false;
    const { url } = await serving(pipelines);
    const server = client<Pipelines>({ url, token });
    await expect(server.run("flaky", { place: "Oslo" })).rejects.toThrow(/The weather is bad/);
    await expect(server.start("bill", { prices: ["1" as never] })).rejects.toMatchObject({
      name: "ClientError",
      status: 422,
      code: "ESPALIER_INVALID_INPUT",
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    await expect(client<Pipelines>({ url }).start("bill", { prices: [] })).rejects.toMatchObject({
      status: 401,
    });
    await expect(server.run("mapped")).rejects.toThrow(
      /output "found" cannot be written as JSON: it is a Map/,
    );
    const nobody = client<Pipelines>({ url: "http://127.0.0.1:1", token });
    await expect(nobody.get("r")).rejects.toThrow(ClientError);
  });

  test("continues its events where a connection broke, and says when a restarted server sends them again", async () => {
    const memory = new MemoryStore("tests");
    const first = await serving(pipelines, memory.layer);
    const port = Number(new URL(first.url).port);
    let connections = 0;
    // The first connection breaks immediately after its third event.
    const breaking: typeof fetch = async (to, init) => {
      const response = await fetch(to, init);
      if (!response.url.endsWith("/events") || connections++ > 0) return response;
      let seen = 0;
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        transform(part, controller) {
          const blocks = new TextDecoder().decode(part).split(/(?<=\n\n)/);
          for (const block of blocks) {
            if (++seen > 3) return controller.error(new Error("The cable is cut"));
            controller.enqueue(new TextEncoder().encode(block));
          }
        },
      });
      return new Response(response.body!.pipeThrough(cut), response);
    };
    const server = client<Pipelines>({ url: first.url, token, fetch: breaking });
    await server.start("release", { version: "1" }, { runId: "r" });
    const seen: Array<string> = [];
    for await (const { type, path = "" } of server.events("r")) {
      seen.push(`${type} ${path}`.trim());
      if (type === "step.waiting" && !seen.includes("stream.reset")) {
        await first.drain(0);
        await first.close();
        await serving(pipelines, memory.layer, { port });
      } else if (type === "step.waiting") await server.signal("r", "approval", { by: "Ada", year: 2026 });
    }
    const reset = seen.indexOf("stream.reset");
    expect(connections).toBeGreaterThan(2);
    const before = seen.slice(0, reset);
    expect(before).toEqual([...new Set(before)]);
    expect(before.toSorted()).toEqual([
      "run.started",
      "step.logged built",
      "step.started approval",
      "step.started built",
      "step.succeeded built",
      "step.waiting approval",
    ]);
    const after = seen.slice(seen.lastIndexOf("stream.reset") + 1);
    expect(after).toContain("step.succeeded built");
    expect(after.filter((name) => name === "step.succeeded text")).toHaveLength(1);
    expect(after.at(-1)).toBe("run.succeeded");
  });

  test("waits while a proxy has no server to pass it to, and leaves nothing behind on its signal", async () => {
    const { url } = await serving(pipelines);
    let refusals = 3;
    const proxied: typeof fetch = async (to, init) => {
      const isStream = new URL(to as URL).pathname.endsWith("/events");
      return isStream && refusals-- > 0 ? new Response("Bad Gateway", { status: 502 }) : fetch(to, init);
    };
    const server = client<Pipelines>({ url, token, fetch: proxied });
    const { signal } = new AbortController();
    const listening = vi.spyOn(signal, "addEventListener");
    const left = vi.spyOn(signal, "removeEventListener");
    expect(await server.run("bill", { prices: [1] }, { signal })).toMatchObject({ total: 1 });
    const waits = listening.mock.calls.filter(([type, wake]) =>
      left.mock.calls.some((call) => call[0] === type && call[1] === wake),
    );
    expect(waits.length).toBeGreaterThanOrEqual(3);
  });

  test("a run that its server leaves for the next one does not end for those who watch it", async () => {
    const { url, drain, close } = await serving(pipelines);
    const server = client<Pipelines>({ url, token });
    await server.start("release", { version: "1" }, { runId: "r" });
    let told = "";
    const stream = await fetch(new URL("api/runs/r/events", url));
    const reading = (async () => {
      for await (const part of stream.body!.pipeThrough(new TextDecoderStream() as never)) told += part;
    })().catch(() => {});
    await vi.waitUntil(() => told.includes("step.waiting"), { timeout: 60_000 });
    await drain(0);
    await vi.waitUntil(() => told.includes("step.interrupted"), { timeout: 60_000 });
    expect((await server.get("r")).status).not.toBe("interrupted");
    await close();
    await reading;
    expect(told).not.toContain("run.interrupted");
  });

  test("stops watching on request", async () => {
    const { url } = await serving(pipelines);
    const server = client<Pipelines>({ url, token });
    await server.start("release", { version: "1" }, { runId: "r" });
    const controller = new AbortController();
    const watching = async () => {
      for await (const event of server.events("r", { signal: controller.signal }))
        if (event.type === "step.waiting") controller.abort(new Error("enough"));
    };
    await expect(watching()).rejects.toThrow("enough");
  });
});

describe("The client's code", () => {
  test("has less than 5 kB compressed, and nothing of Effect", async () => {
    const bundle = await rolldown({
      input: join(import.meta.dirname, "../../src/client/index.ts"),
      platform: "browser",
    });
    const { output } = await bundle.generate({ format: "es", minify: true });
    await bundle.close();
    expect(output).toHaveLength(1);
    expect(output[0].moduleIds.filter((id) => !id.includes("/src/client/"))).toEqual([]);
    expect(output[0].imports).toEqual([]);
    expect(gzipSync(output[0].code).length).toBeLessThan(5_000);
  });
});

test("A client's types follow the module", () => {
  const server = client<Pipelines>({ url: "http://127.0.0.1:1" });
  const compiled = () => {
    // @ts-expect-error: no such export
    void server.start("bil", { prices: [1] });
    // @ts-expect-error: a schedule is not a pipeline
    void server.start("nightly");
    // @ts-expect-error: an input is missing
    void server.start("bill", {});
    // @ts-expect-error: inputs are missing
    void server.start("bill");
    // @ts-expect-error: an input of the wrong type
    void server.start("bill", { prices: "1" });
    // @ts-expect-error: no such input
    void server.start("bill", { prices: [1], price: 1 });
    // @ts-expect-error: no such option
    void server.start("bill", { prices: [1] }, { runID: "r" });
    // @ts-expect-error: no such output
    void server.run("bill", { prices: [1] }).then(({ sum }) => sum);
    void server.run("bill", { prices: [1], currency: "EUR" });
    void server
      .run("release", { version: "1" })
      .then(({ text }) => expectTypeOf(text).toEqualTypeOf<string>());
  };
  expect(compiled).toBeTypeOf("function");
});

test("What a waiting step is given is typed by its path", () => {
  const served = {
    release: pipeline("release")
      .await("approval", Schema.Struct({ by: Schema.String, year: Schema.Number }))
      .step("text", ["approval"], ({ approval }) => approval.by),
    review: pipeline("review")
      .await("score", z.number())
      .await("due", type<Date>())
      .await("hidden", type<boolean>())
      .step("rated", ["score"], ({ score }) => score > 3)
      .returns("rated", "score", "due"),
    more: pipeline("more").await("score", type<"none">()),
  };
  const server = client<typeof served>({ url: "http://127.0.0.1:1" });
  const step = (path: string): string => path;
  const compiled = () => {
    void server.signal("r", "approval", { by: "Ada", year: 2026 });
    void server.signal("r", "score", 5);
    void server.signal("r", "score", "none");
    void server.signal("r", "due", "2026-01-01T00:00:00.000Z");
    // Steps that are not returned, inside another step, or known only at run time.
    void server.signal("r", "hidden", true);
    void server.signal("r", "each[3]/approval", 1);
    void server.signal("r", "inner/approval", 1);
    void server.signal("r", step("approval"), 1);
    void client({ url: "http://127.0.0.1:1" }).signal("r", "anything", 1);
    // @ts-expect-error: no such step
    void server.signal("r", "aproval", { by: "Ada", year: 2026 });
    // @ts-expect-error: a field of the wrong type
    void server.signal("r", "approval", { by: "Ada", year: "2026" });
    // @ts-expect-error: a field is missing
    void server.signal("r", "approval", { by: "Ada" });
    // @ts-expect-error: no such field
    void server.signal("r", "approval", { by: "Ada", year: 2026, month: 1 });
    // @ts-expect-error: a value of the wrong type
    void server.signal("r", "score", "much");
    // @ts-expect-error: JSON has no Date
    void server.signal("r", "due", new Date());
    // @ts-expect-error: the value is missing
    void server.signal("r", "approval");
  };
  expect(compiled).toBeTypeOf("function");
});

test("What is sent is typed as schemas decode it, not as steps read it", () => {
  const day = z.string().transform((text) => new Date(text));
  const transforming = {
    review: pipeline("review")
      .input("on", Schema.DateFromString)
      .input("at", Schema.Date)
      .input("limit", z.string().transform(Number).optional())
      .await("due", day)
      .await("amount", Schema.FiniteFromString)
      .step("rated", ["amount", "due"], ({ amount, due }) => amount + due.getTime()),
    // Awaits that are hidden, reduced, added, guarded, and among many outputs.
    hidden: pipeline("hidden")
      .await("count", Schema.FiniteFromString)
      .step("double", ["count"], ({ count }) => count * 2)
      .returns("double"),
    reduced: pipeline("reduced").await("first", day).await("second", day).only("first"),
    added: pipeline("added").add(pipeline("inner").await("inner", Schema.FiniteFromString)),
    guarded: pipeline("guarded").when(
      "ifAny",
      [],
      () => true,
      (more) => more.await("maybe", Schema.FiniteFromString),
    ),
    late: pipeline("late").await("lateDue", day, { timeout: "1 minute", fallback: () => "never" as const }),
    many: pipelineOf("many", many)
      .await("early", Schema.FiniteFromString)
      .step("last", ["early"], ({ early }) => early)
      .await("deep", z.object({ at: day }))
      .returns("last", "a1"),
  };
  const server = client<typeof transforming>({ url: "http://127.0.0.1:1" });
  const compiled = () => {
    const at = "2026-01-01T00:00:00.000Z";
    void server.start("review", { on: "2026-01-01", at });
    void server.run("review", { on: "2026-01-01", at: new Date(), limit: "1" });
    void server.signal("r", "due", "2026-01-01");
    void server.signal("r", "amount", "1");
    void server.signal("r", "count", "1");
    void server.signal("r", "first", "2026-01-01");
    void server.signal("r", "inner", "1");
    void server.signal("r", "maybe", "1");
    void server.signal("r", "lateDue", "2026-01-01");
    void server.signal("r", "early", "1");
    void server.signal("r", "deep", { at: "2026-01-01" });
    // @ts-expect-error: steps read a Date, but the schema decodes a string
    void server.start("review", { on: new Date(), at });
    // @ts-expect-error: steps read a number, but the schema decodes a string
    void server.start("review", { on: "2026-01-01", at, limit: 1 });
    // @ts-expect-error: steps read a number, but the schema decodes a string
    void server.signal("r", "amount", 1);
    // @ts-expect-error: the schema decodes a string
    void server.signal("r", "due", new Date());
    // @ts-expect-error: the same for a step that is not returned
    void server.signal("r", "count", 1);
    // @ts-expect-error: the same for a step of an added pipeline
    void server.signal("r", "inner", 1);
    // @ts-expect-error: the same for a conditional step
    void server.signal("r", "maybe", 1);
    // @ts-expect-error: the same with more than sixteen outputs
    void server.signal("r", "early", 1);
    // @ts-expect-error: the same for a field of a value
    void server.signal("r", "deep", { at: 1 });
    // @ts-expect-error: this step was left out
    void server.signal("r", "second", "2026-01-01");
    // A run returns the values that its steps read, in their JSON form.
    void server
      .run("review", { on: "2026-01-01", at })
      .then(({ due, amount }) =>
        expectTypeOf({ due, amount }).toEqualTypeOf<{ due: string; amount: number }>(),
      );
  };
  expect(compiled).toBeTypeOf("function");
  expectTypeOf<OutputsOf<typeof transforming.late>>().toEqualTypeOf<{ readonly lateDue: Date | "never" }>();
  // The type of a sent value does not distinguish two pipelines.
  expectTypeOf(pipeline("p").await("due", day)).toExtend<
    Pipeline<{}, { readonly due: Date }, never, never>
  >();
  type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json };
  expectTypeOf<Json>().toExtend<JsonInput<Json>>();
  expectTypeOf<Json>().toExtend<JsonOf<Json>>();
  expectTypeOf<JsonOf<Json>>().toExtend<Json>();
  expectTypeOf<JsonInput<Array<Date>>>().toEqualTypeOf<ReadonlyArray<Date | string>>();
  expectTypeOf<JsonOf<Array<Date>>>().toEqualTypeOf<Array<string>>();
  expectTypeOf<JsonOf<[Date, ...Array<Date>]>>().toEqualTypeOf<[string, ...Array<string>]>();
  expectTypeOf<
    JsonInput<{ readonly map: Map<string, 1>; readonly many: ReadonlyArray<bigint> }>
  >().toEqualTypeOf<{
    readonly map: never;
    readonly many: ReadonlyArray<never>;
  }>();
  expectTypeOf<JsonInput<unknown>>().toBeUnknown();
  const generic = <S extends Schema.Codec<any, any>>(schema: S) =>
    pipeline("generic")
      .await("given", schema)
      .step("read", ["given"], ({ given }) => given);
  expectTypeOf(generic(Schema.String).runPromise).toBeFunction();
});

test("Values and inputs that schemas transform travel as they are typed", async () => {
  const due = pipeline("due")
    .input("from", Schema.DateFromString)
    .input("at", Schema.Date)
    .await("days", z.string().transform(Number))
    .step("on", ["from", "days"], ({ from, days }) => new Date(from.getTime() + days * 86_400_000), {
      output: Schema.Date,
    })
    .returns("on", "at", "days");
  const served = { due };
  const { url } = await serving(served);
  const server = client<typeof served>({ url, token });
  const outputs = server.run("due", { from: "2026-01-01", at: new Date(0) }, { runId: "r" });
  await until(
    () => server.get("r").catch(() => undefined),
    (run) => (run?.waiting.length ?? 0) > 0,
  );
  await server.signal("r", "days", "2");
  expect(await outputs).toEqual({ on: "2026-01-03T00:00:00.000Z", at: new Date(0).toISOString(), days: 2 });
});

test("Events are typed by what they are", () => {
  const compiled = async () => {
    for await (const event of client<Pipelines>({ url: "http://127.0.0.1:1" }).events("r")) {
      expectTypeOf(event.time).toEqualTypeOf<number>();
      expectTypeOf(event.path).toEqualTypeOf<string | undefined>();
      if (event.type === "step.emitted") expectTypeOf(event.index).toEqualTypeOf<number>();
      if (event.type === "step.retried") expectTypeOf(event.delayMillis).toEqualTypeOf<number>();
      if (event.type === "step.succeeded") {
        expectTypeOf(event.path).toEqualTypeOf<string>();
        expectTypeOf(event.omitted).toEqualTypeOf<true | undefined>();
      }
      if (event.type === "expansion.expanded" && event.plan !== undefined)
        expectTypeOf(event.plan.steps[0]!.name).toEqualTypeOf<string>();
      // @ts-expect-error: no such event
      if (event.type === "step.done") return;
    }
  };
  expect(compiled).toBeTypeOf("function");
});

test("Types of JSON are what JSON gives", () => {
  interface Given {
    readonly date: Date;
    readonly maybe: string | undefined;
    readonly list: ReadonlyArray<{ readonly at: Date }>;
    readonly map: Map<string, number>;
    readonly pair: readonly [number, Date];
    method(): void;
  }
  expectTypeOf<JsonOf<Given>>().toEqualTypeOf<{
    readonly date: string;
    readonly maybe?: string;
    readonly list: ReadonlyArray<{ readonly at: string }>;
    readonly map: never;
    readonly pair: readonly [number, string];
  }>();
  expectTypeOf<JsonOf<bigint>>().toBeNever();
  expectTypeOf<JsonOf<unknown>>().toBeUnknown();
  expectTypeOf<JsonOf<"a" | null>>().toEqualTypeOf<"a" | null>();
});
