/** `.finally`: a step that runs once its inputs have settled, however the run ends. */
import * as Effect from "effect/Effect";
import type * as Result from "effect/Result";
import { pipeline, resumePromise } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { Simulation } from "espalier/testing";
import { describe, expect, test } from "vitest";
import { temporary } from "../sqlite/support.ts";
import { rejection, thrown, untilAborted, untyped, until, watched } from "./support.ts";

const newFile = temporary();

/** A short form of a result. */
const short = (result: Result.Result<unknown, unknown>): unknown =>
  result._tag === "Success" ? result.success : ((result.failure as any)?._tag ?? String(result.failure));

const later = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

describe("A finally step", () => {
  test("runs once its inputs have succeeded, and provides its output", async () => {
    const built = pipeline("p")
      .step("a", [], () => 1)
      .step("b", [], async () => {
        await later();
        return 2;
      })
      .finally("closed", ["a", "b"], ({ a, b }) => [short(a), short(b)])
      .step("after", ["closed?"], ({ closed }) => closed);
    expect(await built.runPromise()).toEqual({ a: 1, b: 2, closed: [1, 2], after: [1, 2] });
  });

  test("runs when a step fails: each input reports how its step ended, and the run fails as before", async () => {
    const seen: Array<unknown> = [];
    const built = pipeline("p")
      .step("done", [], () => "done")
      .step("bad", ["done"], async () => {
        await later();
        throw new Error("bad");
      })
      .step("never", ["bad"], () => 1)
      .step("running", [], (_, { signal }) => untilAborted(signal))
      .finally("closed", ["done", "bad", "never", "running"], (inputs) => {
        seen.push(Object.entries(inputs).map(([name, result]) => [name, short(result)]));
        seen.push((inputs.never as any).failure.status, (inputs.running as any).failure.status);
      });
    const { exit, handle } = await watched(built);
    expect(exit._tag).toBe("Failure");
    expect(await rejection(built.runPromise())).toMatchObject({ _tag: "StepFailed", path: "bad" });
    expect(seen.slice(0, 3)).toEqual([
      [
        ["done", "done"],
        ["bad", "StepFailed"],
        ["never", "NotProvided"],
        ["running", "NotProvided"],
      ],
      "skipped",
      "interrupted",
    ]);
    expect(handle.report.failed.map(({ path }) => path)).toEqual(["bad"]);
    expect(handle.report.skipped.map(({ path }) => path)).toEqual(["never"]);
  });

  test("runs when the run is cancelled, before the run has ended", async () => {
    const log: Array<string> = [];
    const built = pipeline("p")
      .step("a", [], (_, { signal }) => {
        log.push("started");
        return untilAborted(signal).finally(() => log.push("stopped"));
      })
      .finally("closed", ["a"], async ({ a }) => {
        log.push(String(short(a)));
        await later();
        log.push("closed");
      });
    const run = await built.startPromise();
    await until(() => log.length > 0);
    await run.interrupt();
    expect(log).toEqual(["started", "stopped", "NotProvided", "closed"]);
    expect(await rejection(run.result)).toMatchObject({ _tag: "RunInterrupted" });
  });

  test("that does not end within the grace period of a cancelled run is abandoned, and its signal fires", async () => {
    let reason = "";
    const built = pipeline("p")
      .step("a", [], (_, { signal }) => untilAborted(signal))
      .finally("closed", ["a"], (_, { signal }) => {
        signal.addEventListener("abort", () => (reason = "fired"));
        return new Promise(() => {});
      });
    const run = await built.startPromise({}, { gracePeriod: 20 });
    await later();
    await run.interrupt();
    expect(run.report.leaked).toEqual(["closed"]);
    expect(reason).toBe("fired");
  });

  test("that had begun before its run was cancelled is stopped after the grace period", async () => {
    const log: Array<string> = [];
    const built = pipeline("p")
      .step("a", [], () => 1)
      .finally("closed", ["a"], () =>
        Effect.onInterrupt(
          Effect.suspend(() => (log.push("closing"), Effect.never)),
          () => Effect.sync(() => log.push("stopped")),
        ),
      )
      .finally("noted", ["a"], (_, { signal }) => {
        signal.addEventListener("abort", () => log.push("aborted"));
        return new Promise(() => {});
      })
      .step("b", [], (_, { signal }) => untilAborted(signal));
    const run = await built.startPromise({}, { gracePeriod: 20 });
    await until(() => log.length > 0);
    await run.interrupt();
    await until(() => log.length === 3);
    expect(log.toSorted()).toEqual(["aborted", "closing", "stopped"]);
    expect(run.report.leaked).toContain("noted");
  });

  test("that waits leaves no timer behind if the rest of a cancelled run stopped at once", async () => {
    const built = pipeline("p")
      .sleep("a", 100)
      .finally("closed", ["a"], () => Effect.as(Effect.sleep(1), "closed"));
    const { exit, left, time } = await Simulation.run(built, {}, { interruptAt: 1 });
    expect([exit?._tag, time, left]).toEqual(["Failure", 1, { steps: [], fibers: 0 }]);
  });

  test("of a failed run that is then cancelled is limited too", async () => {
    let hasBegun = false;
    const built = pipeline("p")
      .step("a", [], () => {
        throw new Error("bad");
      })
      .finally("closed", ["a"], () => {
        hasBegun = true;
        return new Promise(() => {});
      });
    const run = await built.startPromise({}, { gracePeriod: 20 });
    await until(() => hasBegun);
    await run.interrupt();
    await rejection(run.result);
    expect(run.report.leaked).toEqual(["closed"]);
  });

  test("that has started continues when another step fails", async () => {
    const log: Array<string> = [];
    const built = pipeline("p")
      .step("a", [], () => 1)
      .finally("closed", ["a"], async (_, { signal }) => {
        signal.addEventListener("abort", () => log.push("aborted"));
        log.push("closing");
        for (let turn = 0; turn < 5; turn++) await later();
        log.push("closed");
      })
      .step("b", [], async () => {
        await later();
        log.push("bad");
        throw new Error("bad");
      });
    await rejection(built.runPromise({}, { gracePeriod: 60_000 }));
    expect(log).toEqual(["closing", "bad", "closed"]);
  });

  test("that fails is reported, and the outcome of the run stays the same", async () => {
    const good = pipeline("p")
      .step("a", [], () => 1)
      .finally("closed", ["a"], () => {
        throw new Error("cannot close");
      })
      .finally("noted", ["a"], async () => Promise.reject(new Error("nor note")))
      .step("after", ["closed?"], ({ closed }) => closed);
    const { exit, handle, types } = await watched(good);
    expect(exit).toMatchObject({ _tag: "Success" });
    expect((exit as any).value).toEqual({ a: 1, after: undefined });
    expect(handle.report.failed.map(({ path }) => path).sort()).toEqual(["closed", "noted"]);
    expect(types.at(-1)).toBe("run.succeeded");
    const bad = pipeline("p")
      .step("a", [], (): number => {
        throw new Error("bad");
      })
      .finally("closed", ["a"], () => {
        throw new Error("cannot close");
      });
    expect(await rejection(bad.runPromise())).toMatchObject({ path: "a" });
    expect((await watched(bad)).handle.report.failed.map(({ path }) => path)).toEqual(["a", "closed"]);
  });

  test("can return an Effect or a Promise of one, even at the end of a failed run", async () => {
    const log: Array<string> = [];
    const note = (text: string) => Effect.sync(() => log.push(text));
    const built = (fails: boolean) =>
      pipeline("p")
        .step("a", [], () => (fails ? Effect.fail("bad") : Effect.succeed(1)))
        .finally("one", ["a"], () => note("one"))
        .finally("two", ["a"], async () => note("two"));
    await rejection(built(true).runPromise());
    await built(false).runPromise();
    expect(log.sort()).toEqual(["one", "one", "two", "two"]);
  });

  test("without inputs runs once all steps added before it have ended", async () => {
    const log: Array<string> = [];
    const built = (fails: boolean) =>
      pipeline("p")
        .step("a", [], async () => {
          await later();
          log.push("a");
          if (fails) throw new Error("bad");
        })
        .finally("closed", [], () => log.push("closed"));
    await built(false).runPromise();
    await rejection(built(true).runPromise());
    expect(log).toEqual(["a", "closed", "a", "closed"]);
  });

  test("can read another one, which ends first", async () => {
    for (const fails of [false, true]) {
      const log: Array<unknown> = [];
      const built = pipeline("p")
        .step("a", [], () => {
          if (fails) throw new Error("bad");
        })
        .finally("first", ["a"], async () => {
          await later();
          return "first";
        })
        .finally("second", ["first?"], ({ first }) => log.push(short(first)));
      await built.runPromise().catch(() => {});
      expect(log).toEqual(["first"]);
    }
  });

  test("runs in the sub-pipeline that it is part of, at the end of that sub-pipeline", async () => {
    for (const fails of [false, true]) {
      const log: Array<unknown> = [];
      const built = pipeline("p")
        .dynamic("d", [], () =>
          pipeline("inner")
            .step("d", [], async () => {
              await later();
              if (fails) throw new Error("bad");
              return 1;
            })
            .finally("closed", ["d"], ({ d }) => {
              log.push(short(d));
            }),
        )
        .step("after", ["d"], () => log.push("after"));
      await built.runPromise().catch(() => {});
      expect(log).toEqual(fails ? ["StepFailed"] : [1, "after"]);
    }
  });

  test('with onFailure: "finish" runs as soon as its inputs have ended', async () => {
    const log: Array<unknown> = [];
    const built = pipeline("p")
      .step("bad", [], (): number => {
        throw new Error("bad");
      })
      .step("after", ["bad"], ({ bad }) => bad)
      .step("slow", [], async () => {
        await later();
        log.push("slow");
      })
      .finally("closed", ["bad", "after"], ({ bad, after }) => log.push(short(bad), short(after)));
    await rejection(built.runPromise({}, { onFailure: "finish" }));
    expect(log).toEqual(["StepFailed", "NotProvided", "slow"]);
  });

  test("is skipped under a condition that does not hold; outputs under a condition are optional for it", async () => {
    const log: Array<unknown> = [];
    const built = (holds: boolean) =>
      pipeline("p")
        .when(
          "on",
          [],
          () => holds,
          (p) => p.step("a", [], () => 1).finally("inside", ["a"], ({ a }) => log.push(["inside", short(a)])),
        )
        .finally("outside", ["a?"], ({ a }) => log.push(["outside", short(a)]));
    await built(false).runPromise();
    expect(log).toEqual([["outside", "NotProvided"]]);
    log.length = 0;
    await built(true).runPromise();
    expect(log.sort()).toEqual([
      ["inside", 1],
      ["outside", 1],
    ]);
  });

  test("runs at every end of a run, and therefore again after a resume, including with a store", async () => {
    const store = SqliteStore.layer({ filename: newFile() });
    const log: Array<unknown> = [];
    let isUp = false;
    const built = pipeline("p")
      .step("a", [], () => "a")
      .step("b", ["a"], () => {
        if (!isUp) throw new Error("down");
        return "b";
      })
      .finally("closed", ["a", "b"], ({ a, b }) => {
        log.push([short(a), short(b)]);
      });
    await rejection(built.runPromise({}, { store, runId: "r" }));
    isUp = true;
    await resumePromise(built, "r", { store });
    expect(log).toEqual([
      ["a", "StepFailed"],
      ["a", "b"],
    ]);
  });

  test("must be read as optional, and has no options", () => {
    const built = () =>
      untyped
        .pipeline("p")
        .step("a", [], () => 1)
        .finally("closed", ["a"], () => 1);
    expect(thrown(() => built().step("b", ["closed"], () => 1)).reason).toMatch(/Read "closed\?" instead/);
    expect(thrown(() => built().finally("a", [], () => 1)).reason).toMatch(/already provided/);
    expect(thrown(() => built().finally("c", ["zzz"], () => 1)).reason).toMatch(/nothing provides that/);
    expect(thrown(() => built().finally("c", ["a"])).reason).toMatch(/run must be a function/);
    expect(thrown(() => built().finally("c", ["a"], () => 1, { retry: { times: 1 } })).reason).toBe(
      "finally takes no options; got an object. Remove it, or give the options to a step that does the work.",
    );
  });
});
