import type { Graph } from "../../engine/graph.ts";
import type { Executor, StepCall } from "../../engine/executor.ts";
import { watchRuns } from "../../engine/seams.ts";
import { describe } from "../../values/describe.ts";
import { parametersOf, whenGiven, withParameters } from "../instrument.ts";
import type { Law, LawTools, Verdict } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, Subject } from "../observe.ts";
import { areSame, outcomeOf } from "../outcome.ts";
import { copied, frozen, isRefusedChange } from "../values.ts";
import { dataText } from "../words.ts";

interface Change {
  readonly path: string;
  readonly actual: string;
}

const short = (text: string): string => (text.length <= 200 ? text : `${text.slice(0, 199)}…`);

/** A value in its state when it was first seen. */
interface Seen {
  readonly text: string;
  /** The place where it is read by name, or the step that returned it. */
  readonly name: string;
}

/** Records the values that steps read and return, and finds those that have changed since. */
class Watch {
  calls = 0;
  readonly #seen = new Map<object, Seen>();
  readonly #isNear: boolean;
  /** Calls that have not ended. */
  readonly #active = new Map<StepCall, string>();
  #change: Change | undefined;

  /** Near: looks for changes after every call, to identify the step. */
  constructor(isNear: boolean) {
    this.#isNear = isNear;
  }

  readonly around = (call: StepCall, next: Executor): unknown => {
    this.calls++;
    const { inputs, item, path } = call;
    this.#remember(item, "its item");
    for (const [name, value] of Object.entries(inputs)) this.#remember(value, `"${name}"`);
    if (!this.#isNear) return next(call);
    this.#active.set(call, path);
    const look = (): void => {
      this.#look(path);
      this.#active.delete(call);
    };
    try {
      const value = next(call);
      this.#look(path);
      return whenGiven(value, (given) => {
        look();
        return given;
      });
    } catch (thrown) {
      look();
      throw thrown;
    }
  };

  readonly onReturned = ({ path }: StepCall, value: unknown): void => {
    this.#remember(value, `what "${path}" returned`);
  };

  #remember(value: unknown, name: string): void {
    if (typeof value !== "object" || value === null || this.#seen.has(value)) return;
    this.#seen.set(value, { text: dataText(value), name });
  }

  #look(path: string): void {
    if (this.#change !== undefined) return;
    const changed = this.changed;
    if (changed === undefined) return;
    const others = new Set(this.#active.values());
    others.delete(path);
    const beside = [...others].map((other) => `"${other}"`).join(", ");
    const maybe = beside === "" ? "" : ` (or one that ran beside it did: ${beside})`;
    this.#change = { path, actual: `changed ${changed}${maybe}` };
  }

  /** The first value that has changed, and how. */
  get changed(): string | undefined {
    for (const [value, { name, text }] of this.#seen) {
      const now = dataText(value);
      if (now !== text) return `${name}, which others read: ${short(text)} became ${short(now)}`;
    }
    return undefined;
  }

  get change(): Change | undefined {
    return this.#change;
  }
}

const changing = ({ actual, path }: Change, plan: Observed["plan"]): Verdict =>
  broken("inputs are left as they are", `"${path}" ${actual}`, { path, plan });

/** Identifies the step that changed a value, by looking after each call. */
const blamed = async (subject: Subject, given: Given, changed: string): Promise<Verdict> => {
  const near = new Watch(true);
  const { around, onReturned } = near;
  const { plan } = await settled(subject, given, { around, onReturned });
  return near.change === undefined
    ? broken("a value stays what it was when it was first read", `a step changed ${changed}`, { plan })
    : changing(near.change, plan);
};

const refusal = (path: string, thrown: unknown): Change => ({
  path,
  actual: `tried to change a value that it reads: ${describe(thrown)}`,
});

/** A run in which every step reads copies, frozen or not. A shared object stays one object. */
const onCopies = async (
  subject: Subject,
  given: Given,
  isFrozen: boolean,
): Promise<{ readonly run: Observed; readonly refused: ReadonlyArray<Change> }> => {
  const known = new WeakMap<object, object>();
  const refused: Array<Change> = [];
  const run = await settled(subject, given, {
    around: (call, next) => {
      const all = parametersOf(call);
      const copies = isFrozen ? frozen(all, known) : copied(all, { known });
      try {
        return next(withParameters(call, copies));
      } catch (thrown) {
        if (isRefusedChange(thrown)) refused.push(refusal(call.path, thrown));
        throw thrown;
      }
    },
  });
  for (const event of run.events) {
    if (event.type !== "step.failed" && event.type !== "expansion.failed") continue;
    const cause: unknown = (event.error as { readonly cause?: unknown } | undefined)?.cause;
    if (isRefusedChange(cause)) refused.push(refusal(event.path, cause));
  }
  return { run, refused: isFrozen ? refused : [] };
};

/**
 * A write that a frozen object rejects may be caught, or ignored by sloppy-mode code: then the run's result
 * differs. It may also differ if objects are compared by identity; then unfrozen copies make the same difference.
 */
const swallowed = async (
  subject: Subject,
  given: Given,
  base: Observed,
  onFrozen: Observed,
  { same }: LawTools,
): Promise<Verdict | undefined> => {
  if (areSame(base, onFrozen, same)) return undefined;
  const { run } = await onCopies(subject, given, false);
  if (!areSame(base, run, same)) return undefined;
  return broken(
    `it ${outcomeOf(base)}`,
    `on frozen inputs, it ${outcomeOf(onFrozen)}: a step changes a value that it reads and swallows the error`,
    { plan: onFrozen.plan },
  );
};

export const pure: Law = {
  name: "pure",
  sentence: "Expanding runs no sub-step, and no step changes a value that it reads.",
  check: async (subject, given, tools) => {
    const watch = new Watch(false);
    const { around, onReturned } = watch;
    const ran = new WeakSet<Graph>();
    const unwatch = watchRuns((graph) => ran.add(graph));
    let observed: Observed;
    try {
      observed = await settled(subject, given, { around, onReturned });
    } finally {
      unwatch();
    }
    const { changed } = watch;
    if (changed !== undefined) return blamed(subject, given, changed);
    for (const { path, expansion } of observed.expansions) {
      if (expansion.type !== "graph" || !ran.has(expansion.graph)) continue;
      const actual = `"${path}" ran the pipeline that it returned`;
      return broken("expanding runs nothing", actual, { path, plan: observed.plan });
    }
    const { refused, run } = await onCopies(subject, given, true);
    if (refused[0] !== undefined) return changing(refused[0], run.plan);
    const hidden = await swallowed(subject, given, observed, run, tools);
    if (hidden !== undefined) return hidden;
    return watch.calls > 0 ? held : vacuous("no step was called");
  },
};
