/** Events as they are sent: JSON, whatever a user's values are, and no longer than somebody who watches wants to read. */
import { writableAsJson } from "../event-json.ts";
import type { PipelineEvent } from "../events.ts";
import type { RunEventData } from "./api.ts";

/** Outputs whose text is longer are left out: the whole value is asked for by its path. */
const longest = 100_000;

/** What JSON cannot hold is told by its name only. */
const nameOf = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? `${value}n` : typeof value === "function" ? "[function]" : value;

const textOf = (event: unknown): string | undefined => {
  try {
    return JSON.stringify(event, nameOf);
  } catch {
    return undefined;
  }
};

export const eventData = (told: PipelineEvent): RunEventData => {
  const event = writableAsJson(told);
  const text = textOf(event);
  if (text !== undefined && (text.length <= longest || !("outputs" in event)))
    return JSON.parse(text) as RunEventData;
  const { type, runId, time } = event;
  const { path, attempt } = event as { readonly path?: string; readonly attempt?: number };
  return { type, runId, time, ...(path === undefined ? {} : { path, attempt }), omitted: true };
};
