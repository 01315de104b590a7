#!/usr/bin/env node
/** The command `espalier`. */
import * as NodeRuntime from "@effect/platform-node-shared/NodeRuntime";
import * as Exit from "effect/Exit";
import { main } from "./main.ts";

// `print` tells what went wrong with a write; without a listener Node would throw it once more.
process.stdout.on("error", () => {});

// The first Ctrl-C stops the run cleanly, which a step may hold up for its grace period; the second one does not wait.
process.once("SIGINT", () => process.once("SIGINT", () => process.exit(130)));

NodeRuntime.runMain(main, {
  disableErrorReporting: true,
  // Always exits: what a user's file left open (a server, a timer) does not keep the command.
  teardown: (exit) => process.exit(Exit.isSuccess(exit) ? Number(exit.value) : 130),
});
