import * as Effect from "effect/Effect";
import { pipeline } from "espalier";
import { describe, expect, test } from "vitest";
import { collected } from "./collector.ts";

const talking = pipeline("talking")
  .step("effect", [], () => Effect.annotateLogs(Effect.as(Effect.log("from an Effect"), ["x"]), "mine", 1))
  .map("m", "effect", [], async (item, _, { log }) => {
    await Promise.resolve();
    log("from a function:", item);
    return item;
  })
  .dynamic("grown", ["m"], () =>
    pipeline("sub").step("grown", [], (_, { log }) => Effect.sync(() => log("from below"))),
  );

describe("What the steps of a traced run log", () => {
  test("carries run and path, and belongs to the step's span, in Effects and in functions", async () => {
    const { lines, spans } = await collected(
      Effect.annotateLogs(talking.run({}, { tracing: true, runId: "run-7" }), "around", true),
    );
    const spanAt = (path: string) =>
      spans.find(({ attributes }) => attributes["espalier.path"] === path)!.spanId;
    const at = (path: string) => ({
      attributes: { around: true, "espalier.run": "run-7", "espalier.path": path },
      spanId: spanAt(path),
      traceId: spans[0]!.traceId,
    });
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({ body: "from an Effect", ...at("effect") });
    expect(lines[0]!.attributes["mine"]).toBe(1);
    expect(lines[1]).toMatchObject(at("m[0]"));
    expect(lines[2]).toMatchObject({ body: "from below", ...at("grown/grown") });
  });

  test("is, without tracing, what Effects log by themselves", async () => {
    const { lines } = await collected(talking.run());
    expect(lines.map(({ body }) => body)).toEqual(["from an Effect"]);
    expect(lines[0]!.attributes["espalier.run"]).toBeUndefined();
    expect(lines[0]!.attributes["espalier.path"]).toBeUndefined();
  });
});
