/**
 * The messages between the owner of a run and a worker: a task, the reports of the step while it runs, and the answer. Plain data; the
 * form of a value (`Wire`) depends on the transport: texts between machines, clones between threads.
 */
import type * as Exit from "effect/Exit";
import type { Phase } from "../engine/phase.ts";

/**
 * How values are sent. `schema` is that of the step or input that a value comes from, if there is one. `write` returns an
 * `Unwritable` for a value that cannot be sent.
 */
export interface Wire {
  readonly name: "text" | "clone";
  readonly write: (schema: unknown, value: unknown) => unknown;
  readonly read: (schema: unknown, sent: unknown) => unknown;
}

/** The function of a step to call, its position, and its arguments. */
interface Called {
  /** The path of the step in the run. */
  readonly path: string;
  /** The step's own part of its path: its name in the graph that it belongs to. */
  readonly step: string;
  /** The kind of the step and the names that it reads and provides, as the owner knows it: `formOf`. */
  readonly form: string;
  /** From 1. */
  readonly attempt: number;
  /** The index of the item of a map, or the number of the turn of a loop. */
  readonly index?: number | undefined;
  /** For a switch or a race: which of its functions. */
  readonly choice?: string | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** The item of a map, or the state at the start of a turn, as the only element. */
  readonly item: ReadonlyArray<unknown>;
}

/** An expansion around a step: called again with the same arguments, it returns the graph that the step belongs to. */
export interface Enclosing extends Called {
  /** The error of all attempts, as text, if the step's `fallback` returned the graph. */
  readonly failure?: string | undefined;
}

/** One call of one step's function. */
export interface Task extends Called {
  readonly runId: string;
  /** The name of the run's pipeline. */
  readonly pipeline: string;
  /** The owner's version of that pipeline, `versionOf`. With another version, a worker performs only steps that have the same form. */
  readonly version: string;
  readonly phase: Phase;
  /** The claim of the run that sends it; undefined if the run is not recorded. */
  readonly epoch: number | undefined;
  /** How its values are encoded, and those of the answer must be. */
  readonly wire: Wire["name"];
  /** The expansions around the step, outermost first. */
  readonly enclosing: ReadonlyArray<Enclosing>;
}

/** The reports of a step while it runs. */
export type Said =
  | { readonly type: "began" }
  /** The step waits for something, so its worker has time for another. */
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
  /** The error that the function threw, its promise was rejected with, or its Effect died of, as text. */
  | { readonly type: "threw"; readonly error: string }
  | { readonly type: "interrupted" }
  /** The function returned a pipeline, which the owner expands: it calls the function itself. */
  | { readonly type: "expands" }
  /** The function returned a value that cannot be sent. */
  | {
      readonly type: "unwritable";
      readonly issuePath: ReadonlyArray<string | number>;
      readonly reason: string;
    }
  /** The worker cannot perform the task: a sentence with a fix. */
  | { readonly type: "refused"; readonly reason: string };

/** The end of a task: at a worker, or at the owner itself, whose values need not be sent. */
export type Performed = Answer | { readonly type: "here"; readonly exit: Exit.Exit<unknown, unknown> };
