/** A run that a seed reproduces exactly, as a trace. */
import type { Context } from "effect/Context";
import type * as Exit from "effect/Exit";
import type { RunOptions } from "../../types/options.ts";
import type { InputsOf, OutputsOf, ServicesOf } from "../../types/types-of.ts";
import type { Plan } from "../../types/plan.ts";
import type { AnyPipeline } from "../../types/provided.ts";
import type { StepCall } from "../engine/executor.ts";
import { expandable } from "../engine/graph.ts";
import { GraphError } from "../errors.ts";
import type { PipelineEvent } from "../events.ts";
import type { Fault } from "./faults.ts";
import { withFault } from "./faults.ts";
import type { Mock } from "./mock.ts";
import { withMocks } from "./mock.ts";
import { observe } from "./observe.ts";
import { Patience } from "./patience.ts";
import { textOf } from "./words.ts";
import type { Schedule } from "./world.ts";

/**
 * Options of `Simulation.run`.
 *
 * @public
 */
export interface SimulationOptions<Services = never> {
  /** The order of tasks that may run in any order; by default first in, first out. */
  readonly schedule?: Schedule;
  /** The seed of Effect's `Random`; 0 by default. */
  readonly seed?: number;
  /** The faults to inject. */
  readonly faults?: ReadonlyArray<Fault>;
  /** Interrupts the run at this moment, counted from 1. There is one moment after each task that the scheduler runs. */
  readonly interruptAt?: number;
  /** Replacements for steps. */
  readonly mocks?: ReadonlyArray<Mock>;
  /** Services that steps need. */
  readonly services?: Context<Services>;
  /**
   * How many milliseconds of real time the run waits for results from outside the simulation, such as a file, and how far
   * in the future a step's own timer may fire; 5,000 by default. A run that exceeds it is `stuck`.
   */
  readonly patience?: number;
  /** Options of the run. With a store, a crashed run can be resumed. */
  readonly run?: Omit<RunOptions, "runId">;
}

/**
 * The result of a simulated run.
 *
 * @public
 */
export interface Simulated<Outputs> {
  /** The exit of the run. Undefined if it did not end: `stuck` says why. */
  readonly exit: Exit.Exit<Outputs, unknown> | undefined;
  /** Why the run did not end; undefined if it did. */
  readonly stuck: string | undefined;
  /** All events in order, one per line. The same seed gives the same text, on any machine. */
  readonly trace: string;
  /** The events of the run. */
  readonly events: ReadonlyArray<PipelineEvent>;
  /** A schedule that reproduces this run: which of the ready tasks continued at each choice. */
  readonly schedule: {
    /** The choices, in order. */
    readonly picks: ReadonlyArray<number>;
  };
  /** The number of moments at which the run could be interrupted. */
  readonly moments: number;
  /** The simulated time at the end, in milliseconds. */
  readonly time: number;
  /** The paths of all function calls, in the order in which they began. */
  readonly calls: ReadonlyArray<string>;
  /** The work left over when the run had ended. */
  readonly left: {
    /** The paths of steps that had not ended. */
    readonly steps: ReadonlyArray<string>;
    /** The number of fibers. */
    readonly fibers: number;
  };
  /** The graph with its expansions. */
  readonly plan: Plan;
}

const lineOf = (event: PipelineEvent): string => {
  const { time, type } = event;
  const { path, attempt, plan, ...more } = event as {
    readonly path?: string;
    readonly attempt?: number;
    readonly plan?: Plan;
  };
  const grown = plan === undefined ? "" : ` [${plan.steps.map((step) => step.path).join(", ")}]`;
  const again = attempt === undefined || attempt <= 1 ? "" : ` attempt ${attempt}`;
  const fields = Object.entries(more).filter(
    ([name, value]) => value !== undefined && !["time", "type", "runId"].includes(name),
  );
  const text = fields.length === 0 ? "" : ` ${textOf(Object.fromEntries(fields))}`;
  return `${time} ${type}${path === undefined ? "" : ` ${path}`}${again}${grown}${text}`;
};

