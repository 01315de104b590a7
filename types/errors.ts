/** The errors of opening a run, and of running it. */
import type {
  ExpansionChanged,
  ExpansionError,
  InvalidInput,
  InvalidOutput,
  OutputNotEncodable,
  PipelineChanged,
  RunCompensated,
  RunCrashed,
  RunExists,
  RunInterrupted,
  RunNotFound,
  StepFailed,
  StepTimedOut,
  StoreCorrupt,
  StoreError,
  TooFewSucceeded,
  WorkerFailed,
} from "../src/errors.ts";

/**
 * The errors that opening a run can fail with, before its first step starts.
 *
 * @public
 */
export type OpenError =
  | InvalidInput
  | PipelineChanged
  | RunCompensated
  | RunExists
  | RunNotFound
  | StoreCorrupt
  | StoreError;

/**
 * The errors that a run of any pipeline can fail with, in addition to the typed errors of its steps.
 *
 * @public
 */
export type RunError =
  | InvalidInput
  | StepFailed
  | StepTimedOut
  | TooFewSucceeded
  | InvalidOutput
  | ExpansionError
  | StoreError
  | StoreCorrupt
  | OutputNotEncodable
  | ExpansionChanged
  | PipelineChanged
  | RunCompensated
  | RunCrashed
  | RunExists
  | RunInterrupted
  | WorkerFailed;
