/** The table of step kinds: every kind, in plans and in events. */
import { describe, expect, it } from "@effect/vitest";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import { runForEach } from "effect/Stream";
import type { StepKind } from "espalier";
import { pipeline, Signal, type } from "espalier";
import { Plan } from "espalier/draw";
import { stepKinds } from "../../src/graph/kinds.ts";

const every = pipeline("every")
  .input("rows", type<ReadonlyArray<number>>())
  .step("step", [], () => 1)
  .dynamic("dynamic", ["step"], () => 2)
  .map("map", "rows", [], (row) => row)
  .switch("switch", ["step"], () => "a" as const, { a: () => 3 })
  .loop(
    "loop",
    ["step"],
    ({ step }) => step,
    (state) => state + 1,
    { until: (state) => state > 1 },
  )
  .race("race", ["step"], { a: () => 3, b: () => 4 })
  .await("await", type<string>(), { after: ["step"] })
  .sleep("sleep", 0, { after: ["step"] })
  .when(
    "when",
    ["step"],
    () => true,
    (p) => p,
  )
  .finally("finally", ["step"], () => 4);

describe("The kinds of steps", () => {
  it("are those that a plan names", () => {
    const kinds = every.plan().steps.map(({ kind }) => kind);
    expect(kinds).toEqual(Object.keys(stepKinds));
    expect(every.plan().steps.map(({ name }) => name)).toEqual(kinds);
  });

  it("have the events that the table lists", async () => {
    const told = new Map<string, string>();
    await Effect.runPromise(
      Effect.gen(function* () {
        const run = yield* every.start({ rows: [1] });
        const watching = yield* Effect.forkChild(
          runForEach(run.events, (event) =>
            Effect.sync(() => {
              if (event.type === "step.succeeded" || event.type === "expansion.succeeded") {
                told.set(event.path, event.type.slice(0, event.type.indexOf(".")));
              }
            }),
          ),
        );
        yield* Effect.sleep(10);
        yield* Signal.send(run.id, "await", "hello");
        yield* run.await;
        yield* Fiber.join(watching);
      }),
    );
    for (const path of told.keys()) if (path.includes("[")) told.delete(path);
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(
        (Object.keys(stepKinds) as Array<StepKind>).map((kind) => [kind, stepKinds[kind].events]),
      ),
    );
  });

  it("all have a shape in every diagram", () => {
    const plan = every.plan();
    expect(Plan.toMermaid(plan)).toContain('[/"await"/]');
    expect(Plan.toDot(plan)).toContain('shape=octagon, label="sleep"');
    const svg = Plan.toSvg(plan);
    for (const kind of Object.keys(stepKinds)) expect(svg).toContain(`<rect class="${kind}"`);
    expect(svg).toContain("waits for a value");
  });
});
