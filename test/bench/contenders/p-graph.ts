/** p-graph passes on no values: its steps read and write an array. */
import { PGraph } from "p-graph";
import type { PGraphNode } from "p-graph";
import type { Contender } from "../contender.ts";
import type { Graph } from "../workloads.ts";
import { expansion } from "../workloads.ts";
import { plainStep } from "./plain-step.ts";

const prepare = ({ nodes, limit }: Graph): (() => Promise<number>) => {
  const values: Array<number> = Array.from({ length: nodes.length });
  const steps = new Map<string, PGraphNode>();
  const edges: Array<[string, string]> = [];
  for (const node of nodes) {
    steps.set(node.id, {
      run: async () => {
        const inputs = node.deps.map((index) => values[index]!);
        values[node.index] = await (node.expand === undefined
          ? plainStep(node, inputs)
          : prepare(expansion(node))());
      },
    });
    for (const dep of node.deps) edges.push([nodes[dep]!.id, node.id]);
  }
  const steppable = new PGraph(steps, edges);
  return async () => {
    await steppable.run(limit === undefined ? {} : { concurrency: limit });
    return values.at(-1)!;
  };
};

export const pGraph: Contender = {
  name: "p-graph",
  file: "p-graph",
  kind: "peer",
  skip: { huge: "too slow" },
  prepare,
};
