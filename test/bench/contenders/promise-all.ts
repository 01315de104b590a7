/** By hand: one promise for each step, `Promise.all` over its inputs. A counting semaphore for the limit. */
import type { Contender } from "../contender.ts";
import type { Graph, Node } from "../workloads.ts";
import { expansion } from "../workloads.ts";
import { plainStep } from "./plain-step.ts";

type Gate = (task: () => number | Promise<number>) => Promise<number>;

const gate = (limit: number): Gate => {
  let free = limit;
  const waiting: Array<() => void> = [];
  return async (task) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free--;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
};

type Body = (node: Node, inputs: ReadonlyArray<number>) => number | Promise<number>;

const execute = ({ nodes, limit }: Graph, body: Body): Promise<number> => {
  const limited = limit === undefined ? undefined : gate(limit);
  const promises: Array<Promise<number>> = [];
  for (const node of nodes) {
    const call = (inputs: ReadonlyArray<number>): number | Promise<number> =>
      node.expand === undefined ? body(node, inputs) : execute(expansion(node), body);
    const start =
      limited === undefined ? call : (inputs: ReadonlyArray<number>) => limited(() => call(inputs));
    const { deps } = node;
    if (deps.length === 0) promises.push(Promise.resolve(start([])));
    else if (deps.length === 1) promises.push(promises[deps[0]!]!.then((value) => start([value])));
    else promises.push(Promise.all(deps.map((index) => promises[index]!)).then(start));
  }
  return promises.at(-1)!;
};

const promiseStep: Body = async (node, inputs) => plainStep(node, inputs);

export const promiseAll: ReadonlyArray<Contender> = [
  {
    name: "Promise.all, values",
    file: "promise-all",
    kind: "by hand",
    prepare: (graph) => () => execute(graph, plainStep),
  },
  {
    name: "Promise.all, promises",
    file: "promise-all",
    kind: "by hand",
    prepare: (graph) => () => execute(graph, promiseStep),
  },
];
