import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { expect, test } from "vitest";
import type { PipelineEvent } from "espalier";
import { pipeline } from "espalier";

type Started = Effect.Effect<{ readonly events: Stream.Stream<PipelineEvent> }, unknown>;

/** The events of a run that report a failure, after a round trip through JSON. */
const failures = async (started: Started): Promise<ReadonlyArray<any>> => {
  const run = await Effect.runPromise(started);
  const events = await Effect.runPromise(Stream.runCollect(run.events));
  return (JSON.parse(JSON.stringify(events)) as ReadonlyArray<any>).filter(
    ({ error }) => error !== undefined,
  );
};

test("a failure in an event is plain data: JSON keeps tag, code, message, path and the causes", async () => {
  const failing = pipeline("failing").step("a", [], async (): Promise<number> => {
    throw new TypeError("boom", { cause: new Error("deep", { cause: { code: "ECONNRESET" } }) });
  });
  const told = await failures(failing.start({}));
  expect(told.map(({ type }) => type)).toEqual(["step.failed", "run.failed"]);
  for (const { error } of told) {
    expect(error).toMatchObject({ _tag: "StepFailed", code: "ESPALIER_STEP_FAILED", path: "a" });
    expect(error.message).toMatch(/boom/);
    expect(error.cause).toMatchObject({ name: "TypeError", message: "boom" });
    expect(error.cause.cause.message).toBe("deep");
    expect(error.cause.cause.cause).toEqual({ code: "ECONNRESET" });
  }
});

class NoRow extends Data.TaggedError("NoRow")<{ readonly row: number; readonly cause: unknown }> {}

test("the typed errors of a step keep their own fields, and an AggregateError the errors in it", async () => {
  const error = new NoRow({
    row: 7,
    cause: new AggregateError([new Error("one"), new RangeError("two")], "both"),
  });
  for (const told of await failures(
    pipeline("typed")
      .step("a", [], () => Effect.fail(error))
      .start({}),
  )) {
    expect(told.error).toMatchObject({ _tag: "NoRow", row: 7 });
    expect(told.error.cause).toMatchObject({
      message: "both",
      errors: [{ message: "one" }, { name: "RangeError", message: "two" }],
    });
  }
});

test("messages of a retried attempt, an expansion and a logged error are written", async () => {
  let tries = 0;
  const p = pipeline("p")
    .step(
      "again",
      [],
      (_, { log }): number => {
        if (tries++ === 0) throw new Error("not yet");
        log("saw", new RangeError("far"));
        return 1;
      },
      { retry: { times: 1, delay: 1 } },
    )
    .dynamic("d", ["again"], () =>
      pipeline("sub").step("d", [], (): number => {
        throw new Error("inside");
      }),
    );
  const told = await failures(p.start({}));
  expect(told.map(({ type, path = "" }) => `${type} ${path}`)).toEqual([
    "step.retried again",
    "step.failed d/d",
    "expansion.failed d",
    "run.failed ",
  ]);
  expect(JSON.stringify(told[0].error)).toContain("not yet");
  expect(JSON.stringify(told[2].error)).toContain("inside");
  const run = await Effect.runPromise(p.start({}));
  const logged = [...(await Effect.runPromise(Stream.runCollect(run.events)))].find(
    ({ type }) => type === "step.logged",
  );
  expect(JSON.parse(JSON.stringify(logged)).message).toMatchObject([
    "saw",
    { name: "RangeError", message: "far" },
  ]);
});

const circle = new Error("round");
circle.cause = circle;
const hostile: ReadonlyArray<readonly [name: string, error: unknown]> = [
  ["a cause that is itself", circle],
  ["a bigint", Object.assign(new Error("big"), { size: 10n })],
  [
    "a field that throws",
    Object.defineProperty(new Error("getter"), "row", {
      enumerable: true,
      get: () => {
        throw new Error("no");
      },
    }),
  ],
  ["a frozen error", Object.freeze(new Error("frozen"))],
  ["text", "just text"],
  ["nothing", undefined],
  [
    "a proxy",
    new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
        ownKeys: () => {
          throw new Error("no");
        },
        getPrototypeOf: () => {
          throw new Error("no");
        },
      },
    ),
  ],
];

test.for(hostile)("%s can be written", async ([, thrown]) => {
  const p = pipeline("p").step("a", [], (): number => {
    throw thrown;
  });
  const run = await Effect.runPromise(p.start({}));
  const events = [...(await Effect.runPromise(Stream.runCollect(run.events)))];
  const failed = JSON.parse(JSON.stringify(events)).filter(
    ({ type }: PipelineEvent) => type === "step.failed",
  );
  expect(failed).toMatchObject([{ path: "a", error: { _tag: "StepFailed", path: "a" } }]);
  // Code that copies or compares an event sees only its fields.
  for (const event of events) expect(Object.keys(event)).not.toContain("toJSON");
});

test("a failure that throws on every access is still described", async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const thrown of [proxy, [proxy], new Error("holds one", { cause: proxy })]) {
    const told = await failures(
      pipeline("p")
        .step("a", [], () => Promise.reject<number>(thrown))
        .start({}),
    );
    expect(told.map(({ error }) => error._tag)).toEqual(["StepFailed", "StepFailed"]);
  }
});
