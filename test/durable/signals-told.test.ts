/** The sender learns the outcome for its value, and the step receives the accepted value. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import type { PipelineEvent } from "espalier";
import { pipeline, resume, resumePromise, Runs, Signal, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { describe, test } from "vitest";
import * as z from "zod";
import { byClock, temporary, untilEvent } from "../sqlite/support.ts";

const newFile = temporary();
const store = () => SqliteStore.layer({ filename: newFile() });
const limit = { timeout: 60_000 };

/** Returns once a run has emitted an event; events are kept for later readers. */
const happens = async (
  run: { readonly events: AsyncIterable<PipelineEvent> },
  wanted: PipelineEvent["type"],
  at: string,
): Promise<void> => {
  for await (const event of run.events) {
    if (event.type === wanted && "path" in event && event.path === at) return;
  }
};

/** Runs an Effect with a clock that stands still. */
const at = (time: number) => byClock(() => time);

const send = (runId: string, path: string, value: unknown, options?: object) =>
  Effect.runPromise(Signal.send(runId, path, value, options as any) as Effect.Effect<unknown, any>).then(
    () => "accepted",
    (error) => String(error?._tag),
  );

test(
  "of several concurrent values one is accepted, the others are refused, and the step receives that one",
  limit,
  async () => {
    const shared = store();
    const approval = pipeline("approval").await("ok", type<string>());
    const run = await approval.startPromise({}, { store: shared, runId: "r" });
    await happens(run, "step.waiting", "ok");
    const values = ["one", "two", "three"];
    const told = await Promise.all(values.map((value) => send("r", "ok", value, { store: shared })));
    const { ok } = await run.result;
    assert.deepEqual(told.toSorted(), ["SignalRefused", "SignalRefused", "accepted"]);
    assert.equal(ok, values[told.indexOf("accepted")]);
  },
);

test(
  "of two values sent before the wait begins one is accepted, the other is refused, and the step receives that one",
  limit,
  async () => {
    const shared = store();
    const gate = Promise.withResolvers<void>();
    const approval = pipeline("approval")
      .step("slow", [], () => gate.promise)
      .await("ok", type<boolean>(), { after: ["slow"] });
    const run = await approval.startPromise({}, { store: shared, runId: "r" });
    await happens(run, "step.started", "slow");
    const told = [
      await send("r", "ok", false, { store: shared }),
      await send("r", "ok", true, { store: shared }),
    ];
    gate.resolve();
    const { ok } = await run.result;
    assert.deepEqual(told.toSorted(), ["SignalRefused", "accepted"]);
    assert.equal(ok, told.indexOf("accepted") === 1);
  },
);

test("an early invalid value is refused or reported, and does not displace a valid one", limit, async () => {
  const shared = store();
  const gate = Promise.withResolvers<void>();
  const approval = pipeline("approval")
    .step("slow", [], () => gate.promise)
    .await("ok", Schema.Int, { after: ["slow"], timeout: "1 hour" });
  const run = await approval.startPromise({}, { store: shared, runId: "r" });
  await happens(run, "step.started", "slow");
  const wrong = await send("r", "ok", "not a number", { store: shared });
  gate.resolve();
  await happens(run, "step.waiting", "ok");
  const right = await send("r", "ok", 7, { store: shared });
  const out = await run.result;
  assert.equal(right, "accepted");
  assert.equal(out.ok, 7);
  const events: Array<PipelineEvent> = [];
  for await (const event of run.events) events.push(event);
  const told = events.some((event) => /refused/i.test(JSON.stringify(event)));
  assert.ok(
    wrong === "SignalRefused" || told,
    "neither the sender nor an event says that the early value was refused",
  );
});

test("a second value for a step is refused while the run continues", limit, async () => {
  const shared = store();
  const gate = Promise.withResolvers<void>();
  const approval = pipeline("approval")
    .await("ok", type<string>())
    .step("after", ["ok"], async ({ ok }) => {
      await gate.promise;
      return ok;
    });
  const run = await approval.startPromise({}, { store: shared, runId: "r" });
  await happens(run, "step.waiting", "ok");
  assert.equal(await send("r", "ok", "first", { store: shared }), "accepted");
  assert.equal(await send("r", "ok", "second", { store: shared }), "SignalRefused");
  await happens(run, "step.started", "after");
  assert.equal(await send("r", "ok", "third", { store: shared }), "SignalRefused");
  gate.resolve();
  assert.equal((await run.result).after, "first");
});

