import grfn from "grfn";
import type { Contender } from "../contender.ts";
import type { Graph } from "../workloads.ts";
import { expansion } from "../workloads.ts";
import { plainStep } from "./plain-step.ts";

type Step = (...inputs: Array<number>) => number | Promise<number>;

const prepare = ({ nodes }: Graph): (() => Promise<number>) => {
  const functions = nodes.map(
    (node): Step =>
      (...inputs) =>
        node.expand === undefined ? plainStep(node, inputs) : prepare(expansion(node))(),
  );
  return grfn(
    nodes.map(({ index, deps }) => [functions[index]!, deps.map((dep) => functions[dep]!)] as const),
  );
};

export const grfnGraph: Contender = {
  name: "grfn",
  file: "grfn",
  kind: "peer",
  skip: { sleeps: "it has no limit" },
  prepare,
};
