/**
 * The progress of a run. `Progress` is the seam: a command opens it before a run, passes it every event,
 * and closes its scope when the run has ended. The one here shows a tree on a terminal, and plain lines in logs and pipes.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { Plan } from "../../types/plan.ts";
import type { PipelineEvent } from "../events.ts";
import { openView } from "../progress/open.ts";

/** Shows one run. */
export interface ProgressView {
  readonly event: (event: PipelineEvent) => void;
}

/** Shows runs, each in its own view. */
export interface ProgressService {
  readonly open: (plan: Plan) => Effect.Effect<ProgressView, never, Scope.Scope>;
}

/** Where a command shows its runs; on standard error unless a program provides something else. */
export const Progress: Context.Reference<ProgressService> = Context.Reference<ProgressService>(
  "espalier/cli/Progress",
  {
    defaultValue: () => ({
      open: (plan) =>
        Effect.acquireRelease(
          Effect.sync(() => openView({ tellsFailure: false }, plan)),
          ({ close }) => Effect.sync(close),
        ),
    }),
  },
);
