/**
 * Random pipelines whose steps fail, hang, time out, retry, share pools and are interrupted. In every case the run ends,
 * no limit is exceeded, no started work is left behind, and the events balance.
 */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Stream from "effect/Stream";
import type { PipelineEvent, RunOptions } from "espalier";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { sleep, untyped, within } from "./support.ts";

/** The behaviour of a step when it is called: returns a value, fails, or hangs until it is stopped. */
interface Behaviour {
  readonly style: "value" | "promise" | "effect";
  readonly does: "gives" | "fails" | "fails once" | "hangs";
  readonly turns: number;
}

interface Node {
  readonly kind: "step" | "map" | "dynamic" | "all" | "switch";
  readonly reads: ReadonlyArray<number>;
  readonly behaviour: Behaviour;
  readonly items: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly sub: ReadonlyArray<Node>;
}

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  style: fc.constantFrom("value", "promise", "effect"),
  does: fc.oneof(
    { weight: 12, arbitrary: fc.constant("gives" as const) },
    { weight: 1, arbitrary: fc.constantFrom("fails" as const, "fails once" as const, "hangs" as const) },
  ),
  turns: fc.nat(3),
});

const options = fc.record(
  {
    retry: fc.constantFrom({ times: 1 }, { times: 2, delay: 1 }),
    timeout: fc.constantFrom(2, 15),
    pool: fc.constantFrom("one", "two"),
    fallback: fc.constant("fallback"),
  },
  { requiredKeys: [] },
);

const nodes = (depth: number): fc.Arbitrary<ReadonlyArray<Node>> =>
  fc.array(
    fc.record({
      kind:
        depth === 0
          ? fc.constant("step" as const)
          : fc.constantFrom(
              "step" as const,
              "step" as const,
              "map" as const,
              "dynamic" as const,
              "all" as const,
              "switch" as const,
            ),
      reads: fc.array(fc.nat(20), { maxLength: 3 }),
      behaviour,
      items: fc.nat(4),
      options: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: options }),
      sub: depth === 0 ? fc.constant([]) : nodes(depth - 1),
    }),
    { minLength: 1, maxLength: 5 },
  );

const runOptions: fc.Arbitrary<RunOptions> = fc.record(
  {
    concurrency: fc.constantFrom(1, 2, 3, 10),
    onFailure: fc.constantFrom("interrupt", "finish"),
    pools: fc.constantFrom({ one: 1 }, { one: 1, two: 2 }, { two: 1 }),
    maxSteps: fc.constantFrom(5, 1000),
  },
  { requiredKeys: [] },
);

/** Counts the running calls, and those among them that are asynchronous. */
class Watch {
  started = 0;
  running = 0;
  most = 0;
  readonly pools: Record<string, { now: number; most: number }> = {};

  begin(pool: string | undefined): () => void {
    this.started++;
    this.most = Math.max(this.most, ++this.running);
    const shared = pool === undefined ? undefined : (this.pools[pool] ??= { now: 0, most: 0 });
    if (shared !== undefined) shared.most = Math.max(shared.most, ++shared.now);
    return () => {
      this.running--;
      if (shared !== undefined) shared.now--;
    };
  }
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await (i % 2 === 0 ? sleep(0) : undefined);
};

/** A function with this behaviour; `then` makes its value. */
const acting = (
  watch: Watch,
  { style, does, turns: count }: Behaviour,
  pool: string | undefined,
  then: () => unknown,
) => {
  let calls = 0;
  return (_: unknown, { signal }: { readonly signal: AbortSignal }): unknown => {
    const fails = does === "fails" || (does === "fails once" && ++calls === 1);
    if (style === "value" && does !== "hangs") {
      watch.started++;
      if (fails) throw new Error("thrown");
      return then();
    }
    if (style === "effect") {
      return Effect.suspend(() => {
        const end = watch.begin(pool);
        const work =
          does === "hangs"
            ? Effect.never
            : Effect.andThen(
                Effect.promise(() => turns(count)),
                fails ? Effect.fail("typed") : Effect.sync(then),
              );
        return Effect.onExit(work, () =>
          Effect.andThen(
            Effect.promise(() => turns(1)),
            Effect.sync(end),
          ),
        );
      });
    }
    const end = watch.begin(pool);
    const work = async (): Promise<unknown> => {
      if (does === "hangs") {
        await new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
        throw new Error("stopped");
      }
      await turns(count);
      if (fails) throw new Error("rejected");
      return then();
    };
    return work().finally(end);
  };
};

const nameOf = (depth: number, index: number): string => `${"wxyz"[depth]}${index}`;

