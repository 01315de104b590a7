/** A step in the graph of a pipeline: the slots that it reads, and those of its outputs. Slots are numbered places for values. */
import type { StepDefinition } from "./definition.ts";

/** A glob input: the family members known when the step was added. Steps with outputs "all" may add more at run time. */
export interface GlobRead {
  readonly glob: string;
  readonly names: ReadonlyArray<string>;
  readonly slots: ReadonlyArray<number>;
}

export interface GraphNode {
  /** The step's own part of its path. */
  readonly path: string;
  readonly definition: StepDefinition;
  /** For each plain name that the step reads, the slot, or `lateSlot` or `maybeSlot`. */
  readonly keys: ReadonlyArray<string>;
  readonly slots: ReadonlyArray<number>;
  readonly globs: ReadonlyArray<GlobRead>;
  /** The earlier "all" steps that this one waits for, since a name or a glob may mean one of their outputs. */
  readonly waitsFor: ReadonlyArray<number>;
  /** The node of the condition under which the step runs. That node may have one too. */
  readonly guard: number | undefined;
  /** A map's `over`: its slot, or `lateSlot`. */
  readonly overSlot: number;
  /** The slot of the step's first output; the others follow in order. */
  readonly firstSlot: number;
  readonly outputs: ReadonlyArray<string>;
  /** For an "all" step of a pipeline that was added: which names that pipeline shows; undefined: all. */
  readonly shows?: (name: string) => boolean;
}

/** Instead of a slot: an output that an earlier "all" step must provide, looked up in the run. */
export const lateSlot = -1;
/** Instead of a slot: an output that an earlier "all" step may provide; undefined if none does. */
export const maybeSlot = -2;

export interface GraphInput {
  readonly name: string;
  readonly schema: unknown;
  readonly slot: number;
}
