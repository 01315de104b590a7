/** Espalier as its users have it: the public builder, named steps and inputs, every check on. */
import { pipeline } from "espalier";
import type { Pipeline, RunOptions } from "espalier";
import * as Effect from "effect/Effect";
import type { Contender } from "../contender.ts";
import type { Graph, Node } from "../workloads.ts";
import { compute, counter, expansion, workloads } from "../workloads.ts";

type Inputs = Readonly<Record<string, number>>;
type Built = Pipeline<{}, Record<string, number>, never, never>;

/**
 * The builder without its types: graphs of the benchmark are data, and the compiler knows only pipelines that are written out.
 */
interface Untyped {
  readonly step: (name: string, inputs: ReadonlyArray<string>, run: (inputs: Inputs) => unknown) => Untyped;
  readonly dynamic: (name: string, inputs: ReadonlyArray<string>, expand: () => unknown) => Untyped;
  readonly returns: (name: string) => Untyped;
}

/** The function of a step, which reads its inputs by name. */
type Body = (node: Node, names: ReadonlyArray<string>, inputs: Inputs) => unknown;

const hashOf = (node: Node, names: ReadonlyArray<string>, inputs: Inputs): number => {
  counter.executed++;
  let hash = node.index + 1;
  for (const name of names) hash = (Math.imul(hash, 31) + inputs[name]!) | 0;
  return hash;
};

const plain = (node: Node, names: ReadonlyArray<string>, inputs: Inputs): number | Promise<number> =>
  node.sleep === 0
    ? hashOf(node, names, inputs)
    : new Promise((resolve) => {
        setTimeout(() => resolve(hashOf(node, names, inputs)), node.sleep);
      });

const promise: Body = async (node, names, inputs) => plain(node, names, inputs);

const effect: Body = (node, names, inputs) =>
  node.sleep === 0
    ? Effect.sync(() => hashOf(node, names, inputs))
    : Effect.map(Effect.sleep(node.sleep), () => hashOf(node, names, inputs));

/** `last` is the name of the last step: that of the dynamic step whose expansion the graph is. */
const build = ({ nodes }: Graph, body: Body, last = nodes.at(-1)!.id): Built => {
  let built = pipeline("benchmark") as unknown as Untyped;
  for (const node of nodes) {
    const names = node.deps.map((index) => nodes[index]!.id);
    const name = node.index === nodes.length - 1 ? last : node.id;
    built =
      node.expand === undefined
        ? built.step(name, names, (inputs) => body(node, names, inputs))
        : built.dynamic(name, names, () => build(expansion(node), body, name));
  }
  return built.returns(last) as unknown as Built;
};

/** Enough for every graph of the benchmark: the defaults stop a pipeline that expands forever much earlier. */
const optionsOf = ({ limit }: Graph): RunOptions => ({
  ...(limit === undefined ? {} : { concurrency: limit }),
  maxDepth: 1_000_000,
  maxSteps: 100_000_000,
});

const contender = (name: string, body: Body): Contender => ({
  name,
  file: "espalier",
  kind: "espalier",
  prepare: (graph) => {
    const last = graph.nodes.at(-1)!.id;
    const program = build(graph, body).run({}, optionsOf(graph));
    return async () => (await Effect.runPromise(program))[last]!;
  },
});

/** 1 → n → 1 with a map instead of n steps. */
const mapped: Contender = {
  name: "Espalier, map",
  file: "espalier",
  kind: "espalier",
  skip: Object.fromEntries(
    workloads.filter(({ key }) => !key.startsWith("fan-")).map(({ key }) => [key, "it is not a map"]),
  ),
  prepare: (graph) => {
    const { nodes } = graph;
    const items = nodes.slice(1, -1);
    const program = pipeline("benchmark")
      .step("first", [], () => compute(nodes[0]!, []))
      .step("nodes", ["first"], () => items)
      .map("values", "nodes", ["first"], (node, { first }) => Effect.sync(() => compute(node, [first])))
      .step("last", ["values"], ({ values }) => compute(nodes.at(-1)!, values))
      .returns("last")
      .run({}, optionsOf(graph));
    return async () => (await Effect.runPromise(program)).last;
  },
};

export const espalier: ReadonlyArray<Contender> = [
  contender("Espalier, values", plain),
  contender("Espalier, promises", promise),
  contender("Espalier, Effects", effect),
  mapped,
];
