/** What `start` keeps of a run while it goes on: its events, its expansions, and the plan as it has grown so far. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import type * as Stream from "effect/Stream";
import type { Plan, PlanStep } from "../../types/plan.ts";
import type { DynamicWorkflowResult, RunReport } from "../../types/run.ts";
import type { Graph } from "../engine/compile.ts";
import { expandable } from "../engine/expand.ts";
import type { Watcher } from "../engine/schedule.ts";
import type { PipelineEvent } from "../events.ts";
import { planOf } from "../plan.ts";
import { stepOf } from "../path.ts";

export class Recording implements Watcher {
  /** Lines are among the events that the handle gives. */
  readonly hears = true;
  readonly #graph: Graph;
  readonly #events: Array<PipelineEvent> = [];
  readonly #waiting = new Set<() => void>();
  #isWaking = false;
  #ended = false;
  readonly expansions = new Map<string, DynamicWorkflowResult>();
  /** For each step, the paths that expanded: its own, or those of its items. */
  readonly #expandedBy = new Map<string, Array<string>>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  event(event: PipelineEvent): void {
    if (this.#ended) return; // A step that was abandoned may still log.
    this.#events.push(event);
    this.#wake();
  }

  expanded(path: string, subPipeline: unknown): void {
    const step = stepOf(path);
    const paths = this.#expandedBy.get(step);
    if (paths === undefined) this.#expandedBy.set(step, [path]);
    else if (!paths.includes(path)) paths.push(path);
    this.expansions.set(path, {
      subPipeline: subPipeline as DynamicWorkflowResult["subPipeline"],
      results: {},
      expanded: subPipeline !== undefined,
    });
  }

  gave(path: string, results: Readonly<Record<string, unknown>>): void {
    const expansion = this.expansions.get(path);
    if (expansion !== undefined) this.expansions.set(path, { ...expansion, results });
  }

  /** No event follows. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  get plan(): Plan {
    return this.#grown(planOf(this.#graph.draft));
  }

  get report(): RunReport {
    const failed: Array<{ path: string; error: unknown }> = [];
    const skipped: Array<{ path: string; because: string }> = [];
    const leaked: Array<string> = [];
    for (const event of this.#events) {
      if (event.type === "step.failed" || event.type === "expansion.failed") {
        failed.push({ path: event.path, error: event.error });
      } else if (event.type === "step.skipped") {
        skipped.push({ path: event.path, because: event.because });
      } else if (event.type === "step.leaked") {
        leaked.push(event.path);
      }
    }
    return { failed, skipped, leaked };
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

  #grown(plan: Plan): Plan {
    const steps = plan.steps.map((step): PlanStep => {
      const paths = this.#expandedBy.get(step.path);
      if (paths === undefined) return step;
      const expansions = paths.map((path) => {
        const graph = expandable(this.expansions.get(path)?.subPipeline);
        return { path, plan: graph === undefined ? undefined : this.#grown(planOf(graph.draft, path)) };
      });
      return { ...step, expansions };
    });
    return { ...plan, steps };
  }
}
