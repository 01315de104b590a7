/** The API of a server: its requests, its responses, and its errors. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import * as SchemaRepresentation from "effect/SchemaRepresentation";
import { pipeline, schedule, Store, type } from "espalier";
import { describe, expect, test } from "vitest";
import { expandable } from "../../src/engine/graph.ts";
import { RunOrigin } from "../../src/engine/seams.ts";
import { runGraph } from "../../src/run/run.ts";
import { expected } from "../../src/serve/request-problem.ts";
import { RunViews } from "../../src/serve/run-view.ts";
import { servedOf } from "../../src/serve/served.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import * as pipelines from "./fixtures/pipelines.ts";
import { serving, token, until } from "./support.ts";

const ended = (status: string): boolean => status !== "running";

describe("The API", () => {
  test("describes itself as OpenAPI 3.1, with every route and its problems", async () => {
    const { get } = await serving(pipelines);
    const description = await get("api/openapi.json");
    expect(description.openapi).toBe("3.1.0");
    expect(Object.keys(description.paths).sort()).toEqual([
      "/api/pipelines",
      "/api/runs",
      "/api/runs/{id}",
      "/api/runs/{id}/cancel",
      "/api/runs/{id}/events",
      "/api/runs/{id}/resume",
      "/api/runs/{id}/signal",
      "/api/runs/{id}/steps",
      "/api/runs/{id}/value",
      "/api/runs/{id}/view",
      "/api/schedules",
      "/api/schedules/{name}/pause",
      "/api/schedules/{name}/run",
      "/api/waiting",
    ]);
    expect(Object.keys(description.paths["/api/runs"].post.responses).sort()).toEqual([
      "201",
      "400",
      "401",
      "403",
      "404",
      "409",
      "413",
      "422",
      "503",
      "default",
    ]);
    expect(description.paths["/api/runs"].post.security).toEqual([{ token: [] }]);
    expect(description.components.securitySchemes.token).toMatchObject({ type: "http", scheme: "bearer" });
  });

  test("answers each of its routes as its description says, whatever is asked", async () => {
    const tick = schedule("yearly", {
      cron: "0 0 1 1 *",
      pipeline: pipeline("tick").input("at", Schema.String),
      inputs: (at) => ({ at: at.toISOString() }),
    });
    const { url, get, post } = await serving({ ...pipelines, tick });
    const description = await get("api/openapi.json");
    const operations = new Set(
      Object.entries<object>(description.paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method} ${path}`),
      ),
    );
    await post("api/runs", { pipeline: "release", inputs: { version: "1" }, runId: "r" });
    await post("api/runs", { pipeline: "bill", inputs: { prices: [1] }, runId: "b" });
    await until(
      () => get("api/waiting"),
      (waits) => waits.length === 1,
    );
    await until(
      () => get("api/runs/b"),
      ({ status }) => ended(status),
    );
    const key = { authorization: `Bearer ${token}` };
    const asked: ReadonlyArray<
      readonly [operation: string, path?: string, body?: unknown, headers?: object]
    > = [
      ["get /api/runs"],
      ["get /api/runs", "?limit=1&search=r"],
      ["get /api/runs", "?limit=none"],
      ["get /api/waiting"],
      ["get /api/pipelines"],
      ["get /api/schedules"],
      ...["r", "b", "none"].flatMap((id) => [
        ["get /api/runs/{id}", id] as const,
        ["get /api/runs/{id}/steps", `${id}/steps`] as const,
        ["get /api/runs/{id}/view", `${id}/view`] as const,
        ["get /api/runs/{id}/value", `${id}/value?path=${id === "b" ? "total" : "none"}`] as const,
      ]),
      ["get /api/runs/{id}/value", "b/value"],
      ["get /api/runs/{id}/events", "none/events"],
      ["post /api/runs", "", { pipeline: "bill", inputs: { prices: [2] } }],
      ["post /api/runs", "", { pipeline: "bill", inputs: { prices: [2] }, runId: "b" }],
      ["post /api/runs", "", { pipeline: "none" }],
      ["post /api/runs", "", { pipeline: "bill" }],
      ["post /api/runs", "", "{"],
      ["post /api/runs", "", { pipeline: "bill" }, {}],
      ["post /api/runs", "", { pipeline: "bill" }, { ...key, origin: "http://evil.example" }],
      ["post /api/runs/{id}/signal", "r/signal", { path: "approval", value: 1 }],
      ["post /api/runs/{id}/signal", "r/signal", {}],
      ["post /api/runs/{id}/signal", "r/signal", { path: "approval", value: { by: "Ada", year: 2026 } }],
      ["post /api/runs/{id}/signal", "none/signal", { path: "approval" }],
      ["post /api/runs/{id}/cancel", "b/cancel"],
      ["post /api/runs/{id}/cancel", "none/cancel"],
      ["post /api/runs/{id}/resume", "b/resume", { from: "none" }],
      ["post /api/runs/{id}/resume", "none/resume"],
      ["post /api/schedules/{name}/run", "yearly/run"],
      ["post /api/schedules/{name}/run", "none/run"],
      ["post /api/schedules/{name}/pause", "yearly/pause", { paused: true }],
      ["post /api/schedules/{name}/pause", "yearly/pause", {}],
    ];
    for (const [operation, more = "", body = {}, headers = key] of asked) {
      operations.delete(operation);
      const [method = "", path = ""] = operation.split(" ");
      const response = await fetch(new URL(path.split("{")[0]! + more, url), {
        method: method.toUpperCase(),
        headers: { ...headers, ...(method === "post" ? { "content-type": "application/json" } : {}) },
        ...(method === "post" ? { body: typeof body === "string" ? body : JSON.stringify(body) } : {}),
      });
      const { status } = response;
      const type = response.headers.get("content-type")!.split(";")[0]!;
      const schema = description.paths[path][method].responses[status]?.content[type]?.schema;
      const told = await response.json();
      const what = `${operation} ${more}: ${status} ${JSON.stringify(told)}`;
      if (schema === undefined) throw new Error(`Its description lacks ${what}`);
      const definitions = description.components.schemas;
      const described = SchemaRepresentation.fromJsonSchemaDocument({
        dialect: "draft-2020-12",
        schema: JSON.parse(JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/")),
        definitions,
      });
      expect([what, Schema.is(described as never)(told)]).toEqual([what, true]);
    }
    expect([...operations]).toEqual([]);
  });

  test("lists pipelines by the names of their exports, with the schemas of their inputs", async () => {
    const { get } = await serving(pipelines);
    const all = await get("api/pipelines");
    expect(all.map(({ name }: { name: string }) => name).sort()).toEqual([
      "bill",
      "dated",
      "flaky",
      "large",
      "mapped",
      "release",
    ]);
    expect(all.find(({ name }: { name: string }) => name === "bill")).toMatchObject({
      pipeline: "bill-pipeline",
      inputs: [
        { name: "prices", required: true, schema: { type: "array", items: { type: "number" } } },
        { name: "currency", required: false, schema: { type: "string" } },
      ],
    });
    expect(all.find(({ name }: { name: string }) => name === "flaky").inputs).toEqual([
      { name: "place", required: true },
    ]);
  });

  test("starts a run, and gives its outputs as JSON has them", async () => {
    const { get, post } = await serving(pipelines);
    const started = await post("api/runs", { pipeline: "bill", inputs: { prices: [1, 2] }, runId: "first" });
    expect(started.status).toBe(201);
    expect(started.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await started.json()).toMatchObject({ id: "first", pipeline: "bill-pipeline" });
    const run = await until(
      () => get("api/runs/first"),
      ({ status }) => ended(status),
    );
    expect(run).toMatchObject({
      status: "succeeded",
      inputs: { prices: [1, 2] },
      outputs: { total: 3, at: "1970-01-01T00:00:00.000Z" },
    });
    expect(await get("api/runs/first/value?path=total")).toEqual({ value: 3 });
  });

  test("decodes inputs by the pipeline's own schemas, from what JSON can say", async () => {
    const { get, post } = await serving(pipelines);
    const started = await post("api/runs", {
      pipeline: "dated",
      inputs: { day: "2026-05-01T00:00:00Z" },
      runId: "d",
    });
    expect(started.status).toBe(201);
    const run = await until(
      () => get("api/runs/d"),
      ({ status }) => ended(status),
    );
    expect(run.outputs.year).toBe(2026);
  });

  test.each([
    ["an unknown pipeline", { pipeline: "bil" }, 404, /no pipeline "bil"; it serves .*Did you mean "bill"\?/],
    [
      "an input that does not fit",
      { pipeline: "bill", inputs: { prices: ["x"] } },
      422,
      /Input "prices" at 0 does not fit/,
    ],
    [
      "an input that is not the JSON form of a Date",
      { pipeline: "dated", inputs: { day: 5 } },
      422,
      /Input "day" does not fit: Expected string/,
    ],
    ["an input that is missing", { pipeline: "flaky" }, 422, /^The input "place" is missing\.$/],
    [
      "an input that there is none of",
      { pipeline: "flaky", inputs: { plcae: "x" } },
      422,
      /no input "plcae".*Did you mean "place"/,
    ],
    [
      "an invalid run id",
      { pipeline: "flaky", inputs: { place: "x" }, runId: "a/b" },
      422,
      /runId must not contain "\/"/,
    ],
    ["a body of the wrong form", { pipeline: 1 }, 400, /^pipeline must be a string: .*; got 1\.$/],
    ["a body without a field that it must have", {}, 400, /lacks "pipeline", which must be a string/],
    ["a body that is not an object", "[1]", 400, /must be a JSON object; got \[1\]\.$/],
    [
      "a field that it does not take",
      { pipeline: "flaky", input: { place: "x" } },
      400,
      /no field "input"; it takes .*"inputs".*Did you mean "inputs"\?/,
    ],
    ["inputs that are not an object", { pipeline: "flaky", inputs: [1] }, 400, /^inputs must be an object/],
    ["a body that is not JSON", "{", 400, /^The body of the request must be JSON\.$/],
  ])("refuses %s as a problem", async (_, body, status, detail) => {
    const { post, get } = await serving(pipelines);
    const answer = await post("api/runs", body);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    const problem = await answer.json();
    expect(problem).toMatchObject({
      status,
      title: expect.any(String),
      detail: expect.stringMatching(detail),
    });
    expect(answer.status).toBe(status);
    expect((await get("api/runs")).runs).toEqual([]);
  });

  test.each([
    ["runs?status=done", /^"done" is not a status: write "submitted", .* and "crashed"\./],
    ["runs?status=faild", /Did you mean "failed"\?/],
    ["runs?limit=-1", /^limit must be a whole number from 1 to 10,000; got -1\.$/],
    ["runs?limit=1.5", /; got 1\.5\.$/],
    ["runs?limit=many", /; got "many"\.$/],
    ["runs?limit=", /; got ""\.$/],
    ["runs?limit=1&limit=2", /; got \["1","2"\]\.$/],
    ["runs?after=zzz", /^after must be the `next` of an earlier page; got "zzz"\.$/],
    ["runs?after=", /; got ""\.$/],
    ["runs?after=1e3:run", /; got "1e3:run"\.$/],
    ["runs?search=a&search=b", /^search must be a string; got/],
    ["runs?stauts=failed", /no field "stauts"; it takes .*Did you mean "status"\?/],
    ["runs/none/steps?after=-1", /^after must be the `next` of an earlier page; got "-1"\.$/],
    ["runs/none/value", /lacks "path", which must be a string/],
    ["runs/none/view?wait=yes", /^wait must be "true"; got "yes"\.$/],
  ])("refuses the malformed query %s", async (path, detail) => {
    const { url } = await serving(pipelines);
    const answer = await fetch(new URL(`api/${path}`, url));
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(await answer.json()).toMatchObject({ status: 400, detail: expect.stringMatching(detail) });
    expect(answer.status).toBe(400);
  });

  test("every field of a request has a sentence about what it must be", async () => {
    const { get } = await serving(pipelines);
    const { paths } = await get("api/openapi.json");
    const fields = Object.values<any>(paths).flatMap(({ get, post }) => [
      ...(get?.parameters ?? []).filter((each: any) => each.in === "query").map((each: any) => each.name),
      ...Object.keys(post?.requestBody?.content["application/json"].schema.properties ?? {}),
    ]);
    expect(fields.length).toBeGreaterThan(10);
    // `value` can be any value, and `status` has its own sentence.
    const known = [...Object.keys(expected), "value", "status"];
    expect(fields.filter((name) => !known.includes(name))).toEqual([]);
  });

  test("tells what is unknown as a problem, with the code of the error", async () => {
    const { url } = await serving(pipelines);
    for (const path of [
      "api/runs/none",
      "api/runs/none/value?path=x",
      "api/runs/none/events",
      "api/runs/none/view",
    ]) {
      const answer = await fetch(new URL(path, url));
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.json()).toMatchObject({
        code: "ESPALIER_RUN_NOT_FOUND",
        detail: 'There is no run "none" in the store.',
      });
    }
    const nowhere = await fetch(new URL("api/nowhere", url));
    expect(await nowhere.json()).toMatchObject({
      status: 404,
      detail: expect.stringContaining("openapi.json"),
    });
  });

  test("the same id with other inputs is refused; with the same, it is the same run", async () => {
    const { post } = await serving(pipelines);
    const start = (version: string) =>
      post("api/runs", { pipeline: "release", inputs: { version }, runId: "r" });
    expect((await start("1")).status).toBe(201);
    expect((await start("1")).status).toBe(201);
    const other = await start("2");
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ code: "ESPALIER_RUN_EXISTS" });
  });

  test("a waiting step is listed with what it asks and its schema, and takes a value that fits", async () => {
    const { get, post } = await serving(pipelines);
    await post("api/runs", { pipeline: "release", inputs: { version: "1" }, runId: "r" });
    const [step] = await until(
      () => get("api/waiting"),
      (all) => all.length > 0,
    );
    expect(step).toMatchObject({
      runId: "r",
      path: "approval",
      ask: { question: "Release the build of 1?" },
      schema: { type: "object", required: ["by", "year"] },
    });
    const wrong = await post("api/runs/r/signal", { path: "approval", value: { by: 1 } });
    expect(wrong.status).toBe(409);
    expect((await wrong.json()).detail).toMatch(/does not fit/);
    const value = { by: "Ada", year: 2026 };
    const right = await post("api/runs/r/signal", { path: "approval", value });
    expect(await right.json()).toEqual({ delivery: "delivered" });
    const run = await until(
      () => get("api/runs/r"),
      ({ status }) => ended(status),
    );
    expect(run.outputs).toEqual({ text: "Released by Ada in 2026" });
  });

  test("a waiting step anywhere in a run takes the JSON form of its value, and says in which part another does not fit", async () => {
    class Person extends Schema.Class<Person>("Person")({ name: Schema.String }) {}
    const awaited = Schema.Struct({ on: Schema.Date, by: Person, cost: Schema.FiniteFromString });
    const dated = pipeline("dated")
      .await("answer", awaited)
      .step("said", ["answer"], ({ answer: { on, by, cost } }) => `${on.getUTCFullYear()} ${by.name} ${cost}`)
      .returns("said");
    const inner = pipeline("inner").dynamic("said", [], () => dated);
    // The same name with another schema.
    const other = pipeline("dated").await("answer", Schema.Struct({ other: Schema.String }));
    const { get, post } = await serving({ other, dated, inner });
    for (const [name, path] of [
      ["dated", "answer"],
      ["inner", "said/answer"],
    ] as const) {
      await post("api/runs", { pipeline: name, runId: name });
      const [step] = await until(
        () => get("api/waiting"),
        (all) => all.length > 0,
      );
      expect(step).toMatchObject({ runId: name, path, schema: { required: ["on", "by", "cost"] } });
      const send = (on: unknown) =>
        post(`api/runs/${name}/signal`, { path, value: { on, by: { name: "Ada" }, cost: "3" } });
      const wrong = await send(1);
      expect([wrong.status, (await wrong.json()).detail]).toEqual([
        409,
        expect.stringMatching(/does not fit: at on: Expected string/),
      ]);
      expect(await (await send("2026-05-01T00:00:00Z")).json()).toEqual({ delivery: "delivered" });
      const run = await until(
        () => get(`api/runs/${name}`),
        ({ status }) => ended(status),
      );
      expect(run.outputs).toEqual({ said: "2026 Ada 3" });
    }
  });

  test("a run is cancelled, and a run that has ended cannot be", async () => {
    const { get, post } = await serving(pipelines);
    await post("api/runs", { pipeline: "release", inputs: { version: "1" }, runId: "r" });
    expect((await post("api/runs/r/cancel")).status).toBe(200);
    const { status } = await until(
      () => get("api/runs/r"),
      (run) => ended(run.status),
    );
    expect(status).toBe("interrupted");
    expect((await post("api/runs/r/cancel")).status).toBe(409);
  });

  test("a failed run is resumed, and from a path on it runs again", async () => {
    pipelines.weather.isFine = false;
    const { get, post } = await serving(pipelines);
    await post("api/runs", { pipeline: "flaky", inputs: { place: "Oslo" }, runId: "r" });
    const failed = await until(
      () => get("api/runs/r"),
      ({ status }) => ended(status),
    );
    expect(failed).toMatchObject({ status: "failed", error: expect.stringContaining("The weather is bad") });
    pipelines.weather.isFine = true;
    const nowhere = await post("api/runs/r/resume", { from: "snet" });
    expect(nowhere.status).toBe(422);
    expect((await post("api/runs/r/resume", { from: "sent" })).status).toBe(200);
    const run = await until(
      () => get("api/runs/r"),
      ({ status }) => ended(status),
    );
    expect(run.outputs).toMatchObject({ sent: 1 });
  });

  test("a run that was begun with some outputs only is resumed with those only", async () => {
    const memory = new MemoryStore("tests");
    let isFine = false;
    const ran: Array<string> = [];
    const parts = pipeline("parts")
      .step("first", [], () => ran.push("first"))
      .step("second", ["first"], () => {
        if (!isFine) throw new Error("Not yet");
        return ran.push("second");
      })
      .step("other", [], () => ran.push("other"));
    const begun = runGraph(expandable(parts.only("second"))!, {}, { runId: "part" }).pipe(
      Effect.provideService(RunOrigin, JSON.stringify({ file: "parts.ts", only: ["second"] })),
      Effect.provide(memory.layer),
    );
    await expect(Effect.runPromise(begun)).rejects.toThrow("Not yet");
    const { get, post } = await serving({ parts }, memory.layer);
    isFine = true;
    expect((await post("api/runs/part/resume")).status).toBe(200);
    const run = await until(
      () => get("api/runs/part"),
      ({ status }) => ended(status),
    );
    expect(run).toMatchObject({ status: "succeeded", outputs: { second: 2 } });
    expect(ran).toEqual(["first", "second"]);
  });

  test("a run is started with some outputs only, and its record says which", async () => {
    const ran: Array<string> = [];
    const parts = pipeline("parts")
      .step("first", [], () => ran.push("first"))
      .step("second", ["first"], () => ran.push("second"))
      .step("other", [], () => ran.push("other"));
    const { get, post } = await serving({ whole: parts });
    const start = (only: ReadonlyArray<string>) =>
      post("api/runs", { pipeline: "whole", runId: "part", only });
    const wrong = await start(["secnd"]);
    expect([wrong.status, (await wrong.json()).detail]).toEqual([
      422,
      expect.stringMatching(/"secnd".*Did you mean "second"\?/),
    ]);
    expect((await start(["second"])).status).toBe(201);
    const run = await until(
      () => get("api/runs/part"),
      ({ status }) => ended(status),
    );
    expect(run).toMatchObject({ exportName: "whole", only: ["second"], outputs: { second: 2 } });
    expect(ran).toEqual(["first", "second"]);
    // The same id means the same run only if it is reduced to the same outputs.
    expect((await start(["first"])).status).toBe(409);
  });

  test("the layer that a file exports gives its pipelines their services: started, resumed and by a schedule", async () => {
    class Rates extends Context.Service<Rates, { readonly rate: number }>()("test/Rates") {}
    let rate = -1;
    const priced = pipeline("priced")
      .step("rate", [], () =>
        Effect.flatMap(Rates, ({ rate }) => (rate < 0 ? Effect.fail("no rate") : Effect.succeed(rate))),
      )
      .returns("rate");
    const hidden = pipeline("hidden").step("rate", [], () => Effect.map(Rates, ({ rate }) => rate));
    const layer = Layer.effect(
      Rates,
      Effect.sync(() => ({ rate })),
    );
    const hourly = schedule("hourly", { cron: "0 * * * *", pipeline: hidden, inputs: () => ({}) });
    const { get, post } = await serving({ layer, priced, hourly });
    const whenEnded = (id: string) =>
      until(
        () => get(`api/runs/${id}`),
        ({ status }) => ended(status),
      );
    await post("api/runs", { pipeline: "priced", runId: "r" });
    expect(await whenEnded("r")).toMatchObject({ status: "failed" });
    rate = 7;
    await post("api/runs/r/resume");
    expect(await whenEnded("r")).toMatchObject({ status: "succeeded", outputs: { rate: 7 } });
    const { id } = await (await post("api/schedules/hourly/run")).json();
    expect(await whenEnded(encodeURIComponent(id))).toMatchObject({ outputs: { rate: 7 } });
  });

  test("of a run that lacks a service, the server says which layer to export", async () => {
    class Rates extends Context.Service<Rates, { readonly rate: number }>()("test/Rates") {}
    const priced = pipeline("priced").step("rate", [], () => Effect.map(Rates, ({ rate }) => rate));
    const { get, post, said } = await serving({ priced });
    await post("api/runs", { pipeline: "priced", runId: "r" });
    await until(
      () => get("api/runs/r"),
      ({ status }) => ended(status),
    );
    const text = await until(
      () => Promise.resolve(said.join("\n")),
      (text) => text.includes('of "priced" failed'),
    );
    expect(text).toMatch(/needs the service "test\/Rates".*export const layer/);
  });

  test("refuses to serve a file whose layer is none", () => {
    const { bill } = pipelines;
    expect(servedOf([{ file: "a.ts", exports: { bill, layer: 1 } }])).toBe(
      'The export "layer" of "a.ts" must be a Layer, which gives its pipelines their services; got 1. Write export const layer = Layer.succeed(Service, …), or rename it.',
    );
  });

  test("what a run failed with is shown in its own words, whether or not it is under way", async () => {
    pipelines.weather.isFine = false;
    const memory = new MemoryStore("tests");
    const { get, post } = await serving(pipelines, memory.layer);
    await post("api/runs", { pipeline: "flaky", inputs: { place: "Oslo" }, runId: "r" });
    const { run, steps } = await until(
      () => get("api/runs/r/view"),
      ({ run }) => run.state === "failed",
    );
    const texts: ReadonlyArray<string> = run.error.map(({ text }: { text: string }) => text);
    expect(texts.join("\n")).toContain("The weather is bad");
    expect(texts.filter((text) => text.startsWith('"'))).toEqual([]);
    expect(steps[run.fatal].path).toBe("sent");
    // The store keeps the error's message; the process in which the run failed also knows where it was thrown.
    expect(JSON.stringify(run.error)).toContain("fixtures/pipelines.ts");
    const nothing = () => undefined;
    const { run: recorded } = JSON.parse(
      (await Effect.runPromise(
        Effect.gen(function* () {
          const store = Context.get(yield* Layer.build(memory.layer), Store);
          return yield* new RunViews({ store, feedOf: nothing, failureOf: nothing }).view(
            "r",
            undefined,
            false,
          );
        }).pipe(Effect.scoped),
      ))!,
    );
    expect(recorded.error.map(({ text }: { text: string }) => text)).toEqual([
      'StepFailed: Step "sent" failed: The weather is bad',
    ]);
  });

  test("a recorded run has the attempts of its steps and when they began, as it had while it was watched", async () => {
    let calls = 0;
    const trouble = pipeline("trouble")
      .step("first", [], async () => new Promise((done) => setTimeout(done, 20)))
      .step(
        "again",
        ["first"],
        async () => {
          await new Promise((done) => setTimeout(done, 10));
          if (++calls % 3 > 0) throw new Error(`call ${calls} failed`);
          return [calls];
        },
        { retry: { times: 3, delay: 10 } },
      )
      .map("items", "again", [], (item) => item / 2, { failures: "collect" })
      .dynamic("bad", ["items"], async () => {
        await new Promise((done) => setTimeout(done, 30));
        throw new Error("no");
      });
    const exports = { trouble };
    const { layer } = new MemoryStore("tests");
    const runsOf = ({ steps }: any) =>
      Object.fromEntries(
        steps.map(({ path, run: { state, attempt, began, ended, attempts = [] } }: any) => [
          path,
          { state, attempt, began, ended, attempts },
        ]),
      );
    const first = await serving(exports, layer);
    await first.post("api/runs", { pipeline: "trouble", runId: "r" });
    // Watched from its start.
    const watched = await until(
      () => first.get("api/runs/r/view"),
      ({ run }) => run.state !== "running",
    );
    await first.close();
    const live = runsOf(watched);
    const second = await serving(exports, layer);
    const recorded = runsOf(await second.get("api/runs/r/view"));
    expect(live["again"].attempts.map(({ error }: any) => error)).toHaveLength(2);
    for (const [path, run] of Object.entries<any>(live)) {
      const other = recorded[path];
      expect([path, other.state, other.attempt]).toEqual([path, run.state, run.attempt]);
      const causes = ({ attempts }: any) =>
        attempts.map(({ error }: any) => /call \d failed/.exec(error)![0]);
      expect(causes(other)).toEqual(causes(run));
    }
    // Each attempt waits for 10 ms, the next one begins 10 ms later, and the step that fails waits for 30 ms. Timers and records round.
    const { again, bad } = recorded;
    const [one, two] = again.attempts;
    expect(one.began).toBe(again.began);
    expect(one.ended - one.began).toBeGreaterThanOrEqual(8);
    expect(two.began - one.ended).toBeGreaterThanOrEqual(8);
    expect(two.ended - two.began).toBeGreaterThanOrEqual(8);
    expect(again.ended - two.ended).toBeGreaterThanOrEqual(18);
    expect(bad.ended - bad.began).toBeGreaterThanOrEqual(28);
    // The events of the run do not include the start of an attempt.
    const types = (await second.get("api/runs/r")).events.map(({ type }: any) => type);
    expect(new Set(types)).toEqual(new Set(["step.retried", "expansion.failed"]));
  });

  test("a Redacted value stays so, under way and afterwards", async () => {
    const secret = "correct-horse-battery-staple";
    const redacted = Schema.Redacted(Schema.String);
    const secretive = pipeline("secretive")
      .input("key", redacted)
      .step("login", ["key"], ({ key }) => ({ user: "ada", password: key }), {
        output: Schema.Struct({ user: Schema.String, password: redacted }),
      })
      .step("emitting", ["login"], ({ login }, { emit, log }) => {
        emit(login);
        log("as", login);
        return login.user;
      })
      .await("go", redacted, { after: ["login", "emitting"], ask: ({ login }) => login })
      .step("failed", ["go", "key"], ({ go, key }) => {
        throw Object.assign(new Error("refused"), { go, key });
      });
    const { get, url, post } = await serving({ secretive });
    const texts = async (): Promise<string> => {
      const paths = ["", "/view", "/value?path=login"].map((path) => `api/runs/r${path}`);
      const read = await Promise.all([...paths, "api/waiting", "api/runs"].map(get));
      return JSON.stringify(read);
    };
    await post("api/runs", { pipeline: "secretive", runId: "r", inputs: { key: secret } });
    const events = fetch(new URL("api/runs/r/events", url)).then((response) => response.text());
    await until(
      () => get("api/waiting"),
      (waiting) => waiting.length > 0,
    );
    const during = await texts();
    await post("api/runs/r/signal", { path: "go", value: secret });
    await until(
      () => get("api/runs/r"),
      ({ status }) => ended(status),
    );
    for (const text of [during, await texts(), await events]) {
      expect(text).toContain("ada");
      expect(text).not.toContain(secret);
    }
  });

  test("gives what has changed in the view of a run since a version, and all of it where it does not know that", async () => {
    const { get, post } = await serving(pipelines);
    await post("api/runs", { pipeline: "release", inputs: { version: "1" }, runId: "r" });
    const before = await until(
      () => get("api/runs/r/view"),
      ({ steps }) => steps.some(({ run }: any) => run.state === "waiting"),
    );
    await post("api/runs/r/signal", { path: "approval", value: { by: "Ada", year: 2026 } });
    await until(
      () => get("api/runs/r"),
      ({ status }) => ended(status),
    );
    const patch = await get(`api/runs/r/view?since=${before.version}`);
    expect(patch).toMatchObject({ patch: true, count: 3, run: { state: "done" } });
    expect(patch).not.toHaveProperty("graphs");
    const after = await get("api/runs/r/view?since=0");
    const steps = [...before.steps];
    for (const [place, step] of patch.steps) steps[place] = step;
    const { version: _, ...whole } = after;
    const { version: __, steps: ___, ...rest } = before;
    expect({ ...rest, run: patch.run, steps }).toEqual(whole);
    const none = await get(`api/runs/r/view?since=${after.version}`);
    expect(none).toMatchObject({ patch: true, steps: [] });
  });

  test("shows a part of a large run at once, then all that a page shows, and lists every step", async () => {
    const { get, post } = await serving(pipelines);
    await post("api/runs", { pipeline: "large", runId: "r" });
    await until(
      () => get("api/waiting"),
      (steps) => steps.length === 1,
    );
    const part = await get("api/runs/r/view");
    expect(part).toMatchObject({ isPart: true, run: { state: "running" } });
    expect(part.steps.length).toBeLessThan(1_100);
    const whole = await get(`api/runs/r/view?wait=true&since=${part.version}`);
    expect(whole).not.toHaveProperty("isPart");
    expect(whole).not.toHaveProperty("patch");
    expect(whole.steps.length).toBeGreaterThan(9_999);
    expect(whole.steps.length).toBeLessThan(10_100);
    for (const { steps, run } of [part, whole]) {
      const done = steps.filter(({ run }: any) => run.state === "done").length;
      expect(run.leftOut + done).toBeGreaterThanOrEqual(12_000);
      // However many steps there are, the page includes the waiting one.
      const waiting = steps.filter(({ run }: any) => run.state === "waiting");
      expect(waiting).toMatchObject([{ path: "late/late", kind: "await" }]);
    }
    const paths: Array<string> = [];
    for (let after: string | undefined = "0"; after !== undefined; ) {
      const page = await get(`api/runs/r/steps?limit=5000&after=${after}`);
      expect(page.total).toBe(12_001);
      paths.push(...page.steps.map(({ path }: any) => path));
      after = page.next;
    }
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths).toContain("each[11999]");
    const found = await get("api/runs/r/steps?search=EACH[1199");
    expect(found).toMatchObject({ total: 11, steps: { length: 11 } });
    // Once the run's view is known, a page that opens the run gets all of it at once.
    expect(await get("api/runs/r/view")).not.toHaveProperty("isPart");
  });

  test("pages through runs, newest first, filtered and searched", async () => {
    const { get, post } = await serving(pipelines);
    for (let i = 0; i < 7; i++)
      await post("api/runs", { pipeline: "bill", inputs: { prices: [i] }, runId: `run-${i}` });
    await until(
      () => get("api/runs?status=running"),
      ({ runs }) => runs.length === 0,
    );
    const found: Array<string> = [];
    for (let after: string | undefined = ""; after !== undefined; ) {
      const page = await get(`api/runs?limit=3${after === "" ? "" : `&after=${encodeURIComponent(after)}`}`);
      expect(page.runs.length).toBeLessThanOrEqual(3);
      found.push(...page.runs.map(({ id }: { id: string }) => id));
      after = page.next;
    }
    expect(found.sort()).toEqual([0, 1, 2, 3, 4, 5, 6].map((i) => `run-${i}`));
    expect((await get("api/runs?search=RUN-5")).runs).toHaveLength(1);
    expect((await get("api/runs?pipeline=other")).runs).toEqual([]);
  });

  test("lists schedules with their next ticks, runs one now, and pauses it", async () => {
    const { get, post } = await serving(pipelines);
    const [schedule] = await get("api/schedules");
    expect(schedule).toMatchObject({ name: "nightly", cron: "0 3 * * *", paused: false });
    expect(schedule.next).toHaveLength(5);
    const run = await (await post("api/schedules/nightly/run")).json();
    expect(run.id).toMatch(/^nightly@\d{4}-/);
    const paused = await (await post("api/schedules/nightly/pause", { paused: true })).json();
    expect(paused).toMatchObject({ paused: true, last: { id: run.id } });
    expect((await get("api/schedules"))[0].paused).toBe(true);
    expect((await post("api/schedules/nightl/run")).status).toBe(404);
  });

  interface Message {
    readonly id: string;
    readonly data: { readonly type: string; readonly path?: string };
  }

  const messagesIn = (text: string): ReadonlyArray<Message> =>
    [...text.matchAll(/^id: ?(?<id>.*)\n(?:event: ?.*\n)?data: ?(?<data>.*)\n\n/gm)].map(({ groups }) => ({
      id: groups!["id"]!,
      data: JSON.parse(groups!["data"]!),
    }));

  const namesOf = (messages: ReadonlyArray<Message>): ReadonlyArray<string> =>
    messages.map(({ data: { type, path = "" } }) => `${type} ${path}`.trim()).sort();

  /** The messages after the one with the id `last`; the connection breaks after `most` of them. */
  const streamed = async (
    url: URL,
    last: string | undefined,
    most: number,
  ): Promise<ReadonlyArray<Message>> => {
    const broken = new AbortController();
    const headers = last === undefined ? undefined : { "last-event-id": last };
    const response = await fetch(url, {
      signal: broken.signal,
      ...(headers === undefined ? {} : { headers }),
    });
    let text = "";
    try {
      for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (messagesIn(text).length >= most) break;
      }
    } finally {
      broken.abort();
    }
    return messagesIn(text).slice(0, most);
  };

  test("continues a stream after the last event that arrived, wherever it broke", async () => {
    const { url, post, get } = await serving(pipelines);
    // The stream breaks twice, after each pair of consecutive events: while the run waits, and after it has ended.
    for (let first = 1; first <= 9; first++) {
      const runId = `r${first}`;
      const events = new URL(`api/runs/${runId}/events`, url);
      await post("api/runs", { pipeline: "release", inputs: { version: "1" }, runId });
      await until(
        () => get(`api/runs/${runId}`),
        ({ waiting }) => waiting.length > 0,
      );
      const isWaiting = first <= 6;
      const answer = () =>
        post(`api/runs/${runId}/signal`, { path: "approval", value: { by: "Ada", year: 2026 } });
      if (!isWaiting) await answer();
      const messages = [...(await streamed(events, undefined, first))];
      if (isWaiting) await answer();
      messages.push(...(await streamed(events, messages.at(-1)!.id, 1)));
      messages.push(...(await streamed(events, messages.at(-1)!.id, Infinity)));
      const numbers = messages.map(({ id }) => Number(id.split(".")[1]));
      expect(numbers).toEqual(Array.from({ length: 10 }, (_, i) => i));
      expect([first, namesOf(messages)]).toEqual([first, ofRelease]);
      // The stream has ended, also for a client that connects again.
      expect(await streamed(events, messages.at(-1)!.id, Infinity)).toEqual([]);
    }
  });

  test("says that a stream begins again if it does not know the last event, and sends all of them", async () => {
    const { url, post } = await serving(pipelines);
    await post("api/runs", { pipeline: "bill", inputs: { prices: [1] }, runId: "r" });
    await post("api/runs", { pipeline: "bill", inputs: { prices: [1] }, runId: "other" });
    const events = new URL("api/runs/r/events", url);
    const all = namesOf(await streamed(events, undefined, Infinity));
    const [other] = await streamed(new URL("api/runs/other/events", url), undefined, Infinity);
    for (const last of ["unknown.3", "x", other!.id, `${other!.id.split(".")[0]}.99`]) {
      const [reset, ...others] = await streamed(events, last, Infinity);
      expect([last, reset!.data]).toMatchObject([last, { type: "stream.reset", runId: "r" }]);
      expect(namesOf(others)).toEqual(all);
    }
  });

  const ofRelease = [
    "run.started",
    "run.succeeded",
    "step.logged built",
    "step.started approval",
    "step.started built",
    "step.started text",
    "step.succeeded approval",
    "step.succeeded built",
    "step.succeeded text",
    "step.waiting approval",
  ];

  test("streams the events of a run from the first, however late a client comes", async () => {
    const { url, post, get } = await serving(pipelines);
    await post("api/runs", { pipeline: "release", inputs: { version: "1" }, runId: "r" });
    const all = async () => {
      const response = await fetch(new URL("api/runs/r/events", url));
      expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
      return namesOf(messagesIn(await response.text()));
    };
    await until(
      () => get("api/waiting"),
      (waits) => waits.length > 0,
    );
    const early = all();
    const value = { by: "Ada", year: 2026 };
    await post("api/runs/r/signal", { path: "approval", value });
    expect(await early).toEqual(ofRelease);
    // Afterwards, all events are read from the record.
    expect(await all()).toEqual(ofRelease);
  });

  test("reloading serves the current pipelines, and runs under way continue", async () => {
    const { post, get, replace } = await serving(pipelines);
    await post("api/runs", { pipeline: "release", inputs: { version: "1" }, runId: "r" });
    await until(
      () => get("api/waiting"),
      (waits) => waits.length > 0,
    );
    replace({ bill: pipelines.bill });
    expect((await get("api/pipelines")).map(({ name }: { name: string }) => name)).toEqual(["bill"]);
    const value = { by: "Ada", year: 2026 };
    await post("api/runs/r/signal", { path: "approval", value });
    const run = await until(
      () => get("api/runs/r"),
      ({ status }) => status === "succeeded",
    );
    // The run has outputs, although its pipeline is no longer served.
    expect(run.outputs).toEqual({ text: "Released by Ada in 2026" });
    expect((await post("api/runs", { pipeline: "release" })).status).toBe(404);
  });

  test("names all inputs that are missing, in the words of the command line, and those that may be left out are not", async () => {
    const some = pipeline("some")
      .input("a", Schema.Date)
      .input("b", type<string>())
      .input("c", Schema.optional(Schema.String))
      .step("all", ["a", "b"], () => 1);
    const { post } = await serving({ some });
    const problem = await (await post("api/runs", { pipeline: "some" })).json();
    expect(problem).toMatchObject({ status: 422, detail: 'The inputs "a" and "b" are missing.', input: "a" });
    const given = { a: "2026-01-01T00:00:00.000Z", b: "x" };
    expect((await post("api/runs", { pipeline: "some", inputs: given })).status).toBe(201);
  });
});

