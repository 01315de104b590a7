/**
 * The records of an earlier part of a run, by path, for the run that resumes. Outcomes are removed as they are used, so
 * memory shrinks as the run proceeds.
 */
import { isAtOrUnderAny } from "../path.ts";
import type { Entry } from "./records.ts";
import { Kind } from "./records.ts";

export class Replay {
  readonly #outcomes = new Map<string, Entry>();
  readonly #expansions = new Map<string, Entry>();
  readonly #signals = new Map<string, string>();
  readonly #deadlines = new Map<string, number>();
  readonly #waits = new Map<string, string>();
  readonly #chosen = new Map<string, string>();
  readonly #firstStates = new Map<string, string>();

  /** Takes the records that count. */
  constructor(entries: ReadonlyArray<Entry>) {
    for (const entry of entries) this.#add(entry);
    // A step with an outcome has received the value that was sent to it.
    for (const path of this.#outcomes.keys()) this.#signals.delete(path);
  }

  #add(entry: Entry): void {
    const { kind, path, text } = entry;
    switch (kind) {
      case Kind.outcome:
      case Kind.asIs:
      case Kind.failure:
        this.#outcomes.set(path, entry);
        return;
      case Kind.expansion:
        this.#expansions.set(path, entry);
        return;
      case Kind.signal:
        this.#signals.set(path, text);
        return;
      case Kind.deadline:
        this.#deadlines.set(path, Number(text));
        return;
      case Kind.waiting:
        this.#waits.set(path, text);
        return;
      case Kind.chosen:
        this.#chosen.set(path, text);
        return;
      case Kind.firstState:
        this.#firstStates.set(path, text);
        return;
      case Kind.dropped:
      case Kind.reopened:
      case Kind.compensating:
      case Kind.undone:
      case Kind.compensated:
        return;
    }
  }

  /** Is nothing left that a step could use instead of running? */
  get isOver(): boolean {
    return this.#outcomes.size === 0;
  }

  outcome(path: string): Entry | undefined {
    return this.#outcomes.get(path);
  }

  /** The items that failed, and whose map continued without them. */
  get failures(): ReadonlyArray<string> {
    return [...this.#outcomes.values()].flatMap(({ kind, path }) => (kind === Kind.failure ? [path] : []));
  }

  takeOutcome(path: string): Entry | undefined {
    const entry = this.#outcomes.get(path);
    if (entry !== undefined) this.#outcomes.delete(path);
    return entry;
  }

  hasOutcome(path: string): boolean {
    return this.#outcomes.has(path);
  }

  /** The state that a loop began with. */
  firstState(path: string): string | undefined {
    return this.#firstStates.get(path);
  }

  get hasExpansions(): boolean {
    return this.#expansions.size > 0;
  }

  forgetOutcome(path: string): void {
    this.#outcomes.delete(path);
    this.#chosen.delete(path);
  }

  expansion(path: string): Entry | undefined {
    return this.#expansions.get(path);
  }

  /** Which items a map with `enough` has chosen. */
  chosen(path: string): string | undefined {
    return this.#chosen.get(path);
  }

  signal(path: string): string | undefined {
    return this.#signals.get(path);
  }

  get sentTo(): Iterable<string> {
    return this.#signals.keys();
  }

  setSignal(path: string, text: string): void {
    this.#signals.set(path, text);
  }

  forgetSignal(path: string): void {
    this.#signals.delete(path);
  }

  setDeadline(path: string, time: number): void {
    this.#deadlines.set(path, time);
  }

  deadline(path: string): number | undefined {
    return this.#deadlines.get(path);
  }

  /** Adds the wait of a step. Returns false if it is recorded already. */
  addWait(path: string, text: string): boolean {
    if (this.#waits.get(path) === text) return false;
    this.#waits.set(path, text);
    return true;
  }

  /** Forgets the records at and beneath these paths. Returns the values sent there that no step has received. */
  drop(paths: ReadonlySet<string>): ReadonlyArray<readonly [path: string, text: string]> {
    const unused: Array<readonly [path: string, text: string]> = [];
    for (const [at, text] of this.#signals) {
      if (isAtOrUnderAny(at, paths)) unused.push([at, text]);
    }
    const all = [
      this.#outcomes,
      this.#expansions,
      this.#signals,
      this.#deadlines,
      this.#waits,
      this.#chosen,
      this.#firstStates,
    ];
    for (const records of all) {
      for (const key of records.keys()) if (isAtOrUnderAny(key, paths)) records.delete(key);
    }
    return unused;
  }
}
