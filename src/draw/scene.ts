/**
 * A plan as a list of things to draw, in order: nodes, and clusters that open and close around the nodes of an
 * expansion. The common part of Mermaid and DOT; each of them writes a scene in its own syntax.
 *
 * Every id is made here (`n0`, `n1`, …), so a user's name is never read as syntax by a renderer. Uses an explicit
 * stack: plans can nest to any depth.
 */
import type { Plan, PlanExpansion, PlanStep, StepKind } from "../../types/plan.ts";

/** The look of a node: that of its kind of step, of an input, or of a value that was returned directly. */
export type SceneShape = StepKind | "input" | "value";

export interface SceneNode {
  readonly type: "node";
  readonly id: string;
  readonly shape: SceneShape;
  readonly label: string;
  /** The text to show on a closer look. */
  readonly detail: string;
}

interface SceneOpen {
  readonly type: "open";
  readonly id: string;
  readonly label: string;
}

export type SceneItem = SceneNode | SceneOpen | { readonly type: "close" };

export interface SceneEdge {
  readonly from: string;
  readonly to: string;
  /** The names that are read, if their source node does not show them. */
  readonly names: ReadonlyArray<string>;
  /** `expands`: from a dynamic step to what it returned. */
  readonly kind: "reads" | "expands";
}

export interface Scene {
  readonly name: string;
  readonly items: ReadonlyArray<SceneItem>;
  readonly edges: ReadonlyArray<SceneEdge>;
}

/** A graph still to draw, and the node of the step that returned it. */
type Task =
  | { readonly type: "plan"; readonly plan: Plan; readonly parent: string | undefined }
  | { readonly type: "step"; readonly step: PlanStep; readonly id: string }
  | { readonly type: "expansion"; readonly expansion: PlanExpansion; readonly parent: string }
  | { readonly type: "close" };

class SceneMaker {
  readonly items: Array<SceneItem> = [];
  readonly edges: Array<SceneEdge> = [];
  #nodes = 0;
  #clusters = 0;
  /** The remaining tasks, the next one last. */
  readonly #tasks: Array<Task> = [];

  draw(plan: Plan): void {
    this.#tasks.push({ type: "plan", plan, parent: undefined });
    for (let task = this.#tasks.pop(); task !== undefined; task = this.#tasks.pop()) {
      if (task.type === "plan") this.#plan(task.plan, task.parent);
      else if (task.type === "step") this.#step(task.step, task.id);
      else if (task.type === "expansion") this.#expansion(task.expansion, task.parent);
      else this.items.push(task);
    }
  }

  #node(shape: SceneShape, label: string, detail: string, id = this.#newId()): string {
    this.items.push({ type: "node", id, shape, label, detail });
    return id;
  }

  #newId(): string {
    return `n${this.#nodes++}`;
  }

  #open(label: string): void {
    this.items.push({ type: "open", id: `c${this.#clusters++}`, label });
  }

  #plan(plan: Plan, parent: string | undefined): void {
    const inputs = new Map<string, string>();
    const inputNode = (name: string): string => {
      const known = inputs.get(name);
      if (known !== undefined) return known;
      const id = this.#node("input", name, `input ${name}`);
      inputs.set(name, id);
      if (parent !== undefined) this.edges.push({ from: parent, to: id, names: [], kind: "expands" });
      return id;
    };
    for (const { name } of plan.inputs) inputNode(name);
    const ids = new Map<string, string>();
    const providers = new Map<string, PlanStep>();
    for (const step of plan.steps) {
      ids.set(step.path, this.#newId());
      providers.set(step.path, step);
    }
    for (const step of plan.steps) {
      const to = ids.get(step.path)!;
      const from = new Map<string, Array<string>>();
      for (const { name, from: path } of step.inputs) {
        // A plan made by hand may name a step that it does not have: that is drawn as an external input.
        const source = path === "" ? inputNode(name) : (ids.get(path) ?? inputNode(path));
        const names = from.get(source) ?? [];
        if (path !== "" && providers.get(path)?.name !== name && !names.includes(name)) names.push(name);
        from.set(source, names);
      }
      for (const [source, names] of from) this.edges.push({ from: source, to, names, kind: "reads" });
      if (from.size === 0 && parent !== undefined) {
        this.edges.push({ from: parent, to, names: [], kind: "expands" });
      }
    }
    for (const step of plan.steps.toReversed()) {
      this.#tasks.push({ type: "step", step, id: ids.get(step.path)! });
    }
  }

  #step(step: PlanStep, id: string): void {
    const detail = step.description === undefined ? step.path : `${step.path}: ${step.description}`;
    const expansions = step.expansions ?? [];
    if (expansions.length > 0) {
      this.#open(step.path);
      this.#tasks.push({ type: "close" });
    }
    this.#node(step.kind, step.name, detail, id);
    // A map may return a thousand direct values: one node represents all of them.
    const direct = expansions.filter(({ plan }) => plan === undefined);
    if (direct.length > 0) {
      const label = direct.length === 1 ? "direct value" : `${direct.length} direct values`;
      const value = this.#node("value", label, direct[0]!.path);
      this.edges.push({ from: id, to: value, names: [], kind: "expands" });
    }
    for (const expansion of expansions.toReversed()) {
      if (expansion.plan !== undefined) this.#tasks.push({ type: "expansion", expansion, parent: id });
    }
  }

  #expansion(expansion: PlanExpansion, parent: string): void {
    const plan = expansion.plan!;
    this.#open(`${expansion.path}: ${plan.name}`);
    this.#tasks.push({ type: "close" }, { type: "plan", plan, parent });
  }
}

/** Everything to draw for a plan. */
export const sceneOf = (plan: Plan): Scene => {
  const maker = new SceneMaker();
  maker.draw(plan);
  return { name: plan.name, items: maker.items, edges: maker.edges };
};

/** The label of an edge: the names, or their number. */
export const edgeLabel = (names: ReadonlyArray<string>): string =>
  names.length <= 4 ? names.join(", ") : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;

/** Indentation with a limit: a plan nested ten thousand deep would otherwise be mostly spaces. */
export const indent = (depth: number): string => "  ".repeat(Math.min(depth, 24));
