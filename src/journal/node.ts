/** What the journal needs to know of the engine: a frame, and a call of one of its nodes. */
import type { StepDefinition } from "../graph/definition.ts";

/** What the journal needs to know of a frame of the engine: which steps its nodes run, and the data it holds for each. */
export interface Frame {
  readonly map: { readonly type: "items" | "turns" | "contenders" } | undefined;
  readonly states: { readonly length: number };
  /** The path that expanded to this frame. */
  readonly path: string;
  readonly pathOf: (index: number) => string;
  readonly definitionOf: (index: number) => StepDefinition;
  /** When each node started. */
  began: Float64Array | undefined;
  /** Which nodes have expanded. */
  grown: Uint8Array | undefined;
  /** The texts of values that a schema that cannot encode has decoded. */
  readonly undecoded: Map<number, string> | undefined;
  /** The keys of the items that maps have chosen. */
  readonly chosen: Map<number, ReadonlyArray<string>> | undefined;
}

/** A call that expanded. */
export interface Call {
  readonly frame: Frame;
  readonly index: number;
  readonly path: string;
  readonly count: number;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The error of all attempts, if a fallback expanded. */
  readonly failure?: { readonly error: unknown } | undefined;
}