const build = (shape: ReadonlyArray<Node>, watch: Watch, depth: number): any => {
  let built = untyped.pipeline(`depth ${depth}`);
  const readable: Array<string> = [];
  shape.forEach(({ kind, reads, behaviour, items, options, sub }, index) => {
    const name = nameOf(depth, index);
    const inputs =
      readable.length === 0 ? [] : [...new Set(reads.map((at) => readable[at % readable.length]!))];
    const pool = options["pool"] as string | undefined;
    const act = (then: () => unknown) => acting(watch, behaviour, pool, then);
    /** The sub-pipeline provides `name` in addition to its own names. */
    const grown = (): unknown => build(sub, watch, depth + 1).step(name, [], () => index);
    if (kind === "step")
      built = built.step(
        name,
        inputs,
        act(() => index),
        options,
      );
    else if (kind === "dynamic") built = built.dynamic(name, inputs, act(grown), options);
    else if (kind === "switch")
      built = built.switch(name, inputs, () => "only", { only: act(grown) }, options);
    else if (kind === "all") {
      // Names in an "all" step must be new in the host: its sub-pipeline exposes only one.
      const { fallback: _, ...others } = options;
      built = built.dynamic(
        `${name}!`,
        inputs,
        act(() =>
          untyped
            .pipeline("open")
            .add(build(sub, watch, depth + 1).returns())
            .step(name, [], () => index),
        ),
        { ...others, outputs: "all" },
      );
    } else {
      const each = act(grown);
      built = built
        .step(`items of ${name}`, inputs, () => Array.from({ length: items }, (_, i) => i))
        .map(
          name,
          `items of ${name}`,
          inputs,
          (_: unknown, given: unknown, context: any) => each(given, context),
          {
            ...options,
            ...(items % 2 === 0 ? { concurrency: 2 } : { failures: "collect" }),
          },
        );
    }
    readable.push(name);
  });
  return built;
};

const mayHang = ({ behaviour, sub }: Node): boolean => behaviour.does === "hangs" || sub.some(mayHang);

const isEnd = (type: string): boolean =>
  /^(step|expansion)\.(succeeded|failed|interrupted|retried|leaked)$/.test(type);

const checkEvents = (events: ReadonlyArray<PipelineEvent>): void => {
  expect(events[0]?.type).toBe("run.started");
  expect(events.at(-1)?.type).toMatch(/^run\.(succeeded|failed|interrupted)$/);
  const open = new Map<string, number>();
  for (const event of events) {
    if (!("path" in event)) continue;
    const now = open.get(event.path) ?? 0;
    if (event.type === "step.started" || event.type === "expansion.started") open.set(event.path, now + 1);
    else if (isEnd(event.type)) open.set(event.path, now - 1);
    else if (event.type === "step.skipped") expect([event.path, now <= 0]).toEqual([event.path, true]);
  }
  for (const [path, now] of open) {
    // A policy can fail between attempts (an interrupted delay, or a timeout while waiting for a slot).
    expect([path, now <= 0]).toEqual([path, true]);
  }
};

const runs = Number(process.env["ESPALIER_RUNS"] ?? 300);
const seed = Number(process.env["ESPALIER_SEED"] ?? Date.now() % 2 ** 31);

test(`every run ends and leaves nothing behind, whatever happens in it (ESPALIER_SEED=${seed})`, {
  timeout: 30_000 + runs * 40,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      nodes(2),
      runOptions,
      fc.option(fc.nat(20), { nil: undefined }),
      async (shape, chosen, interruptAfter) => {
        const watch = new Watch();
        const built = build(shape, watch, 0);
        const run: any = await Effect.runPromise(built.start({}, { ...chosen, gracePeriod: "1 minute" }));
        const program = async (): Promise<Exit.Exit<unknown, unknown>> => {
          // Hanging steps are stopped in the end, so that every run ends.
          if (interruptAfter !== undefined) await turns(interruptAfter);
          else if (shape.some(mayHang)) await Promise.race([Effect.runPromiseExit(run.await), sleep(40)]);
          else await Effect.runPromiseExit(run.await); // Nothing may wait forever for a slot or a pool.
          await Effect.runPromise(run.interrupt);
          return Effect.runPromiseExit(run.await);
        };
        const exit = await within(5000, program());
        expect(watch.running).toBe(0);
        const { started } = watch;
        const events: ReadonlyArray<PipelineEvent> = await within(
          1000,
          Effect.runPromise(Stream.runCollect(run.events)) as any,
        );
        await turns(4);
        expect(watch.started).toBe(started);
        expect(run.report.leaked).toEqual([]);
        checkEvents(events);
        expect(watch.most).toBeLessThanOrEqual(chosen.concurrency ?? Infinity);
        const passed = Object.entries(watch.pools).filter(
          ([pool, { most }]) => most > ((chosen.pools as any)?.[pool] ?? Infinity),
        );
        expect(passed).toEqual([]);
        expect(events.at(-1)?.type === "run.succeeded").toBe(Exit.isSuccess(exit));
      },
    ),
    { seed, numRuns: runs },
  );
});
