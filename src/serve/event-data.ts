/** Events in the form that is sent: always JSON, regardless of the user's values, and no longer than a reader needs. */
import { writableAsJson } from "../event-json.ts";
import type { PipelineEvent } from "../events.ts";
import type { RunEventData } from "./api.ts";

/** Longer outputs are left out: a reader requests the whole value by its path. */
const longest = 100_000;

/** A value that JSON cannot hold is represented by its name. */
const nameOf = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? `${value}n` : typeof value === "function" ? "[function]" : value;

const textOf = (event: unknown): string | undefined => {
  try {
    return JSON.stringify(event, nameOf);
  } catch {
    return undefined;
  }
};

export const eventData = (given: PipelineEvent): RunEventData => {
  const event = writableAsJson(given);
  const text = textOf(event);
  if (text !== undefined && (text.length <= longest || !("outputs" in event)))
    return JSON.parse(text) as RunEventData;
  const { type, runId, time } = event;
  const { path, attempt } = event as { readonly path?: string; readonly attempt?: number };
  return { type, runId, time, ...(path === undefined ? {} : { path, attempt }), omitted: true };
};
