/** One run of what is checked, in a world of its own, and all that could be seen of it. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { RunOptions } from "../../types/options.ts";
import type { Plan } from "../../types/plan.ts";
import type { Graph } from "../engine/compile.ts";
import { compile, expandable, graphOf } from "../engine/compile.ts";
import type { Executor, Middleware, StepCall } from "../engine/executor.ts";
import { policyOf } from "../engine/policy.ts";
import { Listeners } from "../engine/seams.ts";
import type { PipelineEvent } from "../events.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { unfinishedOf } from "../graph/graph.ts";
import { Recording } from "../run/record.ts";
import { runGraph } from "../run/run.ts";
import { isThenable, whenSettled } from "../values/thenable.ts";
import { mayExpand, whenGiven, withMiddleware } from "./instrument.ts";
import type { WorldOptions } from "./world.ts";
import { World } from "./world.ts";

/** What is checked: a graph, and how it is run. */
export interface Subject {
  readonly name: string;
  /** How a regression test calls it. */
  readonly check: "checkDynamic" | "checkPipeline";
  readonly graph: Graph;
  readonly options: RunOptions;
  readonly world: WorldOptions;
}

export type Given = Readonly<Record<string, unknown>>;

/** What a function that may expand gave. */
export type Expansion =
  | { readonly type: "graph"; readonly graph: Graph }
  | { readonly type: "direct"; readonly value: unknown }
  | { readonly type: "failed"; readonly error: unknown }
  | { readonly type: "threw"; readonly thrown: unknown };

/** A call that may expand, and what it gave. */
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
  /** The paths of calls that had not ended when the run had. */
  readonly unfinished: ReadonlyArray<string>;
  /** Timers that were still running when the run had ended. */
  readonly sleeping: number;
  /** Fibers that were left when the run had ended. */
  readonly fibers: number;
  /** The time at the end. */
  readonly time: number;
  readonly choices: World["choices"];
  /** How many moments there were at which it could have been interrupted. */
  readonly moments: number;
  /** The graph with all that it expanded to. */
  readonly plan: Plan;
}

export interface ObserveOptions extends WorldOptions {
  /** Stands around each call. */
  readonly around?: (call: StepCall, next: Executor) => unknown;
  /** Gives steps other options than their own, as far as these make a policy. */
  readonly policy?: (definition: StepDefinition) => StepDefinition;
  /** Given the means to end the world: nothing happens in it any more. */
  readonly onBegin?: (halt: (reason: string) => void, interrupt: () => void) => void;
  readonly onEvent?: (event: PipelineEvent, interrupt: () => void) => void;
}

/** Tells when a call has ended, by whatever way, and changes nothing about it. */
const whenEnded = (value: unknown, ended: () => void): unknown => {
  if (Exit.isExit(value)) return (ended(), value);
  if (Effect.isEffect(value)) return Effect.onExit(value, () => Effect.sync(ended));
  if (isThenable(value)) {
    whenSettled(value, ended, ended);
    return value;
  }
  ended();
  return value;
};

const expansionOf = (value: unknown): Expansion => {
  const graph = expandable(value);
  return graph === undefined ? { type: "direct", value } : { type: "graph", graph };
};

/** What an Effect failed with: typed, or as a defect. */
const failureOf = (cause: Cause.Cause<unknown>): Expansion | undefined => {
  if (Cause.hasInterruptsOnly(cause)) return undefined;
  const thrown = Cause.squash(cause);
  return Cause.hasDies(cause) ? { type: "threw", thrown } : { type: "failed", error: thrown };
};

export const observe = async (
  subject: Subject,
  given: Given,
  options: ObserveOptions = {},
): Promise<Observed> => {
  const world = new World({ ...subject.world, ...options });
  const events: Array<PipelineEvent> = [];
  const expansions: Array<SeenExpansion> = [];
  const calls: Array<string> = [];
  const active = new Map<object, string>();
  const around = options.around ?? ((call: StepCall, next: Executor) => next(call));

  const expands = (call: StepCall, path: string, value: unknown): unknown => {
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

  const watching: Middleware = (next) => (call) => {
    const { path } = call;
    calls.push(path);
    active.set(call, path);
    const ended = (): void => {
      active.delete(call);
    };
    try {
      const value = around(call, next);
      const watched = !Effect.isEffect(value) && isThenable(value) ? world.promised(value) : value;
      return whenEnded(mayExpand(call) ? expands(call, path, watched) : watched, ended);
    } catch (thrown) {
      if (mayExpand(call)) expansions.push({ path, call, expansion: { type: "threw", thrown } });
      ended();
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
  const run = runGraph(withMiddleware(subject.graph, watching, policyFor), given, {
    runId: "check",
    ...subject.options,
  });
  const ended = await world.run(Effect.provideService(run, Listeners, [listener]), (stop) => {
    interrupt = stop;
    options.onBegin?.((reason) => world.halt(reason), stop);
  });
  return {
    ended,
    events,
    expansions,
    calls,
    unfinished: [...active.values()],
    sleeping: world.sleeping,
    fibers: world.fibers,
    time: world.time,
    choices: world.choices,
    moments: world.moments,
    get plan() {
      const recording = new Recording(subject.graph);
      for (const { path, expansion } of expansions) {
        if (expansion.type === "graph") recording.onExpanded(path, { [graphOf]: expansion.graph });
        else if (expansion.type === "direct") recording.onExpanded(path, undefined);
        else if (expansion.type === "threw") {
          // What the builder refused is drawn as far as it had come.
          const draft = unfinishedOf(expansion.thrown);
          if (draft !== undefined) recording.onExpanded(path, { [graphOf]: compile(draft) });
        }
      }
      return recording.plan;
    },
  };
};
