/**
 * The events of one run that this process executes, for watchers that can begin at any time. Until someone watches, it
 * does not listen to the run, which then costs no more than without a server. From then on it keeps little: the active
 * steps, and events so recent that they might not be recorded yet. Everything else is in the store.
 */
import type { PipelineEvent } from "../events.ts";
import { writableAsJson } from "../event-json.ts";

type Watch = (event: PipelineEvent) => void;

/**
 * Begins to listen to the run, and returns an event for each step that has started and not ended; undefined if the run has not
 * begun.
 */
export type Listen = (listener: Watch) => ReadonlyArray<PipelineEvent> | undefined;

/** Events of a step whose end is recorded meanwhile are kept this long. */
const recentMillis = 5_000;
const mostRecent = 2_000;

const endings = new Set<PipelineEvent["type"]>([
  "step.succeeded",
  "step.failed",
  "step.skipped",
  "step.interrupted",
  "step.leaked",
  "step.recalled",
  "expansion.succeeded",
  "expansion.failed",
]);

export class LiveFeed {
  readonly #listen: Listen;
  #isListening = false;
  readonly #watchers = new Set<Watch>();
  readonly #whenEnded = new Set<() => void>();
  /** The events of each step that is under way, by path. */
  readonly #active = new Map<string, Array<PipelineEvent>>();
  #recent: Array<PipelineEvent> = [];
  hasEnded = false;

  constructor(listen: Listen) {
    this.#listen = listen;
  }

  /** The run has begun: if someone waits for its events, they begin now. */
  begin(): void {
    if (this.#watchers.size > 0) this.#begin();
  }

  #begin(): void {
    if (this.#isListening || this.hasEnded) return;
    const started = this.#listen((event) => this.event(event));
    if (started === undefined) return;
    this.#isListening = true;
    for (const event of started) if ("path" in event) this.#note(event);
  }

  event(given: PipelineEvent): void {
    const event = writableAsJson(given);
    if ("path" in event) this.#note(event);
    this.#recent.push(event);
    if (this.#recent.length > mostRecent) this.#recent = this.#recent.slice(mostRecent / 2);
    for (const watch of this.#watchers) watch(event);
  }

  #note(event: Extract<PipelineEvent, { readonly path: string }>): void {
    const { path, type } = event;
    if (endings.has(type)) this.#active.delete(path);
    else if (type.endsWith(".started")) this.#active.set(path, [event]);
    else if (type !== "step.logged" && type !== "step.progressed" && type !== "step.emitted") {
      const before = this.#active.get(path);
      if (before === undefined) this.#active.set(path, [event]);
      else before.push(event);
    }
  }

  /** The events that the record possibly lacks: those of steps under way, and the most recent ones. */
  get unrecorded(): ReadonlyArray<PipelineEvent> {
    const last = this.#recent.at(-1)?.time ?? 0;
    const recent = this.#recent.filter(({ time }) => time >= last - recentMillis);
    const known = new Set(recent);
    return [...[...this.#active.values()].flat().filter((event) => !known.has(event)), ...recent];
  }

  watch(watch: Watch, whenEnded: () => void): () => void {
    this.#begin();
    this.#watchers.add(watch);
    this.#whenEnded.add(whenEnded);
    return () => {
      this.#watchers.delete(watch);
      this.#whenEnded.delete(whenEnded);
    };
  }

  end(): void {
    this.hasEnded = true;
    for (const ended of Array.from(this.#whenEnded)) ended();
    this.#watchers.clear();
    this.#whenEnded.clear();
  }
}
