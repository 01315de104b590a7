/** The data that `start` keeps while a run is under way: its events, its expansions, and the plan as it has grown so far. */
import * as Cause from "effect/Cause";
import type * as Stream from "effect/Stream";
import type { Plan } from "../../types/plan.ts";
import type { DynamicWorkflowResult, RunReport } from "../../types/run.ts";
import type { Graph } from "../engine/graph.ts";
import type { Watcher } from "../engine/emitter.ts";
import { writableAsJson } from "../event-json.ts";
import type { PipelineEvent } from "../events.ts";
import { apply } from "../fold/apply.ts";
import { grownPlan } from "../fold/grown-plan.ts";
import { RunState } from "../fold/run-state.ts";
import { planOf } from "../plan.ts";
import { EventLog } from "./event-log.ts";

const whole = { keepsItems: true, mostSteps: Infinity } as const;

export class Recording implements Watcher {
  /** Whether log lines are among the events of the handle. */
  readonly logsEvents = true;
  readonly #graph: Graph;
  readonly #log = new EventLog();
  readonly expansions = new Map<string, DynamicWorkflowResult>();
  /** The state, folded from the events on demand: a run whose state no one reads is never folded. */
  #state: RunState | undefined;
  #folded = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  event(event: PipelineEvent): void {
    if (this.#log.hasEnded) return; // A step that was abandoned may still log.
    this.#log.push(writableAsJson(event));
  }

  onExpanded(path: string, subPipeline: unknown): void {
    this.expansions.set(path, {
      subPipeline: subPipeline as DynamicWorkflowResult["subPipeline"],
      results: {},
      expanded: subPipeline !== undefined,
    });
  }

  onOutput(path: string, results: Readonly<Record<string, unknown>>): void {
    const expansion = this.expansions.get(path);
    if (expansion !== undefined) this.expansions.set(path, { ...expansion, results });
  }

  /** Marks the end: no event follows. */
  end(): void {
    this.#log.end();
  }

  get plan(): Plan {
    return grownPlan(this.#now);
  }

  get report(): RunReport {
    const { failures, skips, leaks, undone } = this.#now;
    const report = { failed: [...failures], skipped: [...skips], leaked: [...leaks] };
    return undone.length === 0 ? report : { ...report, compensated: [...undone] };
  }

  get #now(): RunState {
    const state = (this.#state ??= new RunState("", planOf(this.#graph.builder), whole));
    const { events } = this.#log;
    for (; this.#folded < events.length; this.#folded++) apply(state, events[this.#folded]!);
    return state;
  }

  /** All events, for each caller from the first. Ends when the run has ended. */
  stream(streams: typeof Stream): Stream.Stream<PipelineEvent> {
    return this.#log.stream(streams, Cause.done);
  }

  waitForReaders(caughtUp: () => void): ReturnType<EventLog["waitForReaders"]> {
    return this.#log.waitForReaders(caughtUp);
  }
}
