/** What `start` keeps of a run while it goes on: its events, its expansions, and the plan as it has grown so far. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
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

const whole = { keepsItems: true, mostSteps: Infinity } as const;

export class Recording implements Watcher {
  /** Lines are among the events that the handle gives. */
  readonly logsEvents = true;
  readonly #graph: Graph;
  readonly #events: Array<PipelineEvent> = [];
  readonly #waiting = new Set<() => void>();
  #isWaking = false;
  #ended = false;
  readonly expansions = new Map<string, DynamicWorkflowResult>();
  /** What the events fold to, as far as somebody has asked: a run whose state is not read is not folded. */
  #state: RunState | undefined;
  #folded = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  event(event: PipelineEvent): void {
    if (this.#ended) return; // A step that was abandoned may still log.
    this.#events.push(writableAsJson(event));
    this.#wake();
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

  /** No event follows. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  get plan(): Plan {
    return grownPlan(this.#now);
  }

  get report(): RunReport {
    const { failures, skips, leaks } = this.#now;
    return { failed: [...failures], skipped: [...skips], leaked: [...leaks] };
  }

  get #now(): RunState {
    const state = (this.#state ??= new RunState("", planOf(this.#graph.builder), whole));
    for (; this.#folded < this.#events.length; this.#folded++) apply(state, this.#events[this.#folded]!);
    return state;
  }

  /** All events from the first on, for each who asks, and the end when the run has ended. */
  stream(streams: typeof Stream): Stream.Stream<PipelineEvent> {
    return streams.fromPull(
      Effect.sync(() => {
        let next = 0;
        const pull: Effect.Effect<readonly [PipelineEvent, ...Array<PipelineEvent>], Cause.Done> =
          Effect.suspend(() => {
            if (next < this.#events.length) {
              const news = this.#events.slice(next);
              next = this.#events.length;
              return Effect.succeed(news as unknown as readonly [PipelineEvent, ...Array<PipelineEvent>]);
            }
            return this.#ended ? Cause.done() : Effect.flatMap(this.#more, () => pull);
          });
        return pull;
      }),
    );
  }

  get #more(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        resume(Effect.void);
      };
      this.#waiting.add(wake);
      return Effect.sync(() => this.#waiting.delete(wake));
    });
  }

  /** Soon, and not for each event: who is woken takes all that there are, and a run may tell a thousand at once. */
  #wake(): void {
    if (this.#waiting.size === 0 || this.#isWaking) return;
    this.#isWaking = true;
    queueMicrotask(() => {
      this.#isWaking = false;
      for (const wake of Array.from(this.#waiting)) wake();
    });
  }
}
