/**
 * Emits the events of a run, to its watchers and to its journal. A run without watchers and
 * without a journal creates no events.
 */
import * as Cause from "effect/Cause";
import type { Clock } from "effect/Clock";
import type { StepContext } from "../../types/context.ts";
import type { PipelineEvent } from "../events.ts";
import { stepKinds } from "../graph/kinds.ts";
import type { Middleware } from "./executor.ts";
import type { Frame } from "./frame.ts";
import { State } from "./frame.ts";
import { outputsByName } from "./outputs.ts";
import type { Readers } from "./readers.ts";

/** A watcher of a run. */
export interface Watcher extends Readers {
  readonly event: (event: PipelineEvent) => void;
  /** Whether the receivers of the events show the log lines of steps; if not, Effect's loggers do. */
  readonly logsEvents: boolean;
  /** A step returned a pipeline, which is about to run; undefined for a direct value. */
  readonly onExpanded: (path: string, subPipeline: unknown) => void;
  /** Receives the outputs of an expansion, by name. */
  readonly onOutput: (path: string, results: Readonly<Record<string, unknown>>) => void;
  /** Middleware around every call of the run. */
  readonly around?: Middleware | undefined;
  /** Receives the engine before its first step. */
  readonly began?: ((engine: { readonly waiting: number }) => void) | undefined;
}

/** An event without the fields that the emitter fills in. */
export type EventFields = PipelineEvent extends infer Event
  ? Event extends unknown
    ? Omit<Event, "runId" | "time">
    : never
  : never;

/** The part of a journal that keeps events. */
interface EmitterJournal {
  readonly tell: (event: PipelineEvent) => void;
  readonly noteAttempt: (path: string, attempt: number, time?: number) => void;
}

export class Emitter {
  watcher: Watcher | undefined;
  /** Whether Effect's loggers must not show the log lines of steps, although there are no listeners. */
  isQuiet = false;
  readonly #journal: EmitterJournal | undefined;
  readonly #clock: Clock;
  readonly #run: { readonly runId: string };
  /** Paths of steps that were abandoned after their grace period. */
  readonly #leaked = new Set<string>();
  /** The number of values that each attempt has emitted. */
  readonly #emitted = new WeakMap<StepContext, number>();
  /** The time at which a step was reported as ended, until a function is called: the next step begins at that time too. */
  #justNow: number | undefined = undefined;

  constructor(
    watcher: Watcher | undefined,
    journal: EmitterJournal | undefined,
    clock: Clock,
    run: { readonly runId: string },
  ) {
    this.watcher = watcher;
    this.#journal = journal;
    this.#clock = clock;
    this.#run = run;
  }

  /** Adds a caller who joined the run: it receives the events from now on. */
  tellAlso(listener: (event: PipelineEvent) => void): void {
    const { watcher } = this;
    const event =
      watcher === undefined
        ? listener
        : (told: PipelineEvent): void => {
            watcher.event(told);
            listener(told);
          };
    const unwatched = { logsEvents: false, onExpanded: () => {}, onOutput: () => {} };
    this.watcher = { ...(watcher ?? unwatched), event };
  }

  emit(fields: EventFields): void {
    if (this.watcher === undefined && this.#journal === undefined) return;
    this.#emitWhole({ ...fields, runId: this.#run.runId, time: this.#clock.currentTimeMillisUnsafe() });
  }

  progressed({ path, attempt }: StepContext, fraction: number, note: string | undefined): void {
    this.emit({ type: "step.progressed", path, attempt, fraction, note });
  }

  /** A partial result of a step: for watchers, not for the journal. */
  emitted(step: StepContext, value: unknown): void {
    if (this.watcher === undefined) return;
    const { path, attempt } = step;
    const index = this.#emitted.get(step) ?? 0;
    this.#emitted.set(step, index + 1);
    this.emit({ type: "step.emitted", path, attempt, value, index });
  }

  #emitWhole(event: PipelineEvent): void {
    this.watcher?.event(event);
    this.#journal?.tell(event);
  }

  /** Time may have passed since the last step ended. */
  timePasses(): void {
    this.#justNow = undefined;
  }

  // The two events of every step are created directly: merging two records into one costs as much as the rest.

  started(frame: Frame, index: number, attempt: number): void {
    const type = isStep(frame, index) ? "step.started" : "expansion.started";
    const path = frame.pathOf(index);
    const time = this.#justNow ?? this.#clock.currentTimeMillisUnsafe();
    this.#justNow = undefined;
    this.#emitWhole({ type, path, attempt, runId: this.#run.runId, time });
  }

  stepSucceeded(path: string, attempt: number, outputs: Record<string, unknown>): void {
    const time = this.#clock.currentTimeMillisUnsafe();
    this.#justNow = time;
    this.#emitWhole({ type: "step.succeeded", path, attempt, outputs, runId: this.#run.runId, time });
  }

  succeeded(frame: Frame, index: number, value: unknown, attempt: number): void {
    const definition = frame.definitionOf(index);
    const path = frame.pathOf(index);
    const outputs = outputsByName(definition, value);
    if (isStep(frame, index)) this.stepSucceeded(path, attempt, outputs);
    else this.emit({ type: "expansion.succeeded", path, attempt, outputs });
  }

  failed(frame: Frame, index: number, cause: Cause.Cause<unknown>, attempt: number): void {
    const path = frame.pathOf(index);
    if (Cause.hasInterruptsOnly(cause)) {
      if (!this.#leaked.has(path)) this.emit({ type: "step.interrupted", path, attempt });
      return;
    }
    const error = Cause.squash(cause);
    if (attempt === 1) this.firstBegan(frame, index);
    this.emit({ type: isStep(frame, index) ? "step.failed" : "expansion.failed", path, attempt, error });
  }

  /** The first attempt of a node has failed: keeps its start time. For a failed item that is recorded, its record has the time. */
  firstBegan(frame: Frame, index: number): void {
    const time = frame.began?.[index];
    const isRecorded = frame.map !== undefined && frame.definitionOf(index).options.failures === "collect";
    if (time !== undefined && time > 0 && !isRecorded)
      this.#journal?.noteAttempt(frame.pathOf(index), 1, time);
  }

  leaked(path: string, attempt: number): void {
    this.#leaked.add(path);
    this.emit({ type: "step.leaked", path, attempt });
  }

  /** Reports everything in a frame that did not start. */
  skipped(frame: Frame): void {
    if (this.watcher === undefined) return;
    const because = frame.endingPath;
    frame.states.forEach((state, index) => {
      if (state === State.waiting) {
        this.emit({ type: "step.skipped", path: frame.pathOf(index), attempt: 0, because });
      }
    });
  }
}

/** Items of a map are steps, whatever they expand to. */
export const isStep = (frame: Frame, index: number): boolean =>
  frame.map !== undefined || stepKinds[frame.definitionOf(index).kind].events === "step";
