/**
 * The state of a run, derived from its events. `apply.ts` updates it event by event; terminal, report, handle and
 * spans read it. It depends on nothing but the events.
 *
 * The view decides how much it keeps: a terminal keeps a map item only while it runs or if it failed, and a
 * report keeps them all up to a limit. Failed items are kept in either case.
 */
import type { Plan, StepKind } from "../../types/plan.ts";
import { canExpand, expandsMany, stepKinds } from "../graph/kinds.ts";
import { isItem, keyOf, lastOf, parentOf } from "../path.ts";

export type StepStatus =
  /** Not started yet. */
  | "pending"
  | "running"
  /** It has started, and waits for a value from outside or for time to pass. */
  | "waiting"
  | "retrying"
  | "done"
  | "failed"
  | "skipped"
  /** Interrupted. */
  | "stopped"
  /** It ignored its interruption and was abandoned. */
  | "leaked";

/** The run itself, a step, or an item of a map. Times are milliseconds since 1970. */
export class StepState {
  readonly path: string;
  readonly name: string;
  readonly parent: StepState | undefined;
  kind: StepKind | "item" | "run";
  /** The paths of the steps that it reads. */
  readonly reads: ReadonlyArray<string>;
  status: StepStatus = "pending";
  began: number | undefined = undefined;
  ended: number | undefined = undefined;
  attempt = 0;
  /** When the current attempt began. */
  attemptBegan: number | undefined = undefined;
  fraction: number | undefined = undefined;
  note: string | undefined = undefined;
  /** The number of values emitted in this attempt, and the last one. */
  emitted = 0;
  lastEmitted: unknown = undefined;
  error: unknown = undefined;
  /** The error that its fallback replaced. */
  fellBackFor: { readonly error: unknown } | undefined = undefined;
  /** For a skipped step: the path of the failed step; empty if the run ended first. */
  because: string | undefined = undefined;
  /** The state of its compensation. */
  undone: "under way" | "done" | "failed" | undefined = undefined;
  /** Its output was recorded by an earlier part of this run, or computed by another run. */
  isRecalled = false;

  /** When it expanded, or returned a direct value. Until then, its own function was running; afterwards, its steps count. */
  expandedAt: number | undefined = undefined;
  /** The graph that it expanded to. */
  plan: Plan | undefined = undefined;
  /** The steps of that graph are not kept because there are too many. */
  isLeftOut = false;
  readonly children: Array<StepState> = [];
  readonly active = new Set<StepState>();
  /** For a map or a race: the number of items or contenders. */
  items: number | undefined = undefined;
  /** The number of items, turns or contenders that have ended. */
  itemsDone = 0;
  itemsFailed = 0;
  /** The number of ended items that returned values and are not kept. */
  itemsLeftOut = 0;
  /** The item, turn or contender that ended last. */
  lastItem: StepState | undefined = undefined;
  /** For a race: the contender that succeeded first. */
  winner: StepState | undefined = undefined;

  constructor(
    path: string,
    name: string,
    kind: StepState["kind"],
    parent: StepState | undefined,
    reads: ReadonlyArray<string> = [],
  ) {
    this.path = path;
    this.name = name;
    this.kind = kind;
    this.parent = parent;
    this.reads = reads;
  }

  get isActive(): boolean {
    return this.status === "running" || this.status === "waiting" || this.status === "retrying";
  }

  get hasGrown(): boolean {
    return this.plan !== undefined || this.items !== undefined;
  }
}

/** Does it have items, or other children with a key in their path? */
export const hasItems = ({ kind }: StepState): boolean =>
  kind !== "run" && kind !== "item" && expandsMany(kind);

/** Does its work consist of the steps inside it? */
const isOfParts = (step: StepState): boolean =>
  step.hasGrown || (step.expandedAt !== undefined && hasItems(step));

