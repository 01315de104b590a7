/** Statuses as people write them: which of them a run can have, and the error sentence for the others. */
import type { RunStatus } from "../journal/store.ts";
import { runStatuses } from "../journal/store.ts";
import { listed } from "../values/listed.ts";
import { didYouMean } from "../values/nearest.ts";

/** Whether a run can have this status. */
export const isStatus = (text: string): text is RunStatus => runStatuses.some((status) => status === text);

/** The same on the command line and in the API. */
export const unknownStatus = (status: string): string =>
  `"${status}" is not a status: write ${listed(runStatuses)}.${didYouMean(status, runStatuses)}`;