test(
  "a value for a run that has succeeded is refused, even if the step had timed out and used its fallback",
  limit,
  async () => {
    const shared = store();
    const decision = pipeline("decision").dynamic(
      "decided",
      [],
      () => pipeline("ask").await("decided", type<string>(), { timeout: "40 millis" }),
      { fallback: "expired" },
    );
    assert.equal((await decision.runPromise({}, { store: shared, runId: "r" })).decided, "expired");
    assert.equal(await send("r", "decided/decided", "approve", { store: shared }), "SignalRefused");
  },
);

/** The time at which a run begins to wait for at most an hour. It is stopped while it waits. */
const began = Date.UTC(2031, 0);
const deadline = began + 3_600_000;
const stopped = async () => {
  const shared = store();
  const approval = pipeline("approval").await("ok", type<string>(), { timeout: "1 hour" });
  const run = await Effect.runPromise(approval.start({}, { store: shared, runId: "r" }).pipe(at(began)));
  await Effect.runPromise(untilEvent(run, "step.waiting", "ok"));
  await Effect.runPromise(run.interrupt);
  const sendAt = (time: number, value: string) =>
    Effect.runPromise(
      Effect.match(Signal.send("r", "ok", value, { store: shared }).pipe(at(time)), {
        onFailure: ({ _tag }) => _tag,
        onSuccess: () => "accepted",
      }),
    );
  const resumeAt = (time: number) => resume(approval, "r", { store: shared }).pipe(at(time));
  return { sendAt, resumeAt };
};

test.each([
  ["as soon as it is stopped", began],
  ["in the last millisecond", deadline - 1],
])(
  "a value that is sent in time to a stopped run is used, even if the run is resumed after the deadline: %s",
  limit,
  async (_, time) => {
    const { sendAt, resumeAt } = await stopped();
    assert.equal(await sendAt(time, "in time"), "accepted");
    assert.equal((await Effect.runPromise(resumeAt(deadline + 1))).ok, "in time");
  },
);

test.each([
  ["in the first millisecond", deadline],
  ["a day later", deadline + 86_400_000],
])(
  "a value that is sent to a stopped run after the deadline is refused and never used: %s",
  limit,
  async (_, time) => {
    const { sendAt, resumeAt } = await stopped();
    assert.equal(await sendAt(time, "late"), "SignalRefused");
    const error: any = await Effect.runPromise(Effect.flip(resumeAt(time)));
    assert.equal(error._tag, "StepTimedOut");
  },
);

test(
  "an answer that its schema decodes to something other than JSON is delivered, with a store and after a resume",
  limit,
  async () => {
    const shared = store();
    let stop = true;
    const visit = pipeline("visit")
      .await("day", z.object({ at: z.coerce.date() }))
      .step("year", ["day"], ({ day }) => {
        if (stop) throw new Error("stop");
        return day.at.getUTCFullYear();
      });
    const run = await visit.startPromise({}, { store: shared, runId: "r" });
    await happens(run, "step.waiting", "day");
    assert.equal(await send("r", "day", { at: "2031-05-01" }, { store: shared }), "accepted");
    await assert.rejects(run.result, { _tag: "StepFailed" });
    stop = false;
    assert.equal((await Effect.runPromise(resume(visit, "r", { store: shared }))).year, 2031);
  },
);

test.each([
  ["while the step waits", ["step.waiting", "on"]],
  ["before the wait begins", ["step.started", "slow"]],
] as const)("a value sent as JSON %s is decoded by the schema", limit, async (_, first) => {
  const shared = store();
  const gate = Promise.withResolvers<void>();
  if (first[1] !== "slow") gate.resolve();
  const dated = pipeline("dated")
    .step("slow", [], () => gate.promise)
    .await("on", Schema.Date, { after: ["slow"] })
    .await("names", Schema.ReadonlySet(Schema.String));
  const run = await dated.startPromise({}, { store: shared, runId: "r" });
  await happens(run, first[0], first[1]);
  assert.equal(await send("r", "on", "2026-05-01T00:00:00.000Z", { store: shared }), "accepted");
  gate.resolve();
  assert.equal(await send("r", "names", ["Ada"], { store: shared }), "accepted");
  const { on, names } = await run.result;
  assert.deepEqual([on, names], [new Date("2026-05-01T00:00:00.000Z"), new Set(["Ada"])]);
});

