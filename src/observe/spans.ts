/**
 * A run as spans of Effect's `Tracer`: one for the run, one for each step, item and expansion, each a child of its
 * expansion's span. In: events. Out: spans, to the tracer in the run's context. Spans created by a step's own
 * Effect are children of the step's span, since every call goes through `middleware`.
 */
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as References from "effect/References";
import type { Span } from "effect/Tracer";
import { ParentSpan } from "effect/Tracer";
import type { Plan } from "../../types/plan.ts";
import type { Middleware } from "../engine/executor.ts";
import { writeLine } from "../engine/lines.ts";
import type { PipelineEvent } from "../events.ts";
import type { StepState } from "../fold/run-state.ts";
import { describe } from "../values/describe.ts";
import { isThenable, promiseOf } from "../values/thenable.ts";
import { groupOf, lastOf, parentOf, stepOf } from "../path.ts";

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** The path of the expansion that a step or an item belongs to; undefined for a step of the run's own pipeline. */
const above = (path: string): string | undefined => parentOf(path) || undefined;

/** Exporters read errors, and the thrown value may be anything: a proxy, or an object whose getter throws. */
const failedWith = (error: unknown): Exit.Exit<never, unknown> => {
  const cause = Cause.fail(error);
  try {
    Cause.prettyErrors(cause, { includeCauseInStack: true });
    return Exit.failCause(cause);
  } catch {
    return Exit.fail(new Error(describe(error)));
  }
};

// A proxy that throws when its prototype is queried is left to the engine.

const isEffectToRun = (value: unknown): value is Effect.Effect<unknown, unknown> => {
  try {
    return Effect.isEffect(value) && !Exit.isExit(value);
  } catch {
    return false;
  }
};

const isPromise = (value: unknown): value is PromiseLike<unknown> => {
  try {
    return !Effect.isEffect(value) && isThenable(value);
  } catch {
    return false;
  }
};

export class Spans {
  /** The context of the run's caller: tracer, clock, loggers, and the parent span. */
  readonly #context: Context.Context<never>;
  readonly #clock: Clock.Clock;
  #runId = "";
  #pipeline = "";
  #run: Span | undefined = undefined;
  /** The spans that have not ended, by path. */
  readonly #open = new Map<string, Span>();
  #skipped = 0;

  constructor(context: Context.Context<never>) {
    this.#context = context;
    this.#clock = Context.get(context, Clock.Clock);
  }

  // -- Events become spans -------------------------------------------------------------------------------------------

