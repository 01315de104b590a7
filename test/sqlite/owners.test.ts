/** Several processes on one file: each run has one owner, and a process that loses a run can no longer write to it. */
import { ownedRuns } from "../durable/owned-runs.ts";
import { sharedRuns } from "../durable/shared-runs.ts";
import { temporary } from "./support.ts";

const newFile = temporary();

ownedRuns(newFile);
sharedRuns({
  newAddress: newFile,
  newFile,
  faults: ["kill", "stop", "terminate", "freeze"],
  cut: () => Promise.resolve(),
});
