/**
 * A process that executes the runs of a store: a server, or one of any number of runners. It takes runs, executes them,
 * and fires schedules.
 */
import { hostname } from "node:os";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { StoreProblem, StoreService } from "../journal/store.ts";
import type { Around } from "./host.ts";
import { Host } from "./host.ts";
import type { StepAddress } from "./runner-info.ts";
import { Schedules } from "./schedules.ts";
import type { Served } from "./served.ts";
import { Taking } from "./taking.ts";

/** How a process shares the steps of its runs with other runners. */
export interface Sharing {
  readonly address: StepAddress;
  readonly around: Around;
  /** Accepts no more steps from others, and waits this long for active ones. */
  readonly drain: (millis: number) => Effect.Effect<void>;
}

export interface HostProcessOptions {
  readonly store: StoreService;
  readonly served: Served;
  readonly say: (line: string) => void;
  /** Also report which runs start and succeed. */
  readonly isVerbose: boolean;
  /** How it shares the steps of runs with other runners, if it does. */
  readonly sharing?: Sharing | undefined;
}

export interface HostProcess {
  readonly host: Host;
  /** Takes runs and fires schedules until the scope closes. */
  readonly start: Effect.Effect<void, never, Scope.Scope>;
  /** Returns once other processes can see that this one takes runs. */
  readonly announced: Effect.Effect<void, StoreProblem>;
  /** Serves something else from now on. Active runs continue with their original code. */
  readonly replace: (served: Served) => void;
  /** Starts nothing more, waits this long for running steps, and leaves the rest to be resumed. */
  readonly drain: (millis: number) => Effect.Effect<void>;
}

export const hostProcess = (options: HostProcessOptions): HostProcess => {
  const { store, served, say, isVerbose, sharing } = options;
  const host = new Host(store, served, say, isVerbose, sharing?.around);
  const schedules = new Schedules(host);
  const taking = new Taking(host, {
    machine: hostname(),
    pid: process.pid,
    isVerbose,
    steps: sharing?.address,
  });
  const stopSchedules = Effect.sync(() => schedules.keep([]));
  return {
    host,
    start: Effect.gen(function* () {
      yield* Effect.addFinalizer(() => stopSchedules);
      schedules.keep(host.served.schedules.values());
      yield* Effect.forkScoped(taking.forever);
    }),
    announced: taking.announced,
    replace: (next) => {
      host.served = next;
      schedules.keep(next.schedules.values());
    },
    drain: (millis) => {
      const draining = host.drain(millis);
      const both =
        sharing === undefined
          ? draining
          : Effect.all([sharing.drain(millis), draining], { concurrency: 2, discard: true });
      return Effect.andThen(stopSchedules, both);
    },
  };
};
