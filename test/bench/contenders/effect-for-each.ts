/** By hand in Effect: `Effect.forEach` over each level of the graph, with a barrier after each. */
import * as Effect from "effect/Effect";
import type { Contender } from "../contender.ts";
import type { Graph, Node } from "../workloads.ts";
import { effectBody } from "./effect-step.ts";

const levels = ({ nodes }: Graph): ReadonlyArray<ReadonlyArray<Node>> => {
  const found: Array<Array<Node>> = [];
  const levelOf: Array<number> = [];
  for (const node of nodes) {
    const level = node.deps.reduce((deepest, index) => Math.max(deepest, levelOf[index]! + 1), 0);
    levelOf.push(level);
    (found[level] ??= []).push(node);
  }
  return found;
};

const execute = (graph: Graph): Effect.Effect<number> => {
  const batches = levels(graph);
  return Effect.suspend(() => {
    const values: Array<number> = Array.from({ length: graph.nodes.length });
    const runNode = (node: Node): Effect.Effect<void> =>
      Effect.map(
        effectBody(
          node,
          node.deps.map((index) => values[index]!),
          execute,
        ),
        (value) => {
          values[node.index] = value;
        },
      );
    const options = { concurrency: graph.limit ?? "unbounded", discard: true } as const;
    const level = (batch: ReadonlyArray<Node>): Effect.Effect<void> =>
      batch.length === 1 ? runNode(batch[0]!) : Effect.forEach(batch, runNode, options);
    return Effect.map(Effect.forEach(batches, level, { discard: true }), () => values.at(-1)!);
  });
};

export const effectForEach: Contender = {
  name: "Effect.forEach, level by level",
  file: "effect-for-each",
  kind: "by hand",
  prepare: (graph) => {
    const program = execute(graph);
    return () => Effect.runPromise(program);
  },
};
