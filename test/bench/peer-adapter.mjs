/**
 * Espalier for a harness that has `workloads.mjs` beside its main program: graphs of nodes `{ id, index, deps, sleep,
 * compute, expand }`, and `runStep` and `expandStep`, which count. The default export is one adapter for each kind of
 * step. Names, validation and the public builder, as users have them.
 */
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { pipeline } from "espalier";
import * as Effect from "effect/Effect";

const beside = pathToFileURL(join(dirname(process.argv[1]), "workloads.mjs")).href;
const { expandStep, runStep } = await import(beside);

/** The inputs of a step in their order, of the record that it is given. */
const inOrder = (names, inputs) => {
  const values = new Array(names.length);
  for (let i = 0; i < names.length; i++) values[i] = inputs[names[i]];
  return values;
};

/** `last` names the last step: a sub-graph provides what its dynamic step exposes. */
const build = (graph, body, last) => {
  const { nodes } = graph;
  // The steps of a sub-graph are called as those of its parent; only the exposed name must be free of them.
  const nameOf = (node) =>
    node.index === graph.sink ? last : node.id === last ? `${node.id} of the expansion` : node.id;
  let built = pipeline("benchmark");
  for (const node of nodes) {
    const names = node.deps.map((index) => nameOf(nodes[index]));
    const name = nameOf(node);
    built = node.expand
      ? built.dynamic(name, names, (inputs) => build(expandStep(node, inOrder(names, inputs)), body, name))
      : built.step(name, names, (inputs) => body(node, names, inputs));
  }
  return built.returns(last);
};

const effectOf = (node, names, inputs) =>
  node.sleep === 0
    ? Effect.sync(() => node.compute(inOrder(names, inputs)))
    : Effect.map(Effect.sleep(node.sleep), () => node.compute(inOrder(names, inputs)));

const adapter = (name, body) => ({
  name,
  kind: "peer",
  huge: true,
  prepare(graph) {
    const last = graph.nodes[graph.sink].id;
    const options = { maxSteps: 10_000_000, ...(graph.limit ? { concurrency: graph.limit } : {}) };
    const program = build(graph, body, last).run({}, options);
    return async () => (await Effect.runPromise(program))[last];
  },
});

// oxlint-disable-next-line import/no-default-export -- the harness asks for one
export default [
  adapter("espalier (values)", (node, names, inputs) => runStep(node, inOrder(names, inputs))),
  adapter("espalier (promises)", async (node, names, inputs) => runStep(node, inOrder(names, inputs))),
  adapter("espalier (Effects)", effectOf),
];
