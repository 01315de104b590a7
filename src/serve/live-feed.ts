/**
 * The events of one run that this process executes, for watchers that can begin at any time. It keeps little: the steps
 * under way, and the events so recent that they are possibly not recorded yet. Everything else is in the store.
 */
import type { PipelineEvent } from "../events.ts";
import { writableAsJson } from "../event-json.ts";
import { stepKinds } from "../graph/kinds.ts";

type Watch = (event: PipelineEvent) => void;

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
  readonly #watchers = new Set<Watch>();
  readonly #whenEnded = new Set<() => void>();
  /** The events of each step that is under way, by path. */
  readonly #active = new Map<string, Array<PipelineEvent>>();
  /** Steps that wait for time or a value. They do no work. */
  readonly #waits = new Set<string>();
  #recent: Array<PipelineEvent> = [];
  /** Steps of their own that do work now. */
  #working = 0;
  hasEnded = false;

  event(given: PipelineEvent): void {
    const event = writableAsJson(given);
    if ("plan" in event) {
      for (const { path, kind } of event.plan?.steps ?? [])
        if (stepKinds[kind].returns === "wait") this.#waits.add(path);
    }
    if ("path" in event) this.#note(event);
    this.#recent.push(event);
    if (this.#recent.length > mostRecent) this.#recent = this.#recent.slice(mostRecent / 2);
    for (const watch of this.#watchers) watch(event);
  }

  #note(event: Extract<PipelineEvent, { readonly path: string }>): void {
    const { path, type } = event;
    const isWork = (events: ReadonlyArray<PipelineEvent> | undefined): boolean =>
      events !== undefined &&
      !this.#waits.has(path) &&
      events.every(({ type }) => !type.startsWith("expansion."));
    const before = this.#active.get(path);
    if (endings.has(type)) {
      if (isWork(before)) this.#working--;
      this.#active.delete(path);
      return;
    }
    if (type === "step.logged" || type === "step.progressed" || type === "step.emitted") return;
    const now = type.endsWith(".started") ? [event] : [...(before ?? []), event];
    this.#active.set(path, now);
    this.#working += Number(isWork(now)) - Number(isWork(before));
  }

  /** How many steps are doing work of their own. Steps that wait for others, for time or for a value are not counted. */
  get working(): number {
    return this.#working;
  }

  /** The events that the record possibly lacks: those of steps under way, and the most recent ones. */
  get unrecorded(): ReadonlyArray<PipelineEvent> {
    const last = this.#recent.at(-1)?.time ?? 0;
    const recent = this.#recent.filter(({ time }) => time >= last - recentMillis);
    const known = new Set(recent);
    return [...[...this.#active.values()].flat().filter((event) => !known.has(event)), ...recent];
  }

  watch(watch: Watch, whenEnded: () => void): () => void {
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
