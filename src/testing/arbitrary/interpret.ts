/**
 * The model: what a run of a shape must give, and how often each function is called, by a sequential interpreter that
 * knows nothing of frames, fibers or queues.
 */
import type { Shape, ShapeNode, Values } from "./shape.ts";
import { choose, digest, kindOf, listBefore, listOf, nameOf, readsOf } from "./shape.ts";

/**
 * What a run must do.
 *
 * @public
 */
export interface Model {
  readonly outputs: Readonly<Record<string, unknown>>;
  /** How often each function is called, by path. */
  readonly calls: Readonly<Record<string, number>>;
}

type Call = (path: string) => void;

const interpret = (shape: Shape, depth: number, prefix: string, given: Values, call: Call): Values => {
  const values: Values = { ...given };
  /** The value of a sub-pipeline is a digest of its last node, exposed by a step of its own. */
  const expand = (node: ShapeNode, path: string, seed: number, inputs: Values): unknown => {
    const sub = choose(node.subs, seed);
    if (sub === undefined) return seed;
    const results = interpret(sub, depth + 1, `${path}/`, inputs, call);
    call(`${path}/exposed`);
    call(`${path}/${path.split("/").at(-1)!.replace(/\[.*/, "")}`);
    return digest(node.salt, [results[nameOf(depth + 1, sub.nodes.length - 1)]]);
  };
  shape.nodes.forEach((node, index) => {
    const name = nameOf(depth, index);
    const path = prefix + name;
    const reads = readsOf(node, depth, index, Object.keys(given));
    const inputs = Object.fromEntries(reads.map((read) => [read, values[read]]));
    const seed = digest(node.salt, Object.values(inputs));
    const kind = kindOf(shape, index);
    if (kind === "map") {
      const items = values[listBefore(shape, depth, index)!] as ReadonlyArray<unknown>;
      values[name] = items.map((item, i) => {
        call(`${path}[${i}]`);
        return expand(node, `${path}[${i}]`, digest(seed, [item]), inputs);
      });
      return;
    }
    call(path);
    if (kind === "list") values[name] = listOf(seed);
    else if (kind === "switch" || kind === "dynamic") values[name] = expand(node, path, seed, inputs);
    else values[name] = seed;
    if (kind === "pair") values[`${name}b`] = seed + 1;
  });
  return values;
};

/** What a run of the shape must do. */
export const modelOf = (shape: Shape): Model => {
  const calls: Record<string, number> = {};
  const call: Call = (path) => {
    calls[path] = (calls[path] ?? 0) + 1;
  };
  return { outputs: interpret(shape, 0, "", {}, call), calls };
};
