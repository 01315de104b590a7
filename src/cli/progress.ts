/**
 * What is told of a run while it goes on. `Progress` is the seam: a command opens it before a run, gives it every event,
 * and closes its scope when the run has ended. The one here writes plain lines to standard error, for logs and pipes.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { Plan } from "../../types/plan.ts";
import { describe } from "../describe.ts";
import { visible } from "../draw/escape.ts";
import type { PipelineEvent } from "../events.ts";
import { tell } from "./output.ts";
import { counted } from "./words.ts";

/** Shows one run. */
export interface ProgressView {
  readonly event: (event: PipelineEvent) => void;
}

/** Shows runs, each in a view of its own. */
export interface ProgressService {
  readonly open: (plan: Plan) => Effect.Effect<ProgressView, never, Scope.Scope>;
}

const took = (millis: number): string => (millis < 1000 ? `${millis} ms` : `${(millis / 1000).toFixed(1)} s`);

/** Lines for a run's events. Items of a map are counted, not told one by one: there may be a million. */
export const plainLines = (write: (line: string) => void): ProgressView => {
  const began = new Map<string, number>();
  const items = new Map<string, number>();
  let runBegan = 0;
  const say = (line: string): void => write(visible(line));
  const since = (path: string, time: number): string => {
    const start = began.get(path);
    began.delete(path);
    return start === undefined ? "" : ` (${took(time - start)})`;
  };
  const isItem = (path: string): boolean => path.includes("[");
  const ended = (event: PipelineEvent & { readonly path: string }): void => {
    const { path } = event;
    const map = path.endsWith("]") ? path.slice(0, path.lastIndexOf("[")) : undefined;
    if (map !== undefined) items.set(map, (items.get(map) ?? 0) + 1);
    if (isItem(path)) return;
    const count = items.get(path);
    items.delete(path);
    say(`✓ ${path}${count === undefined ? "" : `: ${counted(count, "item")}`}${since(path, event.time)}`);
  };
  return {
    event: (event) => {
      switch (event.type) {
        case "run.started":
          runBegan = event.time;
          return say(`▶ ${event.pipeline}`);
        case "run.succeeded":
          return say(`✓ done in ${took(event.time - runBegan)}`);
        case "run.interrupted":
          return say(`✗ interrupted after ${took(event.time - runBegan)}`);
        case "step.started":
        case "expansion.started":
          if (!isItem(event.path)) began.set(event.path, event.time);
          return;
        case "step.succeeded":
        case "expansion.succeeded":
          return ended(event);
        case "expansion.expanded":
          if (isItem(event.path) || event.plan === undefined) return;
          return say(`+ ${event.path}: ${event.plan.name}, ${counted(event.plan.steps.length, "step")}`);
        case "step.retried":
          return say(
            `↻ ${event.path}: attempt ${event.attempt} failed (${describe(event.error)}), the next in ${took(event.delayMillis)}`,
          );
        case "step.failed":
        case "expansion.failed":
          return say(`✗ ${event.path}${since(event.path, event.time)}`);
        case "step.skipped":
          return isItem(event.path) ? undefined : say(`- ${event.path}: skipped`);
        case "step.leaked":
          return say(`! ${event.path} did not stop when it was interrupted, and was abandoned`);
        case "step.logged":
          return say(`  ${event.path}: ${event.message.map(describe).join(" ")}`);
        case "step.progressed": {
          const note = event.note === undefined ? "" : ` ${event.note}`;
          return say(`  ${event.path}: ${Math.round(event.fraction * 100)} %${note}`);
        }
        case "run.paused":
          return say(`‖ paused: ${event.error.message}`);
        case "run.continued":
          return say("▶ goes on");
        case "cache.hit":
          return isItem(event.path) ? undefined : say(`= ${event.path}: from run ${event.fromRun}`);
        case "step.recalled":
        case "cache.missed":
        case "step.interrupted":
        case "run.failed":
          // Told by the command itself, once, as a sentence.
          return;
      }
    },
  };
};

/** Where a command shows its runs; plain lines unless a program provides something else. */
export const Progress: Context.Reference<ProgressService> = Context.Reference<ProgressService>(
  "espalier/cli/Progress",
  {
    defaultValue: () => ({
      open: () => Effect.sync(() => plainLines(tell)),
    }),
  },
);
