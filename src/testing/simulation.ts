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
  /** In which order things happen that may happen in any; first in, first out, if not given. */
  readonly schedule?: Schedule;
  /** Of Effect's `Random`; 0 if not given. */
  readonly seed?: number;
  /** What goes wrong, and where. */
  readonly faults?: ReadonlyArray<Fault>;
  /** Interrupts the run at this moment, counted from 1: each task that the scheduler runs is followed by one. */
  readonly interruptAt?: number;
  /** Steps that are replaced. */
  readonly mocks?: ReadonlyArray<Mock>;
  /** Services that steps need. */
  readonly services?: Context<Services>;
  /**
   * How many milliseconds of real time the run waits for what is not of the simulation, such as a file, and how far a
   * step's own timer may be away; 5,000 by default. A run that exceeds it is `stuck`.
   */
  readonly patience?: number;
  /** Options of the run; with a store, what survives a crash can be resumed. */
  readonly run?: Omit<RunOptions, "runId">;
}

/**
 * How a simulated run went.
 *
 * @public
 */
export interface Simulated<Outputs> {
  /** How it ended. Undefined: it did not, and `stuck` says why. */
  readonly exit: Exit.Exit<Outputs, unknown> | undefined;
  /** Why the run did not end; undefined if it did. */
  readonly stuck: string | undefined;
  /** Everything that happened, a line each, in order. The same seed gives the same text, on any machine. */
  readonly trace: string;
  /** Everything that was reported of the run. */
  readonly events: ReadonlyArray<PipelineEvent>;
  /** At each choice, which of what could continue did: a schedule that gives this run again. */
  readonly schedule: {
    /** The choices, in order. */
    readonly picks: ReadonlyArray<number>;
  };
  /** How many moments there were at which the run could be interrupted. */
  readonly moments: number;
  /** Milliseconds of the simulation's time. */
  readonly time: number;
  /** The paths of all calls of functions, in the order in which they began. */
  readonly calls: ReadonlyArray<string>;
  /** What was left when the run had ended. */
  readonly left: {
    /** The paths of steps that had not ended. */
    readonly steps: ReadonlyArray<string>;
    /** How many fibers. */
    readonly fibers: number;
  };
  /** The graph as it grew. */
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

/** Which fault strikes this call, if one does. A switch is asked twice in an attempt, and struck as it chooses. */
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
  // Not from within a call: the engine is in the middle of something then.
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
 * Runs a pipeline on the real engine, in a world that a seed makes: its order, its clock, its randomness, and what goes
 * wrong. It finds what a plain run never meets, and finds it again.
 *
 * Time does not pass there: it continues to the next timer when nothing else can happen, that of an Effect or of `setTimeout`
 * and `setInterval`. Everything else that a promise waits for (a file, a socket) is waited for in real time before the
 * clock moves. `Date`, `Math.random`, `crypto` and timers are those of the simulation in every step, after an `await` too.
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
