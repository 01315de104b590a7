/** Several processes on one file: each run has one owner, and what an owner loses it cannot write. */
import { ownedRuns } from "../durable/owned-runs.ts";
import { temporary } from "./support.ts";

ownedRuns(temporary());
