/** The command `espalier` as a process: its signals, its exit codes, and how it ends. */
import * as NodeRuntime from "@effect/platform-node-shared/NodeRuntime";
import * as Exit from "effect/Exit";
import { main } from "./main.ts";
import { tell } from "./output.ts";

/** The exit codes of a process that a signal ended. */
const interrupted = 130;
const terminated = 143;

// `print` reports a failed write; without a listener Node would also throw it.
process.stdout.on("error", () => {});

let isOurs = false;
let codeOfInterruption = interrupted;

const exit = (code: number): void => {
  isOurs = true;
  process.exit(code);
};

// The first Ctrl-C stops the run cleanly, which a step may hold up for its grace period; the second one does not wait.
process.once("SIGINT", () => process.once("SIGINT", () => exit(interrupted)));
process.once("SIGTERM", () => {
  codeOfInterruption = terminated;
});

// A step that ends the process has not done what the command was asked for.
process.on("exit", (code) => {
  if (isOurs) return;
  tell(
    `process.exit(${code}) ended the process before the command was done. The file, one of its steps, or code that they call must not call process.exit.`,
  );
  process.exitCode = 1;
});

NodeRuntime.runMain(main, {
  disableErrorReporting: true,
  // Always exits: what a user's file left open (a server, a timer) does not keep the command.
  teardown: (result) => exit(Exit.isSuccess(result) ? Number(result.value) : codeOfInterruption),
});