test("a value sent as JSON to an inactive run is decoded by the schema", limit, async () => {
  const shared = store();
  const dated = pipeline("dated").await("on", Schema.Date);
  const run = await dated.startPromise({}, { store: shared, runId: "r" });
  await happens(run, "step.waiting", "on");
  await run.interrupt();
  await run.result.catch(() => {});
  assert.equal(await send("r", "on", "2026-05-01T00:00:00.000Z", { store: shared }), "accepted");
  const { on } = await Effect.runPromise(resume(dated, "r", { store: shared }));
  assert.deepEqual(on, new Date("2026-05-01T00:00:00.000Z"));
});

/** Ways to send a value, each to a run in a state that it creates; the promise is the value that the step receives. */
const states = {
  "that waits": async (p, shared, sent) => {
    const run = await p.startPromise({}, { store: shared, runId: "r" });
    await happens(run, "step.waiting", "on");
    assert.equal(await send("r", "on", sent, { store: shared }), "accepted");
    return run.result;
  },
  "without a store that waits": async (p, _, sent) => {
    const run = await p.startPromise({}, { runId: "r" });
    await happens(run, "step.waiting", "on");
    assert.equal(await send("r", "on", sent), "accepted");
    return run.result;
  },
  "that does not wait yet": async (p, shared, sent) => {
    const gate = Promise.withResolvers<void>();
    const gated = pipeline("r")
      .step("slow", [], () => gate.promise)
      .dynamic("on", ["slow"], () => p);
    const run = await gated.startPromise({}, { store: shared, runId: "r" });
    await happens(run, "step.started", "slow");
    assert.equal(await send("r", "on/on", sent, { store: shared }), "accepted");
    gate.resolve();
    return run.result;
  },
  "that is stopped": async (p, shared, sent) => {
    const run = await p.startPromise({}, { store: shared, runId: "r" });
    await happens(run, "step.waiting", "on");
    await run.interrupt();
    await run.result.catch(() => {});
    assert.equal(await send("r", "on", sent, { store: shared }), "accepted");
    return resumePromise(p, "r", { store: shared });
  },
  "that is stopped after the value came": async (p, shared, sent) => {
    let stop = true;
    const stopping = p.step("after", ["on"], () => {
      if (stop) throw new Error("stop");
    });
    const run = await stopping.startPromise({}, { store: shared, runId: "r" });
    await happens(run, "step.waiting", "on");
    assert.equal(await send("r", "on", sent, { store: shared }), "accepted");
    await assert.rejects(run.result, { _tag: "StepFailed" });
    stop = false;
    return resumePromise(stopping, "r", { store: shared });
  },
} as const satisfies Record<
  string,
  (p: any, shared: ReturnType<typeof store>, sent: unknown) => Promise<any>
>;

const day = "2026-05-01T00:00:00.000Z";
const date = new Date(day);

/** A schema, equivalent values to send, and the value received. */
const forms: ReadonlyArray<
  readonly [name: string, schema: unknown, sent: ReadonlyArray<unknown>, got: unknown]
> = [
  ["a Date", Schema.Date, [date, day], date],
  ["a string of a Date", Schema.DateFromString, [date, day], date],
  ["a string of a number", Schema.NumberFromString, [5, "5"], 5],
  ["a big integer", Schema.BigInt, [5n, "5"], 5n],
  [
    "a map of sets",
    Schema.ReadonlyMap(Schema.String, Schema.ReadonlySet(Schema.Date)),
    [new Map([["~", new Set([date])]]), [["~", [day]]]],
    new Map([["~", new Set([date])]]),
  ],
  [
    "a record with a date",
    Schema.Struct({ "~": Schema.Date, n: Schema.Number }),
    [{ "~": date, n: NaN }],
    { "~": date, n: NaN },
  ],
  ["zod, a Date", z.coerce.date(), [date, day], date],
  ["zod, a record with a date", z.object({ at: z.coerce.date() }), [{ at: date }, { at: day }], { at: date }],
];

describe.each(forms)("%s, in each equivalent form", (_, schema, sent, got) => {
  test.each(Object.entries(states))("reaches its step in a run %s", limit, async (state, run) => {
    for (const value of sent) {
      // The schema of a step that does not run is unknown: see below.
      const p = pipeline("dated").await("on", schema as z.ZodType);
      assert.deepEqual(((await run(p, store(), value)) as any).on, got, `${state}: ${String(value)}`);
    }
  });
});

