/**
 * The real engine in a world that a seed makes: its scheduler, its clock, its randomness, the order of its steps.
 * Nothing here is measured and nothing happens by itself, so the same seed gives the same run.
 */
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Logger from "effect/Logger";
import * as Metric from "effect/Metric";
import * as Random from "effect/Random";
import { Scheduler } from "effect/Scheduler";
import type { RunOptions } from "../../../types/options.ts";
import type { Graph } from "../../compile.ts";
import type { PipelineEvent } from "../../events.ts";
import { runGraph } from "../../run.ts";
import { Interleaving, Listeners } from "../../seams.ts";
import type { Mocks } from "../mock.ts";
import { noMocks } from "../mock.ts";
import type { Schedule } from "./choices.ts";
import { Choices } from "./choices.ts";
import { VirtualClock } from "./clock.ts";
import type { Fault } from "./faults.ts";
import { copied, frozen } from "./freeze.ts";
import { instrumentedGraph } from "./instrument.ts";
import type { Expansion } from "./probe.ts";
import { Probe } from "./probe.ts";
import { randomOf } from "./random.ts";
import { Tasks } from "./tasks.ts";
import { pause, turn } from "./turn.ts";

export interface SimulateOptions {
  readonly schedule?: Schedule;
  /** Of the steps' randomness. */
  readonly seed?: number;
  readonly faults?: ReadonlyArray<Fault>;
  readonly failOnce?: boolean;
  readonly freezes?: boolean;
  readonly mocks?: Mocks;
  readonly prefix?: string;
  /** Interrupt the run before this task, counted from 0. */
  readonly interruptAt?: number;
  readonly run?: RunOptions;
  readonly context?: Context.Context<never>;
  /** Milliseconds of real time for something that is not of the simulation, such as a file that is read. */
  readonly patience?: number;
  /** Milliseconds of real time for the run as a whole. */
  readonly deadline?: number;
}

/** How a simulated run went. */
export interface Simulated {
  readonly exit: Exit.Exit<Record<string, unknown>, unknown>;
  /** Undefined: it ended. "stalled": nothing can ever happen again. "late": its deadline passed. */
  readonly stuck: "stalled" | "late" | "crashed" | undefined;
  readonly events: ReadonlyArray<PipelineEvent>;
  readonly choices: ReadonlyArray<number>;
  /** Tasks that ran: so many places where the run could have been interrupted. */
  readonly tasks: number;
  readonly expansions: ReadonlyArray<Expansion>;
  readonly calls: ReadonlyMap<string, number>;
  /** Steps whose finalizers had not all run when the run had ended. */
  readonly unfinished: ReadonlyArray<string>;
  /** Fibers that were left when the run had ended. */
  readonly fibersLeft: number;
  /** The simulation's clock when the run had ended. */
  readonly time: number;
}

/** Clock times after which a run that still sleeps is taken to sleep for ever. */
const mostWakings = 100_000;