const counted = (count: number, word: string): string =>
  `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

/** The parts of a step so far: "12 items, 3 failed", "6 turns", "2 contenders: fast won". Undefined if it has no such parts. */
export const partsText = (step: StepState): string | undefined => {
  const { kind, items, itemsDone, itemsFailed, winner, active } = step;
  if (!hasItems(step) || kind === "run" || kind === "item") return undefined;
  const count = items ?? itemsDone + itemsFailed + active.size;
  if (count === 0 && step.expandedAt === undefined) return undefined;
  const failed = itemsFailed === 0 ? "" : `, ${itemsFailed.toLocaleString("en")} failed`;
  const won = winner === undefined ? "" : `: ${keyOf(winner.path)} won`;
  return `${counted(count, stepKinds[kind].part!)}${failed}${won}`;
};

/** A step that cannot expand, or an item that did not. Expansions are counted separately. */
const countsAsStep = ({ kind, hasGrown }: StepState): boolean =>
  kind !== "run" && (kind === "item" ? !hasGrown : !canExpand(kind));

/** The parts of a run to keep. */
export interface Retention {
  /** Are the items of maps kept once they have succeeded? */
  readonly keepsItems: boolean;
  /** Is the inside of an expansion kept once it has ended? Yes, unless this is false. */
  readonly keepsInsides?: boolean;
  /** The maximum number of steps to keep; beyond it, only failed ones are kept. */
  readonly mostSteps: number;
}

const bounded: Retention = { keepsItems: false, mostSteps: Infinity };

/** The number of failed map items to keep if items are not kept. */
const mostFailedItems = 50;

export class RunState {
  readonly root: StepState;
  runId = "";
  /** The time of the latest event. */
  time = 0;
  /** The number of steps that succeeded, including map items; expansions are counted separately. */
  steps = 0;
  expansions = 0;
  failed = 0;
  skipped = 0;
  recalled = 0;
  /** The total time of all steps, in milliseconds. */
  summed = 0;
  /** If items are kept: every failure, including those of retried attempts, every skip and every abandoned step. */
  readonly failures: Array<{ readonly path: string; readonly error: unknown }> = [];
  readonly skips: Array<{ readonly path: string; readonly because: string }> = [];
  readonly leaks: Array<string> = [];
  /** If items are kept: every step whose compensation succeeded, in the order of compensation. */
  readonly undone: Array<string> = [];
  /** The number of steps not kept because there were too many. */
  leftOut = 0;
  readonly #steps = new Map<string, StepState>();
  readonly #retention: Retention;

  constructor(name: string, plan?: Plan, retention: Retention = bounded) {
    this.root = new StepState("", name, "run", undefined);
    this.#retention = retention;
    if (plan !== undefined) this.grow(this.root, plan);
  }

  /** Every kept step, in the order in which it became known. */
  get all(): Iterable<StepState> {
    return this.#steps.values();
  }

  /** Is the limit reached, so that only failed steps are still kept? */
  get isFull(): boolean {
    return this.#steps.size >= this.#retention.mostSteps;
  }

  /** Counts a step or an item that has ended and is not kept. */
  leaveOut(path: string): void {
    this.leftOut++;
    const map = isItem(path) ? this.#steps.get(parentOf(path)) : undefined;
    if (map !== undefined) map.itemsLeftOut++;
  }

  get keepsItems(): boolean {
    return this.#retention.keepsItems;
  }

  step(path: string): StepState | undefined {
    return this.#steps.get(path);
  }

  /** The step at a path. If no plan has named it, it is created together with its ancestors, unless there is no room for it. */
  at(path: string, isWanted: boolean): StepState | undefined {
    const known = this.#steps.get(path);
    if (known !== undefined) return known;
    if (!isWanted && this.isFull) return undefined;
    // From the outside inward, without recursion: the data determines the depth of paths.
    const missing: Array<string> = [];
    let at = path;
    for (; at !== "" && !this.#steps.has(at); at = parentOf(at)) missing.push(at);
    let parent = at === "" ? this.root : this.#steps.get(at)!;
    for (const next of missing.toReversed()) {
      const kind = isItem(next) ? "item" : "step";
      if (kind === "item" && parent.kind === "step") parent.kind = "map";
      parent = this.#add(next, lastOf(next), kind, parent, []);
      // The ancestors of a step that has begun have begun too.
      if (next !== path) this.activate(parent, "running");
    }
    return parent;
  }

  /** Adds the steps of a plan to the run, or to the step that expanded to it, if there is room for them. */
  grow(step: StepState, plan: Plan): void {
    step.plan = plan;
    step.isLeftOut = step !== this.root && this.#steps.size + plan.steps.length > this.#retention.mostSteps;
    if (step.isLeftOut) return;
    for (const { path, name, kind, inputs } of plan.steps) {
      const reads = inputs.flatMap(({ from }) => (from === "" ? [] : [from]));
      this.#add(path, name, kind, step, reads);
    }
  }

  activate(step: StepState, status: StepStatus): void {
    step.status = status;
    step.ended = undefined;
    step.parent?.active.add(step);
  }

  end(step: StepState, status: StepStatus, time: number): void {
    if (step.ended !== undefined && status !== "leaked") return;
    const isFirstEnd = step.ended === undefined;
    step.status = status;
    step.ended = time;
    step.parent?.active.delete(step);
    if (!isFirstEnd) return;
    const isLeaf = step.kind !== "run" && !isOfParts(step);
    if (isLeaf && step.began !== undefined) this.summed += time - step.began;
    if (status === "done" && countsAsStep(step)) this.steps++;
    // A loop can fail although none of its turns has.
    if (status === "failed" && (isLeaf || (hasItems(step) && step.itemsFailed === 0))) this.failed++;
    if (status === "skipped") this.skipped++;
    if (step.kind === "item") this.#endItem(step, status);
    if (this.#retention.keepsInsides === false && step !== this.root) this.forget(step);
  }

  /** Ends everything that is still running: the run has ended, and nothing of it continues. */
  endAll(time: number): void {
    const stack = [...this.root.active];
    for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
      stack.push(...step.active);
      this.end(step, "stopped", time);
    }
  }

  /** Drops everything inside a step: a new attempt begins. */
  forget(step: StepState): void {
    const stack = [...step.children, ...step.active];
    for (let inner = stack.pop(); inner !== undefined; inner = stack.pop()) {
      this.#steps.delete(inner.path);
      stack.push(...inner.children, ...inner.active);
    }
    step.active.clear();
    step.children.length = 0;
    step.itemsDone = 0;
    step.itemsFailed = 0;
    step.itemsLeftOut = 0;
    step.lastItem = undefined;
    step.winner = undefined;
  }

  #add(
    path: string,
    name: string,
    kind: StepState["kind"],
    parent: StepState,
    reads: ReadonlyArray<string>,
  ): StepState {
    const step = new StepState(path, name, kind, parent, reads);
    this.#steps.set(path, step);
    // If items are not kept, they are only in `active`, and among the children once they have failed.
    if (kind !== "item" || this.#retention.keepsItems) parent.children.push(step);
    return step;
  }

  #endItem(item: StepState, status: StepStatus): void {
    const map = item.parent!;
    if (status === "done") map.itemsDone++;
    else if (status === "failed") map.itemsFailed++;
    map.lastItem = item;
    if (status === "done" && map.kind === "race") map.winner ??= item;
    if (this.#retention.keepsItems) return;
    if ((status === "failed" || status === "leaked") && map.children.length < mostFailedItems) {
      map.children.push(item);
      return;
    }
    for (const inner of [...item.children, ...item.active]) this.#drop(inner);
    this.#steps.delete(item.path);
  }

  /** Removes a step and everything inside it from the index; code that holds the step can still walk it. */
  #drop(step: StepState): void {
    const stack = [step];
    for (let inner = stack.pop(); inner !== undefined; inner = stack.pop()) {
      this.#steps.delete(inner.path);
      stack.push(...inner.children, ...inner.active);
    }
  }
}