test(
  "a value that the schema does not decode from JSON is refused, even if it was sent early",
  limit,
  async () => {
    for (const schema of [z.date(), type<Date>()]) {
      const shared = store();
      const gate = Promise.withResolvers<void>();
      const p = pipeline("dated")
        .await("now", schema)
        .step("slow", [], () => gate.promise)
        .await("later", schema, { after: ["slow"] });
      const run = await p.startPromise({}, { store: shared, runId: "r" });
      await happens(run, "step.waiting", "now");
      const now: any = await Signal.sendPromise("r", "now", date, { store: shared }).catch(
        (reason) => reason,
      );
      assert.match(now.reason, /cannot be recorded/);
      assert.equal(await send("r", "later", date, { store: shared }), "accepted");
      gate.resolve();
      await happens(run, "signal.refused", "later");
      await run.interrupt();
      await run.result.catch(() => {});
    }
  },
);

test(
  "a value for a turn that a loop cannot have is refused, one for a later turn is kept",
  limit,
  async () => {
    const shared = store();
    const talk = pipeline("talk").loop(
      "said",
      [],
      () => 0,
      (said) =>
        pipeline("turn")
          .await("word", type<number>())
          .step("said", ["word"], ({ word }) => said + word),
      { until: (said) => said >= 3 },
    );
    const run = await talk.startPromise({}, { store: shared, runId: "r" });
    await happens(run, "step.waiting", "said[0]/word");
    for (const key of ["-1", "01", "1.5", "x", "", " 1"])
      assert.equal(await send("r", `said[${key}]/word`, 1, { store: shared }), "SignalRefused", key);
    assert.equal(await send("r", "said[1]/word", 2, { store: shared }), "accepted");
    assert.equal(await send("r", "said[0]/word", 1, { store: shared }), "accepted");
    assert.equal((await run.result).said, 3);
  },
);

/** A pipeline with waiting steps that may never run: in a race, in a condition and in nested ones. */
const branching = (gate: Promise<unknown>) => {
  const raced = () => pipeline("ask").await("raced", type<string>());
  return pipeline("branching")
    .step("keys", [], () => ["x", "y"])
    .race("raced", [], { a: raced, b: raced })
    .when(
      "wanted",
      [],
      () => false,
      (p) =>
        p
          .await("skipped", type<string>())
          .dynamic("skippedToo", [], () => pipeline("ask").await("skippedToo", type<string>()))
          .when(
            "inner",
            [],
            () => true,
            (q) => q.await("skippedWithin", type<string>()),
          ),
    )
    .dynamic("nested", [], () =>
      pipeline("nested")
        .race("nested", [], { one: () => pipeline("ask").await("nested", type<string>()) })
        .when(
          "never",
          [],
          () => false,
          (p) => p.await("skipped", type<string>()),
        ),
    )
    .map("mapped", "keys", ["wanted"], () => pipeline("ask").await("mapped", type<string>()), {
      key: (key) => key,
    })
    .step("held", ["wanted"], () => gate);
};

const nowhere: ReadonlyArray<readonly [path: string, reason: RegExp]> = [
  ["no", /no step/],
  ["raced[c]/raced", /no step/],
  ["raced/raced", /no step/],
  ["raced[a]/no", /no step/],
  ["nested/nested[two]/nested", /no step/],
  ["nested/no", /no step/],
  ["mapped[3]/mapped", /no step/],
  ["mapped[x]", /no step|waits for no value|It is too late/],
  ["held", /waits for no value/],
  ["held/x", /no step/],
  ["skipped", /is skipped: its condition does not hold/],
  ["skippedWithin", /is skipped/],
  ["skippedToo/skippedToo", /is skipped: the condition of "skippedToo"/],
  ["nested/skipped", /is skipped/],
];

