/** The context that a step receives in addition to its inputs. */

/**
 * The second parameter of a step's function (the third of a map's).
 *
 * @public
 */
export interface StepContext {
  /** The run that the step belongs to. */
  readonly runId: string;
  /** The path of the step in the run, e.g. `train/fit[3]/score`. Unique within a run, and the same on every run of the same data. */
  readonly path: string;
  /** 1 for the first attempt, 2 for the first retry. */
  readonly attempt: number;
  /** In a map: the index of the item, from 0. In a loop: the number of the turn. */
  readonly index?: number;
  /** Fires when the step is interrupted, timed out or cancelled. A step that stops for it must throw: whatever it returns is its output. */
  readonly signal: AbortSignal;
  /** Run and path: the same on every attempt of this step in this run, so that a receiver can detect repeats. */
  readonly idempotencyKey: string;
  /** Logs a line: to the subscribers of the run or, if there are none, to Effect's loggers, with run and path. */
  readonly log: (message: unknown, ...more: ReadonlyArray<unknown>) => void;
  /** Reports the progress of the step: a fraction from 0 to 1, and an optional note. */
  readonly progress: (fraction: number, note?: string) => void;
  /**
   * Sends a partial result, such as a token, to the subscribers of the run, as the event `step.emitted`. It is not recorded and is
   * not part of the output. A step that is an async generator emits the values it yields.
   */
  readonly emit: (value: unknown) => void;
}
