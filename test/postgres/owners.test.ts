/** Several processes on one database: each run has one owner, and what an owner loses it cannot write. */
import { ownedRuns } from "../durable/owned-runs.ts";
import { newAddress } from "./support.ts";

ownedRuns(newAddress);
