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

// The first Ctrl-C stops the run cleanly, which a step can delay for its grace period; the second one does not wait.
process.once("SIGINT", () => process.once("SIGINT", () => exit(interrupted)));
process.once("SIGTERM", () => {
  codeOfInterruption = terminated;
});

// If a step ends the process, the command has not completed its task.
process.on("exit", (code) => {
  if (isOurs) return;
  tell(
    `process.exit(${code}) ended the process before the command was done. The file, one of its steps, or code that they call must not call process.exit.`,
  );
  process.exitCode = 1;
});

NodeRuntime.runMain(main, {
  disableErrorReporting: true,
  // Always exits: anything that a user's file left open (a server, a timer) does not keep the command running.
  teardown: (result) => exit(Exit.isSuccess(result) ? Number(result.value) : codeOfInterruption),
});
