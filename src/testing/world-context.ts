/** The context of Effects in a world: its clock, its random numbers, its scheduler, and the order in which the engine continues. */
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import { FiberRuntimeMetrics } from "effect/Metric";
import { Random } from "effect/Random";
import { Scheduler } from "effect/Scheduler";
import { Interleaving } from "../engine/seams.ts";

export interface WorldHost {
  readonly now: () => number;
  readonly sleep: (millis: number) => Effect.Effect<void>;
  readonly random: () => number;
  readonly shouldYield: (operations: number) => boolean;
  readonly schedule: (run: () => void, priority: number) => void;
  readonly flush: () => void;
  readonly pick: (count: number) => number;
  /** A fiber has begun (1) or ended (-1). */
  readonly onFiber: (by: 1 | -1) => void;
}

export const contextOf = (
  host: WorldHost,
  services: Context.Context<any> | undefined,
): Context.Context<never> => {
  const nanos = (): bigint => BigInt(Math.round(host.now() * 1e6));
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: host.now,
    currentTimeMillis: Effect.sync(host.now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep: (duration) => host.sleep(Duration.toMillis(duration)),
  };
  const scheduler: Scheduler = {
    executionMode: "async",
    shouldYield: (fiber) => host.shouldYield(fiber.currentOpCount),
    makeDispatcher: () => ({ scheduleTask: host.schedule, flush: host.flush }),
  };
  return Context.merge(
    services ?? Context.empty(),
    Context.empty().pipe(
      Context.add(Clock.Clock, clock),
      Context.add(Scheduler, scheduler),
      Context.add(Random, {
        nextDoubleUnsafe: host.random,
        nextIntUnsafe: () => Math.floor((host.random() - 0.5) * 2 * Number.MAX_SAFE_INTEGER),
      }),
      Context.add(Interleaving, host.pick),
      Context.add(FiberRuntimeMetrics, {
        recordFiberStart: () => host.onFiber(1),
        recordFiberEnd: () => host.onFiber(-1),
      }),
    ),
  ) as Context.Context<never>;
};
