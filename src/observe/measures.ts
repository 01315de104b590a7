/**
 * A run as Effect `Metric`s: how many steps reached each state, how many run and wait, and how long they took. Reads
 * events; the values are kept in the registry of the run's context, summed over all runs there, for exporters to read.
 */
import type * as Context from "effect/Context";
import * as Metric from "effect/Metric";
import type { PipelineEvent } from "../events.ts";

type Kind = "step" | "expansion";

type State =
  | "started"
  | "retried"
  | "succeeded"
  | "failed"
  | "interrupted"
  | "leaked"
  | "skipped"
  | "cached"
  | "replayed";

// Each series is a metric with its own attributes: metrics with the same name and attributes are one in the registry.

const counterOf = (pipeline: string, kind: Kind, state: State) =>
  Metric.counter("espalier_steps", {
    description: "Steps by state.",
    incremental: true,
    attributes: { pipeline, kind, state },
  });

const runningOf = (pipeline: string) =>
  Metric.gauge("espalier_steps_running", {
    description:
      "Steps that have started and not ended. Expansions are not counted: they wait for their own steps.",
    attributes: { pipeline },
  });

const waitingOf = (pipeline: string) =>
  Metric.gauge("espalier_queue_depth", {
    description:
      "Steps whose inputs are available and which wait for their turn, for the concurrency limit, or for a pool.",
    attributes: { pipeline },
  });

const durationOf = (pipeline: string, kind: Kind) =>
  Metric.histogram("espalier_step_duration_ms", {
    description: "Milliseconds from the start of a step's first attempt to the end of its last.",
    boundaries: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1e3, 2.5e3, 5e3, 1e4, 3e4, 6e4, 3e5, 6e5, 3.6e6],
    attributes: { pipeline, kind },
  });

/** This run's part of a gauge that many runs share: adds the change of this part. */
class Part {
  readonly #gauge: Metric.Gauge<number>;
  readonly #context: Context.Context<never>;
  #told = 0;

  constructor(gauge: Metric.Gauge<number>, context: Context.Context<never>) {
    this.#gauge = gauge;
    this.#context = context;
  }

  set(now: number): void {
    if (now === this.#told) return;
    this.#gauge.modifyUnsafe(now - this.#told, this.#context);
    this.#told = now;
  }
}

/** The source of the number of waiting nodes: the engine. */
interface Queue {
  readonly waiting: number;
}

export class Measures {
  readonly #context: Context.Context<never>;
  #pipeline = "";
  #queue: Queue | undefined = undefined;
  /** The steps that have started and not ended, by path, and their start times. */
  readonly #open = new Map<string, { readonly kind: Kind; readonly since: number }>();
  /** The number of plain steps among them. */
  #running = 0;
  #runningPart: Part | undefined = undefined;
  #waitingPart: Part | undefined = undefined;
  readonly #counters = new Map<string, Metric.Counter<number>>();
  readonly #durations = new Map<Kind, Metric.Histogram<number>>();

  constructor(context: Context.Context<never>) {
    this.#context = context;
  }

  began(queue: Queue): void {
    this.#queue = queue;
  }

  event(event: PipelineEvent): void {
    switch (event.type) {
      case "run.started":
        this.#pipeline = event.pipeline;
        this.#runningPart = new Part(runningOf(event.pipeline), this.#context);
        this.#waitingPart = new Part(waitingOf(event.pipeline), this.#context);
        return;
      case "run.succeeded":
      case "run.failed":
      case "run.interrupted":
        this.#queue = undefined;
        this.#open.clear();
        this.#running = 0;
        return this.#tellGauges();
      case "step.started":
        return this.#started(event.path, "step", event.attempt, event.time);
      case "expansion.started":
        return this.#started(event.path, "expansion", event.attempt, event.time);
      case "step.retried":
        return this.#count("retried", this.#open.get(event.path)?.kind ?? "step");
      case "step.succeeded":
      case "expansion.succeeded":
        // Replayed and cached steps never started, and have been counted as such.
        if (this.#open.has(event.path)) this.#ended(event.path, "succeeded", event.time);
        return;
      case "step.failed":
      case "expansion.failed":
        return this.#ended(event.path, "failed", event.time);
      case "step.interrupted":
        return this.#ended(event.path, "interrupted", event.time);
      case "step.leaked":
        return this.#ended(event.path, "leaked", event.time);
      case "step.skipped":
        return this.#count("skipped", "step");
      case "step.recalled":
        return this.#count("replayed", "step");
      case "cache.hit":
        return this.#count("cached", "step");
      default:
    }
  }

  #started(path: string, kind: Kind, attempt: number, time: number): void {
    if (attempt === 1) this.#count("started", kind);
    if (attempt === 1 || !this.#open.has(path)) {
      if (kind === "step" && !this.#open.has(path)) this.#running++;
      this.#open.set(path, { kind, since: time });
    }
    this.#tellGauges();
  }

  #ended(path: string, state: State, time: number): void {
    const open = this.#open.get(path);
    this.#count(state, open?.kind ?? "step");
    if (open !== undefined) {
      this.#open.delete(path);
      if (open.kind === "step") this.#running--;
      this.#took(open.kind, time - open.since);
    }
    this.#tellGauges();
  }

  #count(state: State, kind: Kind): void {
    const key = `${kind} ${state}`;
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      counter = counterOf(this.#pipeline, kind, state);
      this.#counters.set(key, counter);
    }
    counter.updateUnsafe(1, this.#context);
  }

  #took(kind: Kind, millis: number): void {
    let duration = this.#durations.get(kind);
    if (duration === undefined) {
      duration = durationOf(this.#pipeline, kind);
      this.#durations.set(kind, duration);
    }
    duration.updateUnsafe(millis, this.#context);
  }

  #tellGauges(): void {
    this.#runningPart?.set(this.#running);
    this.#waitingPart?.set(this.#queue?.waiting ?? 0);
  }
}
