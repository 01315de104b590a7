/** One run of the checked subject, in a world of its own, and everything observed in it. */
import * as Cause from "effect/Cause";
import type { Context } from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { RunOptions } from "../../types/options.ts";
import type { Plan } from "../../types/plan.ts";
import type { Graph } from "../engine/graph.ts";
import { expandable } from "../engine/graph.ts";
import type { Executor, Middleware, StepCall } from "../engine/executor.ts";
import { policyOf } from "../engine/policy.ts";
import { Listeners } from "../engine/seams.ts";
import type { PipelineEvent } from "../events.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { apply } from "../fold/apply.ts";
import { grownPlan } from "../fold/grown-plan.ts";
import { RunState } from "../fold/run-state.ts";
import { unfinishedOf } from "../graph/builder.ts";
import { planOf } from "../plan.ts";
import { runGraph } from "../run/run.ts";
import { isThenable, whenSettled } from "../values/thenable.ts";
import { mayExpand, whenGiven, withMiddleware } from "./instrument.ts";
import type { Patience } from "./patience.ts";
import type { MachineWork, RunTimer, Unhandled } from "./place.ts";
import { inControl } from "./surroundings.ts";
import { copied } from "./values.ts";
import type { WorldOptions } from "./world.ts";
import { World } from "./world.ts";

/** The values sent to steps that wait for a value from outside. */
export interface WaitAnswers {
  /** Does this call wait for a value? */
  readonly isFor: (call: StepCall) => boolean;
  /** `nth`: another value for another sender. */
  readonly of: (given: Given, call: StepCall, nth?: number) => unknown;
}

/** The common parts of the runs of one check. */
export interface SubjectWorld {
  readonly patience?: Patience | undefined;
  readonly services?: Context<any> | undefined;
  /** Receives unhandled errors that arrived too late for their run. Without it, the process does. */
  readonly onUnhandled?: ((problem: Unhandled, given: Given) => void) | undefined;
  /** Receives the objects that could not be copied for a run. */
  readonly onUncopied?: ((value: object) => void) | undefined;
  /** The values sent to waiting steps. Without it, they wait. */
  readonly answers?: WaitAnswers | undefined;
}

/** The subject of a check: a graph, and how to run it. */
export interface Subject {
  readonly name: string;
  /** The function that a regression test calls. */
  readonly check: "checkDynamic" | "checkPipeline";
  readonly graph: Graph;
  readonly options: RunOptions;
  /** The maximum size of a run with this input. */
  readonly limits?: ((given: Given) => { readonly steps: number; readonly depth: number }) | undefined;
  readonly world: SubjectWorld;
}

export type Given = Readonly<Record<string, unknown>>;

/** The result of a function that may expand. */
export type Expansion =
  | { readonly type: "graph"; readonly graph: Graph }
  | { readonly type: "direct"; readonly value: unknown }
  | { readonly type: "failed"; readonly error: unknown }
  | { readonly type: "threw"; readonly thrown: unknown };

/** A call that may expand, and its result. */
export interface SeenExpansion {
  readonly path: string;
  readonly call: StepCall;
  readonly expansion: Expansion;
}

export interface Observed {
  readonly ended: { readonly exit: Exit.Exit<Given, unknown> } | { readonly stuck: string };
  readonly events: ReadonlyArray<PipelineEvent>;
  readonly expansions: ReadonlyArray<SeenExpansion>;
  /** The path of each call, in the order in which they began. */
  readonly calls: ReadonlyArray<string>;
  /** The paths of calls that had not ended when the run ended. */
  readonly unfinished: ReadonlyArray<string>;
  /** The number of fibers still sleeping when the run had ended, or when it had drained. */
  readonly sleeping: number;
  /** The number of fibers left then. */
  readonly fibers: number;
  /** The timers set by steps and left then. */
  readonly timers: ReadonlyArray<RunTimer>;
  /** The work that the machine still did for the run then. */
  readonly machineWork: ReadonlyArray<MachineWork>;
  /** The rejections and exceptions not handled by then. */
  readonly unhandled: ReadonlyArray<Unhandled>;
  /** The cases that switches took. */
  readonly choicesOfCases: ReadonlyArray<{
    readonly path: string;
    readonly cases: ReadonlyArray<string>;
    readonly taken: string;
  }>;
  /** The calls of steps with a fallback, and whether they failed. */
  readonly fallbacks: ReadonlyArray<{ readonly path: string; readonly hasFailed: boolean }>;
  /** The time at the end. */
  readonly time: number;
  readonly choices: World["choices"];
  /** The number of moments at which it could have been interrupted. */
  readonly moments: number;
  /** Whether any called step has a cache, and whether any waits for a value from outside. */
  readonly hasCache: boolean;
  readonly hasWait: boolean;
  /** The results of the other runs, by their ids. */
  readonly beside: ReadonlyMap<string, Beside>;
  /** The graph with all expansions. */
  readonly plan: Plan;
}

