/**
 * The critical path: the chain of steps that determined a run's duration. For a failed run, the chain of steps
 * that led to the failure.
 */
import { item, keyOf, stepOf } from "../path.ts";
import type { RunState, StepState } from "./run-state.ts";

const lastOf = (steps: Iterable<StepState | undefined>): StepState | undefined => {
  let last: StepState | undefined;
  for (const step of steps) {
    if (step?.began === undefined || step.ended === undefined) continue;
    if (last === undefined || step.ended >= last.ended!) last = step;
  }
  return last;
};

/** For a loop turn: the path of the previous turn, which it waited for. */
const turnBefore = ({ path, parent }: StepState): string | undefined =>
  parent?.kind === "loop" ? item(stepOf(path), Number(keyOf(path)) - 1) : undefined;

/** The first failure: later ones may be its consequences. */
const firstOf = (failed: ReadonlyArray<StepState>): StepState | undefined => {
  let first: StepState | undefined;
  for (const step of failed) if (first === undefined || step.ended! < first.ended!) first = step;
  return first;
};

/**
 * The chain of failed steps in a failed run, from the outermost to the one that failed by itself. Empty for other runs, and
 * if the run failed by itself. A failure that its map collected does not count as a failure of the run.
 */
const failurePath = ({ root }: RunState): ReadonlyArray<StepState> => {
  const path: Array<StepState> = [];
  let at = root;
  for (;;) {
    const failed = at.status === "failed" ? at.children.filter(({ status }) => status === "failed") : [];
    const next = failed.find(({ error }) => error === at.error) ?? firstOf(failed);
    if (next === undefined) return path;
    path.push(next);
    at = next;
  }
};

/** The step whose failure the run failed with. */
export const fatalStep = (state: RunState): StepState | undefined => failurePath(state).at(-1);

/**
 * From the step that ended last (or whose failure ended the run) back through each one that it waited for longest, with
 * expansions replaced by their insides. In execution order. Linear in the number of steps.
 */
export const criticalPath = (state: RunState): ReadonlyArray<StepState> => {
  const failing = new Set(failurePath(state));
  const endOf = (steps: Iterable<StepState>): StepState | undefined => {
    for (const step of steps) if (failing.has(step) && step.began !== undefined) return step;
    return lastOf(steps);
  };
  const chain: Array<StepState> = [];
  // The chain ends still to walk back from, the next one last.
  const stack: Array<StepState> = [];
  const push = (step: StepState | undefined): void => {
    if (step !== undefined) stack.push(step);
  };
  // Not the state's own index: the inside of an item that ended is no longer in it.
  const indices = new Map<StepState, ReadonlyMap<string, StepState>>();
  const siblingsOf = (parent: StepState): ReadonlyMap<string, StepState> => {
    let index = indices.get(parent);
    if (index === undefined) {
      index = new Map(parent.children.map((child) => [child.path, child]));
      indices.set(parent, index);
    }
    return index;
  };
  push(endOf(state.root.children));
  const seen = new Set<StepState>();
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    if (seen.has(step)) continue;
    seen.add(step);
    if (step.reads.length > 0) {
      const beside = siblingsOf(step.parent!);
      push(lastOf(step.reads.map((path) => beside.get(path))));
    }
    const before = turnBefore(step);
    if (before !== undefined) push(siblingsOf(step.parent!).get(before));
    const within = endOf(step.children);
    // A race ends with its winner. If items are not kept, the last to end might not be among the children.
    const inner =
      within !== undefined && failing.has(within) ? within : (step.winner ?? lastOf([within, step.lastItem]));
    // The inside of an expansion is walked before the steps that precede it, so that the chain is in reverse order.
    if (inner?.ended === undefined) chain.push(step);
    else push(inner);
  }
  return chain.toReversed();
};
