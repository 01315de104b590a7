/** What opening a run, and a run, can fail with. */
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
 * What opening a run can fail with, before its first step starts.
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
 * What a run of any pipeline can fail with beside the typed errors of its own steps.
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