/** A concurrent run of the same graph with the same input in the same store. */
export interface Beside {
  readonly ended: Observed["ended"];
  readonly calls: ReadonlyArray<string>;
}

export interface ObserveOptions extends Omit<WorldOptions, "onUnhandled"> {
  /** How long the run's clock continues after its end, so that work left behind can finish. */
  readonly drain?: number;
  /** Reverses the order of keys and members in the values that the run receives. */
  readonly reversed?: boolean;
  /** Wraps each call. */
  readonly around?: (call: StepCall, next: Executor) => unknown;
  /** Receives a function's result as soon as it is known. */
  readonly onReturned?: (call: StepCall, value: unknown) => void;
  /** Replaces the options of steps, as far as they make a policy. */
  readonly policy?: (definition: StepDefinition) => StepDefinition;
  /** Receives a function that halts the world, and one that interrupts the run. */
  readonly onBegin?: (halt: (reason: string) => void, interrupt: () => void) => void;
  readonly onEvent?: (event: PipelineEvent, interrupt: () => void) => void;
  /** Replaces the wait of a step, instead of an immediate answer; receives the step's own wait. */
  readonly answering?: (call: StepCall, wait: Wait) => Wait;
  /** The ids of other, concurrent runs. */
  readonly beside?: ReadonlyArray<string>;
  /** Does more in the world of the run, before it and concurrently. */
  readonly program?: <A, E>(run: Effect.Effect<A, E>) => Effect.Effect<A, E>;
}

type Wait = Effect.Effect<unknown, unknown>;

/** The id of the run that is observed. */
export const observedRun = "check";

/** Reports when a call has ended and whether it failed, without changing it. */
const whenEnded = (value: unknown, ended: (hasFailed: boolean) => void): unknown => {
  if (Exit.isExit(value)) return (ended(Exit.isFailure(value)), value);
  if (Effect.isEffect(value))
    return Effect.onExit(value, (exit) => Effect.sync(() => ended(Exit.isFailure(exit))));
  if (isThenable(value)) {
    whenSettled(
      value,
      () => ended(false),
      () => ended(true),
    );
    return value;
  }
  ended(false);
  return value;
};

/** Calls `returned` with a value as soon as it is known, before anything else can see it. */
const whenReturned = (value: unknown, returned: (value: unknown) => void): unknown => {
  if (Effect.isEffect(value)) return Effect.map(value, (given) => (returned(given), given));
  if (isThenable(value)) {
    whenSettled(value, returned, () => {});
    return value;
  }
  returned(value);
  return value;
};

const expansionOf = (value: unknown): Expansion => {
  const graph = expandable(value);
  return graph === undefined ? { type: "direct", value } : { type: "graph", graph };
};

/** The failure of an Effect, typed or as a defect. */
const failureOf = (cause: Cause.Cause<unknown>): Expansion | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return undefined;
  const thrown = Cause.squash(cause);
  return Cause.hasDies(cause) ? { type: "threw", thrown } : { type: "failed", error: thrown };
};

