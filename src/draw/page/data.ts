/**
 * The data of a page: plain data that is embedded as JSON, written by `src/draw` and read by the page's own script. It
 * is flat, since plans can nest to any depth, and every text in it is on one line, with invisible characters spelled
 * out.
 */
import type { StepKind } from "../../../types/plan.ts";
import type { StepStatus } from "../../fold/run-state.ts";

/** A box of a graph: an input, or a step. */
export interface PageBox {
  readonly kind: StepKind | "input" | "item";
  readonly label: string;
  readonly note: string;
  /** The width to draw the two with, if fonts differ in that. */
  readonly labelWidth?: number;
  readonly noteWidth?: number;
  readonly mayGrow: boolean;
  readonly width: number;
  readonly height: number;
  /** The index of its step in `steps`; -1 for an input. */
  readonly step: number;
  /** If it can be unfolded: the text at its top when unfolded, and its width. */
  readonly open?: { readonly label: string; readonly labelWidth?: number; readonly width: number };
}

/** The arrangement of a graph's boxes, shared by all graphs of the same form. */
export interface PageForm {
  readonly layers: ReadonlyArray<ReadonlyArray<number>>;
  readonly above: ReadonlyArray<ReadonlyArray<number>>;
  readonly wished: ReadonlyArray<number>;
  readonly lines: ReadonlyArray<ReadonlyArray<number>>;
}

/** One graph: the pipeline's, or one that a step or an item expanded to. */
export interface PageGraph {
  readonly name: string;
  /** The step or item that expanded to it, in `steps`; -1 for the pipeline's own. */
  readonly owner: number;
  /** Its form, in `forms`. */
  readonly form: number;
  readonly boxes: ReadonlyArray<PageBox>;
}

/** A text, and the parts that can be unfolded beneath it. */
export type Shown = string | ShownParts;

export interface ShownParts {
  /** Its type: `Map(2)`, `Penguin`. */
  readonly is: string;
  readonly parts: ReadonlyArray<readonly [name: string, value: Shown]>;
  /** The number of parts left out. */
  readonly more?: number;
}

/** A step, or an item of a map: its data in the plan and in the run. */
export interface PageStep {
  readonly path: string;
  readonly name: string;
  readonly kind: StepKind | "item";
  /** The step or item that contains it, in `steps`; -1 at the top. */
  readonly parent: number;
  /** Its inputs: names, and the steps that provide them; -1 for an input of the graph. */
  readonly inputs: ReadonlyArray<readonly [name: string, from: number]>;
  readonly outputs: ReadonlyArray<string> | "all";
  readonly description?: string;
  readonly tags?: ReadonlyArray<string>;
  readonly cases?: ReadonlyArray<string>;
  /** Its graph, in `graphs`. */
  readonly graph?: number;
  /** For a map: its items that are boxes, in `steps`. */
  readonly items?: ReadonlyArray<number>;
  /** For such an item: its box. */
  readonly box?: PageBox;
  readonly run?: StepRun;
}

/** A step's status; one that is done may have been recorded before the run was resumed, or come from a cache. */
export type PageState = StepStatus | "recalled";

/** What happened to a step. Times are milliseconds since the run began. */
export interface StepRun {
  readonly state: PageState;
  /** When all of its inputs were available. */
  readonly ready?: number;
  readonly began?: number;
  readonly ended?: number;
  /** The row of the timeline; only for steps that did work themselves. */
  readonly lane?: number;
  readonly isCritical?: boolean;
  /** If there was more than one attempt: each failed one. */
  readonly attempts?: ReadonlyArray<PageAttempt>;
  readonly attempt: number;
  readonly values?: ReadonlyArray<readonly [name: string, value: Shown]>;
  /** The error, then its cause, and so on. */
  readonly error?: ReadonlyArray<PageError>;
  /** The path that prevented its start. */
  readonly because?: string;
  /** The origin of its output, as text. */
  readonly from?: string;
  readonly logs?: ReadonlyArray<readonly [time: number, text: string]>;
  /** The state of its compensation. */
  readonly undone?: "under way" | "done" | "failed";
  /** The number of values that it emitted, and the last one. */
  readonly emitted?: { readonly count: number; readonly last: Shown };
  /** While it runs: how much of it is done, from 0 to 1, and the same as text: "12 of 30", "40 %, page 4". */
  readonly progress?: PageProgress;
  readonly became?: Became;
}

export interface PageProgress {
  readonly fraction: number;
  readonly text: string;
}

export interface PageAttempt {
  readonly began: number;
  readonly ended: number;
  readonly error: string;
}

export interface PageError {
  readonly text: string;
  /** Where it was created: the frames of its stack, innermost first. */
  readonly stack?: ReadonlyArray<string>;
  readonly value?: Shown;
}

/** What a dynamic step, a switch, a map or an item expanded to, next to what it had declared. */
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
  /** Its duration, in milliseconds. */
  readonly took: number;
  /** The total time of all steps. */
  readonly summed: number;
  readonly lanes: number;
  /** The steps of the critical path, in order. */
  readonly critical: ReadonlyArray<number>;
  readonly error?: ReadonlyArray<PageError>;
  /** The step that the run failed with, in `steps`. */
  readonly fatal?: number;
  /** The number of steps that the page leaves out, since there are too many. */
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
