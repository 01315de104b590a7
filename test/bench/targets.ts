/** Espalier's targets, as ratios within one run of the benchmark, and whether they are met. Steps are Effects. */
import type { Measured, Results } from "./measure.ts";

export interface Target {
  /** The speed as a multiple of one fiber for each step, forked and joined by hand. */
  readonly fibers: number;
  /** The speed as a multiple of the fastest library's. */
  readonly peer: number;
  /** The maximum time as a multiple of `Promise.all` by hand. */
  readonly promises: number;
}

export const targets: Readonly<Record<string, Target>> = {
  chain: { fibers: 4, peer: 2, promises: 3.5 },
  "fan-1k": { fibers: 4, peer: 2, promises: 2 },
  "fan-10k": { fibers: 4, peer: 5, promises: 2 },
  layers: { fibers: 4, peer: 3, promises: 0.8 },
  dynamic: { fibers: 3, peer: 2, promises: 4 },
  nested: { fibers: 4, peer: 2, promises: 3.5 },
  lattice: { fibers: 4, peer: 2, promises: 1 },
  sleeps: { fibers: 1.05, peer: 1, promises: 1.05 },
};

const peers = ["grfn", "p-graph", "async.auto"];

export const timeOf = (results: Results, name: string): number | undefined => {
  const found: Measured | string | undefined = results.of.get(name);
  return found === undefined || typeof found === "string" ? undefined : found.run;
};

export interface Reached {
  readonly fibers: number | undefined;
  readonly peer: number | undefined;
  readonly promises: number | undefined;
  /** Value steps compared with Effect steps. */
  readonly values: number | undefined;
}

export const reached = (results: Results): Reached => {
  const own = timeOf(results, "Espalier, Effects");
  const times = peers.flatMap((name) => timeOf(results, name) ?? []);
  const against = (other: number | undefined): number | undefined =>
    own === undefined || other === undefined ? undefined : other / own;
  const promises = against(timeOf(results, "Promise.all, values"));
  return {
    fibers: against(timeOf(results, "Effect fibers, fork + join")),
    peer: times.length === 0 ? undefined : against(Math.min(...times)),
    promises: promises === undefined ? undefined : 1 / promises,
    values: against(timeOf(results, "Espalier, values")),
  };
};