export const simulate = async (
  graph: Graph,
  inputs: Readonly<Record<string, unknown>>,
  options: SimulateOptions = {},
): Promise<Simulated> => {
  const { schedule = 0, seed = 1, patience = 250, deadline = 10_000 } = options;
  const choices = new Choices(schedule);
  // The first choice is where fibers yield: 0 means, where they would in a plain run.
  const tasks = new Tasks(choices, choices.choose(2 ** 30));
  const clock = new VirtualClock((wake) => tasks.add(wake));
  const probe = new Probe(
    {
      seed,
      faults: options.faults ?? [],
      failOnce: options.failOnce ?? false,
      freezes: options.freezes ?? false,
      mocks: options.mocks ?? noMocks,
      prefix: options.prefix ?? "",
    },
    () => clock.currentTimeMillisUnsafe(),
  );
  const events: Array<PipelineEvent> = [];
  let fibers = 0;
  let context = Context.add(options.context ?? Context.empty(), Scheduler, tasks);
  context = Context.add(context, Clock.Clock, clock);
  context = Context.add(context, Random.Random, randomOf(seed));
  context = Context.add(context, Logger.CurrentLoggers, new Set());
  context = Context.add(context, Interleaving, (count) => choices.choose(count));
  context = Context.add(context, Listeners, [(event) => events.push(event)]);
  context = Context.add(context, Metric.FiberRuntimeMetrics, {
    recordFiberStart: () => fibers++,
    recordFiberEnd: () => fibers--,
  });

  const given = options.freezes === true ? frozen(copied(inputs)) : inputs;
  let exit: Exit.Exit<Record<string, unknown>, unknown> | undefined;
  let crashed = false;
  let count = 0;
  const begin = performance.now();
  const fiber = Effect.runForkWith(context)(
    Effect.flatMap(Effect.yieldNow, () =>
      runGraph(instrumentedGraph(graph, probe), given, { runId: "run", ...options.run }),
    ),
  );
  fiber.addObserver((ended) => {
    exit = ended;
  });
  probe.interrupt = () => tasks.add(() => fiber.interruptUnsafe());
  probe.crash = () => {
    crashed = true;
  };

  const isLate = (): boolean => performance.now() - begin > deadline;
  let stuck: Simulated["stuck"];
  let wakings = 0;
  /** Runs what there is to run. Promises get their turn between any two tasks, for they could in a plain run. */
  const settle = async (): Promise<void> => {
    for (;;) {
      if (crashed || isLate()) return;
      if (count === options.interruptAt) fiber.interruptUnsafe();
      if (tasks.runOne()) {
        count++;
        if (probe.pendingPromises === 0) continue;
      } else if (exit !== undefined) {
        return;
      }
      await turn();
      if (tasks.length === 0) return;
    }
  };
  /** For what is not of the simulation: a file, a module that is loaded, a timer of a user. */
  const waitOutside = async (): Promise<boolean> => {
    const until = performance.now() + patience;
    const isOver = () => tasks.length > 0 || exit !== undefined || crashed;
    for (let round = 0; performance.now() < until && !isLate(); round++) {
      await (round < 20 ? turn() : pause(1));
      if (isOver()) return true;
    }
    return isOver();
  };
  for (;;) {
    await settle();
    if (exit !== undefined) break;
    if (crashed) {
      stuck = "crashed";
      break;
    }
    if (isLate()) {
      stuck = "late";
      break;
    }
    if (probe.pendingPromises > 0 && (await waitOutside())) continue;
    const next = clock.nextWaking;
    if (next !== undefined && wakings++ < mostWakings) {
      clock.moveTo(next);
    } else if (probe.pendingPromises > 0 || !(await waitOutside())) {
      stuck = "stalled";
      break;
    }
  }
  // Nothing of the run is left when it has ended: what now still runs, sleeps or waits, was left behind.
  const unfinished = [...probe.open.keys()];
  const fibersLeft = fibers;
  const time = clock.currentTimeMillisUnsafe();
  if (stuck !== undefined && stuck !== "crashed") await stop(fiber, tasks, clock, () => exit !== undefined);
  tasks.clear();
  clock.forget();
  return {
    exit: exit !== undefined && stuck === undefined ? exit : Exit.failCause(Cause.interrupt()),
    stuck,
    events,
    choices: choices.made,
    tasks: count,
    expansions: probe.expansions,
    calls: probe.calls,
    unfinished,
    fibersLeft,
    time,
  };
};

/** Ends a run that does not end by itself, so that it holds nothing; its grace period passes at once. */
const stop = async (
  fiber: { readonly interruptUnsafe: () => void },
  tasks: Tasks,
  clock: VirtualClock,
  hasEnded: () => boolean,
): Promise<void> => {
  fiber.interruptUnsafe();
  for (let round = 0; round < 100 && !hasEnded(); round++) {
    for (let i = 0; i < 1_000 && tasks.runOne(); i++);
    await turn();
    const next = clock.nextWaking;
    if (next !== undefined) clock.moveTo(next);
  }
};
