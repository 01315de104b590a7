/**
 * A run as a tree that grows with its events: what a terminal shows, and what the summary at its end counts.
 *
 * It stays small whatever the run: an item of a map is there while it runs, or when it failed; of those that succeeded
 * only the number is kept.
 */
import type { Plan, StepKind } from "../../types/plan.ts";
import type { PipelineEvent } from "../events.ts";
import { canExpand } from "../graph/kinds.ts";
import { isItem, lastOf, parentOf } from "../path.ts";

export type NodeState =
  | "waiting"
  | "running"
  | "retrying"
  | "done"
  | "failed"
  | "skipped"
  | "stopped"
  | "leaked";

/** The run itself, a step, or an item of a map. */
export class TreeNode {
  readonly path: string;
  readonly name: string;
  readonly parent: TreeNode | undefined;
  kind: StepKind | "item" | "run";
  /** The paths of the steps that it reads. */
  readonly reads: ReadonlyArray<string>;
  state: NodeState = "waiting";
  began: number | undefined = undefined;
  ended: number | undefined = undefined;
  /** Until then it was at work itself: what it became counts by its steps. */
  grewAt: number | undefined = undefined;
  attempt = 0;
  fraction: number | undefined = undefined;
  note: string | undefined = undefined;
  error: unknown = undefined;
  /** The name of the pipeline that it became. */
  became: string | undefined = undefined;
  /** Its output came from an earlier run. */
  isRecalled = false;

  readonly children: Array<TreeNode> = [];
  readonly active = new Set<TreeNode>();
  /** Of a map: how many items it has, and how many have ended. */
  items: number | undefined = undefined;
  itemsDone = 0;
  itemsFailed = 0;
  /** Of a map: the item that ended last. */
  lastItem: TreeNode | undefined = undefined;

  constructor(
    path: string,
    name: string,
    kind: TreeNode["kind"],
    parent: TreeNode | undefined,
    reads: ReadonlyArray<string> = [],
  ) {
    this.path = path;
    this.name = name;
    this.kind = kind;
    this.parent = parent;
    this.reads = reads;
  }

  get isActive(): boolean {
    return this.state === "running" || this.state === "retrying";
  }

  get hasGrown(): boolean {
    return this.became !== undefined || this.items !== undefined;
  }
}

/** So many failed items of a map are kept for showing. */
const mostFailedItems = 50;

/** A step that cannot expand, or an item that did not. Expansions are counted by themselves. */
const countsAsStep = ({ kind, hasGrown }: TreeNode): boolean =>
  kind !== "run" && (kind === "item" ? !hasGrown : !canExpand(kind));

export class RunTree {
  readonly root: TreeNode;
  runId = "";
  /** Steps that have ended well, items of maps among them; expansions are counted by themselves. */
  steps = 0;
  expansions = 0;
  failed = 0;
  skipped = 0;
  recalled = 0;
  /** The time that all steps took together. */
  summed = 0;
  lastTime = 0;
  /** The step that failed first. */
  firstFailure: { readonly path: string; readonly error: unknown } | undefined = undefined;
  readonly #nodes = new Map<string, TreeNode>();

  constructor(name: string, plan?: Plan) {
    this.root = new TreeNode("", name, "run", undefined);
    if (plan !== undefined) this.#grow(this.root, plan);
  }

  node(path: string): TreeNode | undefined {
    return this.#nodes.get(path);
  }

  event(event: PipelineEvent): void {
    this.lastTime = event.time;
    this.runId = event.runId;
    const { root } = this;
    switch (event.type) {
      case "run.started":
        root.state = "running";
        root.began = event.time;
        if (root.children.length === 0 && event.plan !== undefined) this.#grow(root, event.plan);
        return;
      case "run.succeeded":
        return this.#end(root, "done", event.time);
      case "run.failed":
        root.error = event.error;
        return this.#end(root, "failed", event.time);
      case "run.interrupted":
        return this.#end(root, "stopped", event.time);
      case "run.paused":
        root.note = `paused: ${event.error.message}`;
        return;
      case "run.continued":
        root.note = undefined;
        return;
      default:
        return this.#stepEvent(event);
    }
  }

