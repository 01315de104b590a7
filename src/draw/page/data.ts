/**
 * The data of a page: plain data that is embedded as JSON, written by `src/draw` and read by the page's own script. It is
 * flat, since plans nest as deeply as data says, and every text in it is on one line with what cannot be seen spelled out.
 */
import type { StepKind } from "../../../types/plan.ts";
import type { StepStatus } from "../../fold/run-state.ts";

/** A box of a graph: an input, or a step. */
export interface PageBox {
  readonly kind: StepKind | "input" | "item";
  readonly label: string;
  readonly note: string;
  /** How wide the two must be drawn, where fonts differ in that. */
  readonly labelWidth?: number;
  readonly noteWidth?: number;
  readonly mayGrow: boolean;
  readonly width: number;
  readonly height: number;
  /** Its step's place in `steps`; -1 for an input. */
  readonly step: number;
  /** If it can be unfolded: the text at its top when unfolded, and its width. */
  readonly open?: { readonly label: string; readonly labelWidth?: number; readonly width: number };
}

/** How the boxes of a graph stand to each other. Graphs of one form share one. */
export interface PageForm {
  readonly layers: ReadonlyArray<ReadonlyArray<number>>;
  readonly above: ReadonlyArray<ReadonlyArray<number>>;
  readonly wished: ReadonlyArray<number>;
  readonly lines: ReadonlyArray<ReadonlyArray<number>>;
}

/** One graph: the pipeline's, or one that a step or an item became. */
export interface PageGraph {
  readonly name: string;
  /** The step or item that became it, in `steps`; -1 for the pipeline's own. */
  readonly owner: number;
  /** Its form, in `forms`. */
  readonly form: number;
  readonly boxes: ReadonlyArray<PageBox>;
}

/** A text and what can be unfolded beneath it. */
export type Shown = string | ShownParts;

export interface ShownParts {
  /** What it is: `Map(2)`, `Penguin`. */
  readonly is: string;
  readonly parts: ReadonlyArray<readonly [name: string, value: Shown]>;
  /** How many parts are left out. */
  readonly more?: number;
}

/** A step, or an item of a map: its data in the plan and in the run. */
export interface PageStep {
  readonly path: string;
  readonly name: string;
  readonly kind: StepKind | "item";
  /** The step or item that it is inside of, in `steps`; -1 at the top. */
  readonly parent: number;
  /** What it reads: names, and the steps that provide them; -1 for an input. */
  readonly inputs: ReadonlyArray<readonly [name: string, from: number]>;
  readonly outputs: ReadonlyArray<string> | "all";
  readonly description?: string;
  readonly tags?: ReadonlyArray<string>;
  readonly cases?: ReadonlyArray<string>;
  /** Its graph, in `graphs`. */
  readonly graph?: number;
  /** Of a map: its items that are boxes, in `steps`. */
  readonly items?: ReadonlyArray<number>;
  /** Of such an item: its box. */
  readonly box?: PageBox;
  readonly run?: StepRun;
}

/** A step's status; one that is done may have been recorded before the run was resumed, or come from a cache. */
export type PageState = StepStatus | "recalled";

/** What happened to a step. Times are milliseconds since the run began. */
export interface StepRun {
  readonly state: PageState;
  /** When all that it reads was there. */
  readonly ready?: number;
  readonly began?: number;
  readonly ended?: number;
  /** The row of the time line; only of steps that did work themselves. */
  readonly lane?: number;
  readonly isCritical?: boolean;
  /** Where there was more than one attempt: each that failed. */
  readonly attempts?: ReadonlyArray<PageAttempt>;
  readonly attempt: number;
  readonly values?: ReadonlyArray<readonly [name: string, value: Shown]>;
  /** The error, then what caused it, and so on. */
  readonly error?: ReadonlyArray<PageError>;
  /** The path because of which it never started. */
  readonly because?: string;
  /** Where its output came from, in words. */
  readonly from?: string;
  readonly logs?: ReadonlyArray<readonly [time: number, text: string]>;
  /** The state of its compensation. */
  readonly undone?: "under way" | "done" | "failed";
  /** How many values it emitted, and the last of them. */
  readonly emitted?: { readonly count: number; readonly last: Shown };
  readonly became?: Became;
}

export interface PageAttempt {
  readonly began: number;
  readonly ended: number;
  readonly error: string;
}

export interface PageError {
  readonly text: string;
  /** Where it was made: the frames of its stack, the innermost first. */
  readonly stack?: ReadonlyArray<string>;
  readonly value?: Shown;
}

/** What a dynamic step, a switch, a map or an item became, beside what it had declared. */
export interface Became {
  readonly at: number;
  /** "7 steps of search", "12 items", "a direct value". */
  readonly what: string;
  readonly declared: ReadonlyArray<string> | "all";
  /** The names of its outputs, or undefined if there are none. A proxy is not asked for its names. */
  readonly gave?: ReadonlyArray<string> | "not looked into";
}

export interface PageRun {
  readonly id: string;
  readonly state: PageState;
  /** Milliseconds since 1970. */
  readonly began: number;
  /** How long it took, in milliseconds. */
  readonly took: number;
  /** The time of all steps together. */
  readonly summed: number;
  readonly lanes: number;
  /** Steps, in the order of the critical path. */
  readonly critical: ReadonlyArray<number>;
  readonly error?: ReadonlyArray<PageError>;
  /** The step that the run failed with, in `steps`. */
  readonly fatal?: number;
  /** Steps that the page leaves out, since there are too many. */
  readonly leftOut: number;
}

export interface PageData {
  readonly title: string;
  readonly graphs: ReadonlyArray<PageGraph>;
  readonly forms: ReadonlyArray<PageForm>;
  readonly steps: ReadonlyArray<PageStep>;
  readonly returns: ReadonlyArray<string>;
  readonly run?: PageRun;
}