test("A run asks nothing of its store for each step: reading the store of a server takes time", async () => {
  /** The number of times that a run of so many steps reads a member of its store. */
  const reads = async (count: number): Promise<number> => {
    let read = 0;
    const store = new Proxy(new MemoryStore("tests").service, {
      get: (target, key) => {
        read++;
        return Reflect.get(target, key) as unknown;
      },
    });
    const steps = pipeline("steps")
      .step("all", [], () => Array.from({ length: count }, (_, i) => i))
      .map("each", "all", [], (i) => i);
    await Effect.runPromise(Effect.provideService(steps.run({}), Store, store));
    return read;
  };
  expect(await reads(500)).toBe(await reads(5));
});

describe("Requests that change something", () => {
  const start = { pipeline: "bill", inputs: { prices: [1] } };

  test("need the token", async () => {
    const { post } = await serving(pipelines);
    expect((await post("api/runs", start, {})).status).toBe(401);
    expect((await post("api/runs", start, { authorization: "Bearer another" })).status).toBe(401);
    expect((await post("api/runs", start)).status).toBe(201);
  });

  test("are refused from pages of others, and from browsers that do not say which page", async () => {
    const { post, url } = await serving(pipelines);
    const authorization = `Bearer ${token}`;
    const foreign = { authorization, origin: "http://evil.example" };
    expect((await post("api/runs", start, foreign)).status).toBe(403);
    expect((await post("api/runs", start, { authorization, "sec-fetch-site": "cross-site" })).status).toBe(
      403,
    );
    const own = { authorization, origin: new URL(url).origin };
    expect((await post("api/runs", start, own)).status).toBe(201);
  });
});