/** Limits each run to the size that the input allows, for every law, so that an endless expansion is stopped. */
const limited = ({ limits, options }: Subject, given: Given): RunOptions => {
  if (limits === undefined) return options;
  const { depth, steps } = limits(copied(given));
  return {
    ...options,
    maxSteps: Math.max(1, Math.min(steps, options.maxSteps ?? Infinity)),
    maxDepth: Math.max(1, Math.min(depth, options.maxDepth ?? Infinity)),
  };
};

/** Records the results of functions that may expand, as the engine will see them. */
const watchExpansions = (expansions: Array<SeenExpansion>) => {
  return (call: StepCall, path: string, value: unknown): unknown => {
    const seen = (expansion: Expansion | undefined): void => {
      if (expansion !== undefined) expansions.push({ path, call, expansion });
    };
    if (Effect.isEffect(value)) {
      return Effect.onExit(
        Effect.map(value, (inner) => whenGiven(inner, (last) => (seen(expansionOf(last)), last))),
        (exit) =>
          Effect.sync(() => {
            if (exit._tag === "Failure") seen(failureOf(exit.cause));
          }),
      );
    }
    if (value instanceof Promise) value.catch((thrown: unknown) => seen({ type: "threw", thrown }));
    return whenGiven(value, (last) => {
      seen(expansionOf(last));
      return last;
    });
  };
};

/** The plan of a call's expansion; one that the builder rejected is drawn as far as it was built. */
const planAt = (path: string, expansion: Expansion): Plan | undefined => {
  if (expansion.type === "graph") return planOf(expansion.graph.builder, path);
  if (expansion.type !== "threw") return undefined;
  const builder = unfinishedOf(expansion.thrown);
  return builder === undefined ? undefined : planOf(builder, path);
};

/** The graph with its expansions, including those that the engine rejected. */
const planWith = (
  graph: Graph,
  events: ReadonlyArray<PipelineEvent>,
  expansions: ReadonlyArray<SeenExpansion>,
): Plan => {
  const state = new RunState("", planOf(graph.builder), { keepsItems: true, mostSteps: Infinity });
  const drawn = new Set<string>();
  for (const event of events) {
    apply(state, event);
    if (event.type === "expansion.expanded") drawn.add(event.path);
  }
  for (const { path, expansion } of expansions) {
    const plan = drawn.has(path) ? undefined : planAt(path, expansion);
    if (plan !== undefined) {
      apply(state, { type: "expansion.expanded", runId: "check", time: state.time, path, attempt: 1, plan });
    }
  }
  return grownPlan(state);
};

/** Concurrent runs that end independently; the result is that of the first. */
const together = <A, E>(
  first: Effect.Effect<A, E>,
  others: ReadonlyArray<Effect.Effect<unknown, unknown>>,
): Effect.Effect<A, E> =>
  Effect.flatMap(
    Effect.all([Effect.exit(first), ...others.map(Effect.exit)], { concurrency: "unbounded" }),
    ([exit]) => exit as Exit.Exit<A, E>,
  );

export const observe = (subject: Subject, given: Given, options: ObserveOptions = {}): Promise<Observed> =>
  inControl(() => observed(subject, given, options));

