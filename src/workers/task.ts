/**
 * What goes between the owner of a run and a worker: a task, what the step says while it runs, and the answer. Plain data; what
 * a value looks like on the way (`Wire`) is for who carries it to say: texts between machines, clones between threads.
 */
import type * as Exit from "effect/Exit";
import type { Phase } from "../engine/phase.ts";

/**
 * How values travel. `schema` is that of the step or input that a value comes from, if there is one. `write` gives an
 * `Unwritable` for what cannot travel.
 */
export interface Wire {
  readonly name: "text" | "clone";
  readonly write: (schema: unknown, value: unknown) => unknown;
  readonly read: (schema: unknown, sent: unknown) => unknown;
}

/** Which of a step's functions is called, where, and with what. */
interface Called {
  /** Where the step is in the run. */
  readonly path: string;
  /** The step's own part of its path: its name in the graph that it belongs to. */
  readonly step: string;
  /** What kind of step it is, and the names that it reads and provides, as the owner knows it: `formOf`. */
  readonly form: string;
  /** From 1. */
  readonly attempt: number;
  /** Which item of a map, or turn of a loop. */
  readonly index?: number | undefined;
  /** Of a switch or a race: which of its functions. */
  readonly choice?: string | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The item of a map, or the state that a turn begins with, as the only element. */
  readonly item: ReadonlyArray<unknown>;
}

/** An expansion around a step: called again with the same, it returns the graph that the step belongs to. */
export interface Enclosing extends Called {
  /** What all attempts had failed with, as text, where the step's `fallback` returned the graph. */
  readonly failure?: string | undefined;
}

/** One call of one step's function. */
export interface Task extends Called {
  readonly runId: string;
  /** The name of the run's pipeline. */
  readonly pipeline: string;
  /** The owner's version of that pipeline, `versionOf`: of another, a worker performs only steps that have the same form. */
  readonly version: string;
  readonly phase: Phase;
  /** Which claim of the run sends it; undefined where the run is not recorded. */
  readonly epoch: number | undefined;
  /** How its values are written, and how those of the answer are to be. */
  readonly wire: Wire["name"];
  /** The expansions around the step, the outermost first. */
  readonly enclosing: ReadonlyArray<Enclosing>;
}

/** What a step says while it runs. */
export type Said =
  | { readonly type: "began" }
  /** The step waits for something, so that its worker has time for another. */
  | { readonly type: "waits" }
  | { readonly type: "logged"; readonly message: ReadonlyArray<string> }
  | { readonly type: "progressed"; readonly fraction: number; readonly note: string | undefined }
  | { readonly type: "emitted"; readonly value: unknown };

/** The outcome of a task. */
export type Answer =
  /** The value that the function returned, before the step's `output` schema decodes it. */
  | { readonly type: "succeeded"; readonly value: unknown }
  /** A typed failure of an Effect, as text. */
  | { readonly type: "failed"; readonly error: string }
  /** What the function threw, its promise was rejected with, or its Effect died of, as text. */
  | { readonly type: "threw"; readonly error: string }
  | { readonly type: "interrupted" }
  /** The function returned a pipeline, which the owner expands: it calls the function itself. */
  | { readonly type: "expands" }
  /** It returned what cannot travel. */
  | {
      readonly type: "unwritable";
      readonly issuePath: ReadonlyArray<string | number>;
      readonly reason: string;
    }
  /** The worker cannot perform it: in a sentence with a fix. */
  | { readonly type: "refused"; readonly reason: string };

/** How a task has ended: at a worker, or at the owner itself, whose values need not travel. */
export type Performed = Answer | { readonly type: "here"; readonly exit: Exit.Exit<unknown, unknown> };