/** The fault for this call, if any. A switch is called twice in an attempt; the fault applies when it chooses. */
const faultAt = (faults: ReadonlyArray<Fault>, call: StepCall) =>
  call.phase === "case"
    ? undefined
    : faults.find(({ path, attempt = 1 }) => path === call.path && attempt === call.attempt);

const run = async <P extends AnyPipeline>(
  pipeline: P,
  input: InputsOf<P>,
  options: SimulationOptions<ServicesOf<P>> = {},
): Promise<Simulated<OutputsOf<P>>> => {
  const graph = expandable(pipeline);
  if (graph === undefined) {
    throw new GraphError({ pipeline: "", step: "", reason: "Simulation.run takes a pipeline." });
  }
  const {
    faults = [],
    interruptAt,
    mocks = [],
    patience = 5000,
    run = {},
    schedule,
    seed,
    services,
  } = options;
  let halt: (reason: string) => void = () => {};
  let interrupt = (): void => {};
  // Not from within a call: the engine is busy then.
  const disasters = {
    interrupt: () => queueMicrotask(() => interrupt()),
    crash: () => queueMicrotask(() => halt("the process crashed, as the fault asked")),
  };
  const subject = {
    name: graph.name,
    check: "checkPipeline" as const,
    graph: withMocks(graph, mocks),
    options: run,
    world: { patience: new Patience(patience), services },
  };
  const observed = await observe(subject, input, {
    schedule,
    seed,
    interruptAt,
    around: (call, next) => {
      const fault = faultAt(faults, call);
      return fault === undefined ? next(call) : withFault(fault, () => next(call), disasters);
    },
    onBegin: (...given) => {
      [halt, interrupt] = given;
    },
  });
  const { calls, choices, ended, events, fibers, moments, time, unfinished } = observed;
  return {
    exit: "exit" in ended ? (ended.exit as Exit.Exit<OutputsOf<P>, unknown>) : undefined,
    stuck: "stuck" in ended ? ended.stuck : undefined,
    trace: `${events.map(lineOf).join("\n")}\n`,
    events,
    schedule: { picks: choices.map(({ took }) => took) },
    moments,
    time,
    calls,
    left: { steps: unfinished, fibers },
    plan: observed.plan,
  };
};

/**
 * Runs a pipeline on the real engine, in a world determined by a seed: its order, clock, randomness and faults.
 * It finds failures that a normal run never hits, and reproduces them.
 *
 * Time is simulated: when nothing else can happen, the clock advances to the next timer of an Effect, `setTimeout` or
 * `setInterval`. Before the clock advances, the run waits in real time for anything else that a promise depends on (a file,
 * a socket). `Date`, `Math.random`, `crypto` and timers are simulated in every step, including after an `await`.
 *
 * @example
 * ```ts
 * import { pipeline } from "espalier";
 * import { Simulation } from "espalier/testing";
 * import * as Effect from "effect/Effect";
 *
 * const slow = pipeline("slow")
 *   .step("a", [], () => Effect.delay(Effect.succeed(1), "1 hour"), { retry: { times: 1 } })
 *   .step("b", ["a"], ({ a }) => a + 1);
 *
 * const { time, trace } = await Simulation.run(slow, {}, { faults: [{ path: "a", kind: "failAfter" }] });
 * console.log(time); // 7200000
 * console.log(trace.includes("step.retried a")); // true
 * ```
 *
 * @public
 */
export const Simulation: {
  /** Runs a pipeline with an input. */
  readonly run: <P extends AnyPipeline>(
    pipeline: P,
    input: InputsOf<P>,
    options?: SimulationOptions<ServicesOf<P>>,
  ) => Promise<Simulated<OutputsOf<P>>>;
} = { run };