  /** `kind` is that of the step that the event is about. */
  event(event: PipelineEvent, kind: StepState["kind"]): void {
    switch (event.type) {
      case "run.started":
        this.#runId = event.runId;
        this.#pipeline = event.pipeline;
        this.#run = this.#make(event.pipeline, undefined, { "espalier.kind": "run" });
        return;
      case "run.succeeded":
        return this.#endRun(Exit.void);
      case "run.interrupted":
        return this.#endRun(Exit.interrupt());
      case "run.failed":
        return this.#endRun(failedWith(event.error));
      case "run.compensating":
        this.#run?.event("espalier.compensating", this.#now(), { "espalier.steps": event.steps });
        return;
      case "compensation.started":
        return this.#begin(event.path, kind, { "espalier.compensation": true });
      case "compensation.succeeded":
        return this.#end(event.path, Exit.void, event.attempt);
      case "compensation.failed":
        return this.#end(event.path, failedWith(event.error), event.attempt);
      case "run.paused":
        this.#run?.event("espalier.paused", this.#now(), { "exception.message": describe(event.error) });
        return;
      case "run.resumed":
        this.#run?.event("espalier.continued", this.#now());
        return;
      case "step.started":
      case "expansion.started":
        return this.#started(event.path, kind, event.attempt);
      case "step.retried":
        this.#open.get(event.path)?.event("espalier.retry", this.#now(), {
          "espalier.attempt": event.attempt,
          "espalier.delay_ms": event.delayMillis,
          "exception.message": describe(event.error),
        });
        return;
      case "step.fallback":
        this.#open.get(event.path)?.attribute("espalier.fallback", describe(event.error));
        return;
      case "expansion.expanded":
        return this.#expanded(event.path, event.plan, event.items);
      case "step.succeeded":
      case "expansion.succeeded":
        return this.#end(event.path, Exit.void, event.attempt);
      case "step.failed":
      case "expansion.failed":
        return this.#end(event.path, failedWith(event.error), event.attempt);
      case "step.interrupted":
        return this.#end(event.path, Exit.interrupt(), event.attempt);
      case "step.leaked":
        // It ends with the run at the latest. Until then, another attempt may continue it.
        this.#open.get(event.path)?.attribute("espalier.leaked", true);
        return;
      case "step.recalled":
        this.#begin(event.path, kind, { "espalier.recalled": true });
        return this.#end(event.path, Exit.void, 0);
      case "cache.hit": {
        const { path, fromRun, fromPath } = event;
        return this.#begin(path, kind, {
          "espalier.cached": true,
          "espalier.cached.run": fromRun,
          "espalier.cached.path": fromPath,
        });
      }
      case "step.skipped":
        this.#skipped++;
        return;
      case "step.logged":
        return this.#log(event.path, event.message);
      case "step.waiting":
      case "signal.refused":
      case "cache.missed":
      case "step.progressed":
      case "step.emitted":
        return;
    }
  }

  #now(): bigint {
    return Context.get(this.#context, References.TracerTimingEnabled)
      ? this.#clock.currentTimeNanosUnsafe()
      : 0n;
  }

  /** Created by Effect itself, so that all of its settings apply: levels, links, annotations, disabled tracing. */
  #make(name: string, parent: Span | undefined, attributes: Attributes): Span {
    const all = { "espalier.run": this.#runId, "espalier.pipeline": this.#pipeline, ...attributes };
    return Effect.runSyncWith(this.#context)(
      Effect.makeSpan(name, parent === undefined ? { attributes: all } : { parent, attributes: all }),
    );
  }

  /** The span of the nearest expansion that has one: a pipeline that was added whole appears in paths, but is not a step. */
  #parentOf(path: string): Span | undefined {
    for (let at = above(path); at !== undefined; at = above(at)) {
      const span = this.#open.get(at);
      if (span !== undefined) return span;
    }
    return this.#run;
  }

  #begin(path: string, kind: StepState["kind"], attributes: Attributes = {}): void {
    // Left behind by an attempt of the enclosing expansion.
    this.#open.get(path)?.end(this.#now(), Exit.interrupt());
    const name = groupOf(path);
    const span = this.#make(name, this.#parentOf(path), {
      "espalier.step": lastOf(stepOf(path)),
      "espalier.path": path,
      "espalier.kind": kind,
      ...attributes,
    });
    this.#open.set(path, span);
  }

  /** One span for all attempts. */
  #started(path: string, kind: StepState["kind"], attempt: number): void {
    if (attempt === 1 || !this.#open.has(path)) this.#begin(path, kind);
  }

  #expanded(path: string, plan: Plan | undefined, items: number | undefined): void {
    const span = this.#open.get(path);
    if (items !== undefined) span?.attribute("espalier.items", items);
    else span?.attribute("espalier.expanded", plan !== undefined);
    if (plan === undefined) return;
    span?.attribute("espalier.expansion", plan.name);
    span?.attribute("espalier.steps", plan.steps.length);
  }

  #end(path: string, exit: Exit.Exit<unknown, unknown>, attempts: number): void {
    const span = this.#open.get(path);
    if (span === undefined) return;
    this.#open.delete(path);
    if (attempts > 0) span.attribute("espalier.attempts", attempts);
    span.end(this.#now(), exit);
  }

  #endRun(exit: Exit.Exit<unknown, unknown>): void {
    for (const path of [...this.#open.keys()].toReversed()) this.#end(path, Exit.interrupt(), 0);
    if (this.#skipped > 0) this.#run?.attribute("espalier.skipped", this.#skipped);
    this.#run?.end(this.#now(), exit);
  }

  // -- Traces and logs of the step itself ----------------------------------------------------------------------------

  /** Wraps the result of each function of the run in the span of its step. */
  readonly middleware: Middleware = (next) => (call) => {
    const { path } = call;
    const value = next(call);
    // A promise may resolve to an Effect.
    return isPromise(value)
      ? promiseOf(value).then((given) => this.#within(path, given))
      : this.#within(path, value);
  };

  #within(path: string, value: unknown): unknown {
    const span = this.#open.get(path);
    if (span === undefined || !isEffectToRun(value)) return value;
    return Effect.provideService(value, ParentSpan, span);
  }

  /** `context.log` goes to Effect's loggers too. An abandoned step may log after its span has ended. */
  #log(path: string, message: ReadonlyArray<unknown>): void {
    const span = this.#open.get(path) ?? this.#run;
    if (span === undefined) return;
    const around = Context.get(this.#context, References.CurrentLogAnnotations);
    const annotations = { ...around, "espalier.run": this.#runId, "espalier.path": path };
    const context = Context.add(this.#context, References.CurrentLogAnnotations, annotations);
    writeLine(Context.add(context, ParentSpan, span), message);
  }
}
