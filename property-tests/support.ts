/** Runs of random pipelines, each in a separate world, and the observations made while they run. */
import { isDeepStrictEqual } from "node:util";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { RunOptions } from "espalier";
import type { Schedule, Shape } from "espalier/testing";
import type { Graph } from "../src/engine/graph.ts";
import type { Executor, Middleware, StepCall } from "../src/engine/executor.ts";
import { expandable } from "../src/engine/graph.ts";
import { policyOf } from "../src/engine/policy.ts";
import type { StepDefinition } from "../src/graph/definition.ts";
import { stepKinds } from "../src/graph/kinds.ts";
import { runGraph } from "../src/run/run.ts";
import { build } from "../src/testing/arbitrary/build.ts";
import { withMiddleware } from "../src/testing/instrument.ts";
import { Patience } from "../src/testing/patience.ts";
import { textOf } from "../src/testing/words.ts";
import { isThenable, whenSettled } from "../src/values/thenable.ts";
import type { Ended, WorldOptions } from "../src/testing/world.ts";
import { World } from "../src/testing/world.ts";

export type Outputs = Readonly<Record<string, unknown>>;

export const graphOf = (pipeline: object): Graph => expandable(pipeline)!;

/** The graph of a shape, and a count of the calls of each of its functions. */
export const counted = (shape: Shape) => {
  const calls: Record<string, number> = {};
  const pipeline = build(shape, (path) => {
    calls[path] = (calls[path] ?? 0) + 1;
  });
  return { calls, graph: graphOf(pipeline) };
};

/** Throws an error that describes the difference, if there is one. */
export const same = (what: string, actual: unknown, expected: unknown): void => {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${what}: ${textOf(actual)} instead of ${textOf(expected)}`);
  }
};

export const yes = (what: string, isSo: boolean): void => {
  if (!isSo) throw new Error(what);
};

/** A record of the calls of a run. */
export class Watch {
  /** Calls that have begun and not ended. */
  readonly open = new Map<StepCall, string>();
  /** Those calls that hold a slot: a step that waits for an outside event holds none. */
  readonly #active = new Set<StepCall>();
  /** The largest number of slots held at once. */
  most = 0;
  /** Paths, in the order in which their calls began. */
  readonly begun: Array<string> = [];
  readonly #around: (call: StepCall, next: Executor) => unknown;

  constructor(around: (call: StepCall, next: Executor) => unknown = (call, next) => next(call)) {
    this.#around = around;
  }

  get middleware(): Middleware {
    return (next) => (call) => {
      this.begun.push(call.path);
      const takesSlot = stepKinds[call.definition.kind].returns !== "wait";
      const begins = (): void => {
        this.open.set(call, call.path);
        if (takesSlot) this.#active.add(call);
        this.most = Math.max(this.most, this.#active.size);
      };
      const ended = (): void => {
        this.open.delete(call);
        this.#active.delete(call);
      };
      begins();
      let value: unknown;
      try {
        value = this.#around(call, next);
      } catch (thrown) {
        ended();
        throw thrown;
      }
      if (!Effect.isEffect(value) && isThenable(value)) {
        try {
          whenSettled(value, ended, ended);
        } catch {
          ended(); // The engine must find any fault of the promise.
        }
      } else {
        ended();
      }
      if (!Effect.isEffect(value) || Exit.isExit(value)) return value;
      // An Effect that is interrupted before it begins has no finalizers, so it counts only from its beginning.
      return Effect.uninterruptibleMask((restore) => {
        begins();
        return Effect.onExit(restore(value), () => Effect.sync(ended));
      });
    };
  }
}

export interface Ran {
  readonly ended: Ended<Outputs>;
  readonly world: World;
  readonly watch: Watch;
}

/** One run of a graph, in a separate world. */
export const ranIn = async (
  graph: Graph,
  options: WorldOptions & {
    readonly run?: RunOptions;
    readonly watch?: Watch;
    readonly policy?: (definition: StepDefinition) => StepDefinition;
  },
): Promise<Ran> => {
  const { policy, run = {}, watch = new Watch() } = options;
  const world = new World({ patience: new Patience(1_000), ...options });
  const policyFor = policy && ((definition: StepDefinition) => policyOf(policy(definition)));
  const watched = withMiddleware(graph, watch.middleware, policyFor);
  const ended = await world.run(runGraph(watched, {}, run));
  return { ended, world, watch };
};

export const outputsOf = (ended: Ended<Outputs>): Outputs => {
  if ("stuck" in ended) throw new Error(`the run never ended: ${ended.stuck}`);
  if (Exit.isFailure(ended.exit)) throw new Error(`the run failed: ${Cause.pretty(ended.exit.cause)}`);
  return { ...ended.exit.value };
};

/** The typed error that a run failed with. */
export const errorOf = (ended: Ended<Outputs>): unknown => {
  if ("stuck" in ended) throw new Error(`the run never ended: ${ended.stuck}`);
  if (Exit.isSuccess(ended.exit))
    throw new Error(`the run returned ${textOf(ended.exit.value)}, and should have failed`);
  return Cause.squash(ended.exit.cause);
};

/** Nothing is left of a run that has ended. */
export const leavesNothing = ({ world, watch }: Ran): void => {
  same("calls that had not ended when the run had", [...watch.open.values()], []);
  same("timers that were left", world.sleeping, 0);
  same("fibers that were left", world.fibers, 0);
};

/** A schedule, and fibers that yield where they would not in a plain run. */
export const explored = (schedule: Schedule): WorldOptions =>
  "seed" in schedule ? { schedule, yields: schedule.seed } : { schedule };
