/** A step as an Effect. */
import * as Effect from "effect/Effect";
import type { Graph, Node } from "../workloads.ts";
import { compute, expansion } from "../workloads.ts";

const effectStep = (node: Node, inputs: ReadonlyArray<number>): Effect.Effect<number> =>
  node.sleep === 0
    ? Effect.sync(() => compute(node, inputs))
    : Effect.map(Effect.sleep(node.sleep), () => compute(node, inputs));

/** The same, or the expansion of a dynamic step, which `execute` runs. */
export const effectBody = (
  node: Node,
  inputs: ReadonlyArray<number>,
  execute: (graph: Graph) => Effect.Effect<number>,
): Effect.Effect<number> =>
  node.expand === undefined ? effectStep(node, inputs) : Effect.suspend(() => execute(expansion(node)));