  #stepEvent(event: Extract<PipelineEvent, { readonly path: string }>): void {
    const node = this.#at(event.path);
    switch (event.type) {
      case "step.started":
      case "expansion.started":
        node.attempt = event.attempt;
        node.began ??= event.time;
        node.fraction = undefined;
        if (event.type === "expansion.started" && node.kind === "step") node.kind = "dynamic";
        return this.#activate(node, "running");
      case "step.retried":
        node.error = event.error;
        return this.#activate(node, "retrying");
      case "step.progressed":
        node.fraction = Number.isFinite(event.fraction)
          ? Math.min(1, Math.max(0, event.fraction))
          : undefined;
        node.note = event.note;
        return;
      case "expansion.expanded":
        this.expansions++;
        if (event.items !== undefined) {
          node.items = event.items;
          node.kind = "map";
        }
        if (event.plan !== undefined) {
          this.#forget(node);
          this.summed += event.time - (node.grewAt ?? node.began ?? event.time);
          node.grewAt = event.time;
          node.became = event.plan.name;
          this.#grow(node, event.plan);
        }
        return;
      case "step.recalled":
      case "cache.hit":
        node.isRecalled = true;
        this.recalled++;
        return event.type === "step.recalled" ? this.#end(node, "done", event.time) : undefined;
      case "step.succeeded":
      case "expansion.succeeded":
        return this.#end(node, "done", event.time);
      case "step.failed":
      case "expansion.failed":
        node.error = event.error;
        this.firstFailure ??= { path: event.path, error: event.error };
        return this.#end(node, "failed", event.time);
      case "step.skipped":
        return this.#end(node, "skipped", event.time);
      case "step.interrupted":
        return this.#end(node, "stopped", event.time);
      case "step.leaked":
        return this.#end(node, "leaked", event.time);
      case "step.logged":
      case "cache.missed":
        return;
    }
  }

  /** The node of a path. Of a run whose plan is not known, it is made when it is first heard of. */
  #at(path: string): TreeNode {
    const known = this.#nodes.get(path);
    if (known !== undefined) return known;
    // From the outside inward, without recursion: paths are as deep as data says.
    const missing: Array<string> = [];
    let at = path;
    for (; at !== "" && !this.#nodes.has(at); at = parentOf(at)) missing.push(at);
    let parent = at === "" ? this.root : this.#nodes.get(at)!;
    for (const next of missing.toReversed()) {
      if (isItem(next)) parent.kind = "map";
      parent = this.#add(next, lastOf(next), isItem(next) ? "item" : "step", parent, []);
      // What is around something that has begun has begun too.
      if (next !== path) this.#activate(parent, "running");
    }
    return parent;
  }

  #add(
    path: string,
    name: string,
    kind: TreeNode["kind"],
    parent: TreeNode,
    reads: ReadonlyArray<string>,
  ): TreeNode {
    const node = new TreeNode(path, name, kind, parent, reads);
    this.#nodes.set(path, node);
    // Items are in `active` only, and among the children once they have failed.
    if (kind !== "item") parent.children.push(node);
    return node;
  }

  #grow(node: TreeNode, plan: Plan): void {
    for (const { path, name, kind, inputs } of plan.steps) {
      const reads = inputs.flatMap(({ from }) => (from === "" ? [] : [from]));
      this.#add(path, name, kind, node, reads);
    }
  }

  #activate(node: TreeNode, state: NodeState): void {
    node.state = state;
    node.ended = undefined;
    node.parent?.active.add(node);
  }

  #end(node: TreeNode, state: NodeState, time: number): void {
    if (node.ended !== undefined && state !== "leaked") return;
    node.state = state;
    node.ended = time;
    node.parent?.active.delete(node);
    const isLeaf = node.kind !== "run" && !node.hasGrown;
    if (isLeaf && node.began !== undefined) this.summed += time - node.began;
    if (state === "done" && countsAsStep(node)) this.steps++;
    if (state === "failed" && isLeaf) this.failed++;
    if (state === "skipped") this.skipped++;
    if (node.kind === "item") this.#endItem(node, state);
  }

  #endItem(item: TreeNode, state: NodeState): void {
    const map = item.parent!;
    if (state === "done") map.itemsDone++;
    else if (state === "failed") map.itemsFailed++;
    map.lastItem = item;
    if ((state === "failed" || state === "leaked") && map.children.length < mostFailedItems) {
      map.children.push(item);
      return;
    }
    this.#forget(item);
    this.#nodes.delete(item.path);
  }

  /** Drops all that is inside of a node. */
  #forget(node: TreeNode): void {
    const stack = [...node.children, ...node.active];
    for (let inner = stack.pop(); inner !== undefined; inner = stack.pop()) {
      this.#nodes.delete(inner.path);
      stack.push(...inner.children, ...inner.active);
    }
    node.active.clear();
    if (node.kind !== "item") node.children.length = 0;
  }
}
