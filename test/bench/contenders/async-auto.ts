import { auto } from "async";
import type { Contender } from "../contender.ts";
import type { Graph } from "../workloads.ts";
import { expansion } from "../workloads.ts";
import { plainStep } from "./plain-step.ts";

type Results = Readonly<Record<string, number>>;
type Task = (results: Results) => Promise<number>;

const prepare = ({ nodes, limit }: Graph): (() => Promise<number>) => {
  const tasks: Record<string, Task | Array<string | Task>> = {};
  for (const node of nodes) {
    const deps = node.deps.map((index) => nodes[index]!.id);
    const start: Task = async (results) =>
      node.expand === undefined
        ? plainStep(
            node,
            deps.map((id) => results[id]!),
          )
        : prepare(expansion(node))();
    tasks[node.id] = deps.length === 0 ? async () => start({}) : [...deps, start];
  }
  return async () => (await auto(tasks, limit ?? Infinity))[nodes.at(-1)!.id]!;
};

export const asyncAuto: Contender = {
  name: "async.auto",
  file: "async-auto",
  kind: "peer",
  skip: { "fan-10k": "over 20 s", memory: "over 60 s" },
  prepare,
};
