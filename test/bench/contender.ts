/** The interface of the benchmark's contenders. */
import type { Graph } from "./workloads.ts";

export interface Contender {
  readonly name: string;
  /** The file in `contenders/` that it is in, for runs in separate processes. */
  readonly file: string;
  /** Written by hand, without a library for graphs; another library; or this one. */
  readonly kind: "by hand" | "peer" | "espalier";
  /** Keys of workloads, `memory` or `huge`, each with the reason why the contender skips it. */
  readonly skip?: Readonly<Record<string, string>>;
  /** Builds a pipeline once, timed as construction. The returned function runs it once, timed as run. */
  readonly prepare: (graph: Graph) => () => Promise<number>;
}
