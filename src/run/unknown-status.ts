/** The sentence about a status that no run can have: the same on the command line and in the API. */
import { runStatuses } from "../journal/store.ts";
import { listed } from "../values/listed.ts";
import { didYouMean } from "../values/nearest.ts";

export const unknownStatus = (status: string): string =>
  `"${status}" is not a status: write ${listed(runStatuses)}.${didYouMean(status, runStatuses)}`;
