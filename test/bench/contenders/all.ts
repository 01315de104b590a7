/** All contenders, the hand-written ones first. */
import type { Contender } from "../contender.ts";
import { asyncAuto } from "./async-auto.ts";
import { effectFibers } from "./effect-fibers.ts";
import { effectForEach } from "./effect-for-each.ts";
import { espalier } from "./espalier.ts";
import { grfnGraph } from "./grfn.ts";
import { pGraph } from "./p-graph.ts";
import { promiseAll } from "./promise-all.ts";

export const contenders: ReadonlyArray<Contender> = [
  ...promiseAll,
  effectFibers,
  effectForEach,
  grfnGraph,
  pGraph,
  asyncAuto,
  ...espalier,
];
