/** A step as a user without Effect writes it: a value, or a promise if it waits. */
import type { Node } from "../workloads.ts";
import { compute } from "../workloads.ts";

export const plainStep = (node: Node, inputs: ReadonlyArray<number>): number | Promise<number> =>
  node.sleep === 0
    ? compute(node, inputs)
    : new Promise((resolve) => {
        setTimeout(() => resolve(compute(node, inputs)), node.sleep);
      });