const observed = async (subject: Subject, given: Given, options: ObserveOptions): Promise<Observed> => {
  // Loading the modules that a store needs is not work of the run, and can take long on a busy machine.
  if (subject.options.store !== undefined) await import("../run/open.ts");
  const { onUncopied, onUnhandled, ...surroundings } = subject.world;
  const unhandled: Array<Unhandled> = [];
  let isLate = false;
  const world = new World({
    ...surroundings,
    ...options,
    ...(onUnhandled === undefined
      ? {}
      : {
          onUnhandled: (problem) => {
            if (isLate) onUnhandled(problem, given);
            else unhandled.push(problem);
          },
        }),
  });
  const events: Array<PipelineEvent> = [];
  const expansions: Array<SeenExpansion> = [];
  const calls: Array<string> = [];
  const choicesOfCases: Array<Observed["choicesOfCases"][number]> = [];
  const fallbacks: Array<Observed["fallbacks"][number]> = [];
  const active = new Map<object, string>();
  const { answering, around = (call: StepCall, next: Executor) => next(call), onReturned } = options;
  const expands = watchExpansions(expansions);
  const { answers } = surroundings;
  let hasCache = false;
  let hasWait = false;
  const others = new Map((options.beside ?? []).map((runId) => [runId, [] as Array<string>]));

  /** The call itself; a waiting step is called too, since its function returns the request. */
  const called = (call: StepCall, next: Executor): unknown => {
    const value = next(call);
    if (answers === undefined || !answers.isFor(call)) return value;
    hasWait = true;
    return answering === undefined
      ? Effect.sync(() => answers.of(given, call))
      : answering(call, value as Wait);
  };

  const watching: Middleware = (next) => (call) => {
    const { definition, path, phase } = call;
    const other = others.size === 0 ? undefined : others.get(call.context.runId);
    if (other !== undefined) {
      other.push(path);
      const value = world.inside(path, mayExpand(call), () => called(call, next));
      return !Effect.isEffect(value) && isThenable(value) ? world.promised(value) : value;
    }
    calls.push(path);
    hasCache ||= definition.options.cache !== undefined;
    active.set(call, path);
    if (phase === "case")
      choicesOfCases.push({ path, cases: Object.keys(definition.cases ?? {}), taken: call.choice! });
    const ended = (hasFailed: boolean): void => {
      active.delete(call);
      if ("fallback" in definition.options) fallbacks.push({ path, hasFailed });
    };
    const inWorld: Executor = (changed) => {
      const value = world.inside(path, mayExpand(call), () => called(changed, next));
      const returned =
        onReturned === undefined ? value : whenReturned(value, (given) => onReturned(call, given));
      return !Effect.isEffect(returned) && isThenable(returned) ? world.promised(returned) : returned;
    };
    try {
      const value = around(call, inWorld);
      return whenEnded(mayExpand(call) ? expands(call, path, value) : value, ended);
    } catch (thrown) {
      if (mayExpand(call)) expansions.push({ path, call, expansion: { type: "threw", thrown } });
      ended(true);
      throw thrown;
    }
  };
  const { policy } = options;
  const policyFor = policy && ((definition: StepDefinition) => policyOf(policy(definition)));

  let interrupt = (): void => {};
  const listener = (event: PipelineEvent): void => {
    events.push(event);
    options.onEvent?.(event, () => interrupt());
  };
  const own = copied(given, {
    ...(options.reversed === undefined ? {} : { reversed: options.reversed }),
    ...(onUncopied === undefined ? {} : { kept: onUncopied }),
  });
  const watched = withMiddleware(subject.graph, watching, policyFor);
  const runAs = (runId: string, inputs: Given) =>
    runGraph(watched, inputs, { runId, ...limited(subject, given) });
  const main = Effect.provideService(runAs(observedRun, own), Listeners, [listener]);
  const exits = new Map<string, Exit.Exit<Given, unknown>>();
  const all =
    others.size === 0
      ? main
      : together(
          main,
          [...others.keys()].map((runId) =>
            Effect.onExit(runAs(runId, copied(given)), (exit) => Effect.sync(() => exits.set(runId, exit))),
          ),
        );
  const ended = await world.run(options.program?.(all) ?? all, (stop) => {
    interrupt = stop;
    options.onBegin?.((reason) => world.halt(reason), stop);
  });
  const { time } = world;
  if (options.drain !== undefined && "exit" in ended) await world.drain(options.drain);
  isLate = true;
  world.close();
  return {
    ended,
    events,
    expansions,
    calls,
    unfinished: [...active.values()],
    sleeping: world.sleeping,
    fibers: world.fibers,
    timers: world.timers,
    machineWork: world.machineWork,
    unhandled,
    choicesOfCases,
    fallbacks,
    time,
    choices: world.choices,
    moments: world.moments,
    hasCache,
    hasWait,
    beside: new Map(
      Array.from(others, ([runId, theirs]) => {
        const exit = exits.get(runId);
        return [runId, { ended: exit === undefined ? { stuck: "it did not end" } : { exit }, calls: theirs }];
      }),
    ),
    get plan() {
      return planWith(subject.graph, events, expansions);
    },
  };
};
