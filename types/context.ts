/** What a step receives besides its inputs. */

/**
 * The second parameter of a step's function (the third of a map's).
 *
 * @public
 */
export interface StepContext {
  /** The run that the step belongs to. */
  readonly runId: string;
  /** The path of the step in the run, e.g. `train/fit[3]/score`. Unique in a run, the same on every run of the same data. */
  readonly path: string;
  /** 1 for the first attempt, 2 for the first retry. */
  readonly attempt: number;
  /** In a map: which item this is, from 0. In a loop: which turn. */
  readonly index?: number;
  /** Fires when the step is interrupted, timed out or cancelled. A step that stops for it must throw: what it returns is its output. */
  readonly signal: AbortSignal;
  /** Run and path: the same whenever this step of this run is tried again, so that a receiver can tell a repetition. */
  readonly idempotencyKey: string;
  /** Logs a line: to the watchers of the run or, if there are none, to Effect's loggers, with run and path. */
  readonly log: (message: unknown, ...more: ReadonlyArray<unknown>) => void;
  /** Tells how far the step is: a fraction from 0 to 1, and a note. */
  readonly progress: (fraction: number, note?: string) => void;
  /**
   * Sends a partial result, such as a token, to those who watch the run: the event `step.emitted`. It is not recorded, and no
   * part of the output. A step that is an async generator emits what it yields.
   */
  readonly emit: (value: unknown) => void;
}
