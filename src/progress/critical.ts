/** The critical path: the chain of steps that made a run take as long as it did. */
import type { RunTree, TreeNode } from "./tree.ts";

export interface CriticalStep {
  readonly path: string;
  readonly millis: number;
}

const latest = (nodes: Iterable<TreeNode>): TreeNode | undefined => {
  let last: TreeNode | undefined;
  for (const node of nodes) {
    if (node.began === undefined || node.ended === undefined) continue;
    if (last === undefined || node.ended >= last.ended!) last = node;
  }
  return last;
};

/** From the step that ended last back to each one that it waited for longest, the insides of expansions in their place. */
export const criticalPath = (tree: RunTree): ReadonlyArray<CriticalStep> => {
  const chain: Array<CriticalStep> = [];
  // What is still to be walked, the next one last: the end of a chain, from which it goes back.
  const stack: Array<TreeNode> = [];
  const push = (node: TreeNode | undefined): void => {
    if (node !== undefined) stack.push(node);
  };
  push(latest(tree.root.children));
  const seen = new Set<TreeNode>();
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    const reads = new Set(node.reads);
    if (reads.size > 0) push(latest(node.parent!.children.filter(({ path }) => reads.has(path))));
    const inner = latest(node.children) ?? node.lastItem;
    // The inside of an expansion is walked before what came before it, so that the chain is in reverse order.
    if (inner === undefined) chain.push({ path: node.path, millis: node.ended! - node.began! });
    else push(inner);
  }
  return chain.toReversed();
};
