/** What is told of runs where no picture can change in place: a line for each thing that happens, for logs and pipes. */
import { visible } from "../draw/escape.ts";
import type { PipelineEvent } from "../events.ts";
import { asText } from "./frame.ts";
import { said } from "./said.ts";
import { summary } from "./summary.ts";
import { RunTree } from "./tree.ts";
import { counted, took } from "./words.ts";
import { isItem, isWithinItem, stepOf } from "../path.ts";

/** A log is for reading: of what goes on for long, so often is told how far it is. */
const millisBetween = 10_000;
const fractionBetween = 0.1;

/** Lines for the events of runs. */
export const plainLines = (
  write: (line: string) => void,
): { readonly event: (event: PipelineEvent) => void } => {
  const runs = new Map<string, (event: PipelineEvent) => void>();
  return {
    event: (event) => {
      let tell = runs.get(event.runId);
      if (tell === undefined) runs.set(event.runId, (tell = linesOfRun((line) => write(visible(line)))));
      tell(event);
      if (/^run\.(?:succeeded|failed|interrupted)$/.test(event.type)) runs.delete(event.runId);
    },
  };
};

/** Lines for a run's events. Items of a map are counted, not told one by one: there may be a million. */
const linesOfRun = (say: (line: string) => void): ((event: PipelineEvent) => void) => {
  const began = new Map<string, number>();
  const items = new Map<string, number>();
  const tree = new RunTree("run");
  /** When it was last told how far something is, and how far it was. */
  const told = new Map<string, { readonly time: number; readonly fraction: number }>();
  let runBegan = 0;
  const isDue = (path: string, time: number, fraction: number): boolean => {
    const last = told.get(path);
    const isNews =
      last === undefined ||
      time - last.time >= millisBetween ||
      Math.abs(fraction - last.fraction) >= fractionBetween;
    if (isNews) told.set(path, { time, fraction });
    return isNews;
  };
  const since = (path: string, time: number): string => {
    const start = began.get(path);
    began.delete(path);
    return start === undefined ? "" : ` (${took(time - start)})`;
  };
  const ended = (event: PipelineEvent & { readonly path: string }): void => {
    const { path } = event;
    const map = isItem(path) ? stepOf(path) : undefined;
    if (map !== undefined) {
      const count = (items.get(map) ?? 0) + 1;
      items.set(map, count);
      const of = tree.node(map)?.items;
      const last = told.get(map)?.time ?? began.get(map) ?? event.time;
      if (of !== undefined && count < of && event.time - last >= millisBetween && !isWithinItem(map)) {
        told.set(map, { time: event.time, fraction: 0 });
        say(`  ${map}: ${count.toLocaleString("en")} of ${counted(of, "item")}`);
      }
    }
    if (isWithinItem(path)) return;
    const count = items.get(path);
    items.delete(path);
    say(`✓ ${path}${count === undefined ? "" : `: ${counted(count, "item")}`}${since(path, event.time)}`);
  };
  const end = (event: PipelineEvent, how: string): void => {
    say(`${how} ${took(event.time - runBegan)}`);
    for (const line of summary(tree, 110, false)) say(`  ${asText(line)}`);
  };
  return (event) => {
    tree.event(event);
    switch (event.type) {
      case "run.started":
        runBegan = event.time;
        return say(`▶ ${event.pipeline}`);
      case "run.succeeded":
        return end(event, "✓ done in");
      case "run.interrupted":
        return end(event, "✗ interrupted after");
      case "step.started":
      case "expansion.started":
        if (!isWithinItem(event.path)) began.set(event.path, event.time);
        return;
      case "step.succeeded":
      case "expansion.succeeded":
        return ended(event);
      case "expansion.expanded":
        if (isWithinItem(event.path) || event.plan === undefined) return;
        return say(`+ ${event.path}: ${event.plan.name}, ${counted(event.plan.steps.length, "step")}`);
      case "step.retried":
        return say(
          `↻ ${event.path}: attempt ${event.attempt} failed (${said(event.error)}), the next in ${took(event.delayMillis)}`,
        );
      case "step.failed":
      case "expansion.failed":
        return say(`✗ ${event.path}${since(event.path, event.time)}`);
      case "step.skipped":
        return isWithinItem(event.path) ? undefined : say(`- ${event.path}: skipped`);
      case "step.leaked":
        return say(`! ${event.path} did not stop when it was interrupted, and was abandoned`);
      case "step.logged":
        return say(`  ${event.path}: ${event.message.map(said).join(" ")}`);
      case "step.progressed": {
        if (!isDue(event.path, event.time, event.fraction)) return;
        const note = event.note === undefined ? "" : ` ${event.note}`;
        return say(`  ${event.path}: ${Math.round(event.fraction * 100)} %${note}`);
      }
      case "run.paused":
        return say(`‖ paused: ${event.error.message}`);
      case "run.continued":
        return say("▶ goes on");
      case "cache.hit":
        return isWithinItem(event.path) ? undefined : say(`= ${event.path}: from run ${event.fromRun}`);
      case "step.recalled":
      case "cache.missed":
      case "step.interrupted":
        return;
      case "run.failed":
        // The error itself is told by whoever runs it, once, as a sentence.
        return end(event, "✗ failed after");
    }
  };
};