describe.each([
  ["without a store", false],
  ["with a store", true],
])("In a run %s", (_, isStored) => {
  test("a value for a step that cannot run is refused, with the reason", limit, async () => {
    const shared = isStored ? { store: store() } : {};
    const gate = Promise.withResolvers<void>();
    const p = branching(gate.promise);
    const run = await p.startPromise({}, { ...shared, runId: "r" });
    for (const path of ["raced[a]/raced", "nested/nested[one]/nested", "mapped[y]/mapped"])
      await happens(run, "step.waiting", path);
    await happens(run, "step.skipped", "nested/skipped");
    const reasons = async () => {
      for (const [path, reason] of nowhere) {
        const refused: any = await Signal.sendPromise("r", path, "x", shared).then(
          (told) => assert.fail(`${path}: ${told}`),
          (error) => error,
        );
        assert.equal(refused._tag, "SignalRefused", path);
        assert.match(refused.reason, reason, path);
      }
    };
    await reasons();
    if (isStored) {
      // The same while no process runs it.
      await run.interrupt();
      await run.result.catch(() => {});
      await reasons();
      const again = resumePromise(p, "r", shared);
      gate.resolve();
      await answer(shared);
      assert.equal((await again).raced, "b");
      return;
    }
    gate.resolve();
    await answer(shared);
    assert.equal((await run.result).raced, "b");
  });

  test("a value that was kept for a step that is then skipped is reported as refused", limit, async () => {
    const shared = isStored ? { store: store() } : {};
    const gate = Promise.withResolvers<void>();
    const p = pipeline("p")
      .when(
        "wanted",
        [],
        () => gate.promise.then(() => false),
        (p) => p.await("ok", type<string>()),
      )
      .dynamic("grown", ["wanted"], () => pipeline("grown").step("grown", [], () => 1))
      .await("end", type<string>(), { after: ["grown"] });
    const run = await p.startPromise({}, { ...shared, runId: "r" });
    assert.equal(await Signal.sendPromise("r", "ok", "early", shared), "kept");
    assert.equal(await Signal.sendPromise("r", "grown/ask", "early", shared), "kept");
    gate.resolve();
    await happens(run, "step.waiting", "end");
    // Later senders learn the reason, not that the first value is on its way.
    const later: any = await Signal.sendPromise("r", "ok", "late", shared).catch((error) => error);
    assert.match(later.reason, /is skipped/);
    await Signal.sendPromise("r", "end", "now", shared);
    await run.result;
    const refused = new Map<string, string>();
    const order: Array<string> = [];
    for await (const event of run.events) {
      order.push(event.type);
      if (event.type === "signal.refused") refused.set(event.path, event.reason);
    }
    assert.deepEqual([...refused.keys()].toSorted(), ["grown/ask", "ok"]);
    assert.match(refused.get("ok")!, /is skipped/);
    assert.equal(order.at(-1), "run.succeeded");
    if (!isStored) return;
    const { events } = await Runs.getPromise("r", shared);
    assert.deepEqual(
      events.flatMap(({ type, path }) => (type === "signal.refused" ? [path] : [])).toSorted(),
      ["grown/ask", "ok"],
    );
  });
});

/** Answers the waiting steps in a run of `branching`. */
const answer = async (options: object) => {
  for (const [path, value] of [
    ["raced[b]/raced", "b"],
    ["nested/nested[one]/nested", "one"],
    ["mapped[x]/mapped", "x"],
    ["mapped[y]/mapped", "y"],
  ] as const)
    while ((await send("r", path, value, options)) !== "accepted") await new Promise(setImmediate);
};

test("an observer of a refused value or a waiting step immediately finds both in Runs", limit, async () => {
  const shared = store();
  for (let round = 0; round < 20; round++) {
    const runId = `r${round}`;
    const gate = Promise.withResolvers<void>();
    const approval = pipeline("approval")
      .step("slow", [], () => gate.promise)
      .await("ok", Schema.Int, { after: ["slow"] });
    const seen: Array<Promise<unknown>> = [];
    const run = await approval.startPromise(
      {},
      {
        store: shared,
        runId,
        onEvent: ({ type }) => {
          if (type === "signal.refused")
            seen.push(
              Runs.getPromise(runId, { store: shared }).then(({ events }) =>
                assert.ok(events.some((event) => event.type === type && event.path === "ok")),
              ),
            );
          if (type === "step.waiting")
            seen.push(
              Runs.waitingPromise({ store: shared }).then((waits) =>
                assert.ok(waits.some((wait) => wait.runId === runId)),
              ),
            );
        },
      },
    );
    assert.equal(await send(runId, "ok", "no number", { store: shared }), "accepted");
    gate.resolve();
    await happens(run, "step.waiting", "ok");
    await send(runId, "ok", 1, { store: shared });
    await run.result;
    assert.equal(seen.length, 2);
    await Promise.all(seen);
  }
});
