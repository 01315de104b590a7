/** Runs the real command in a separate process. */
import { spawn } from "node:child_process";
import { join } from "node:path";

const bin = join(import.meta.dirname, "../../src/cli/bin.ts");

const fixtures = join(import.meta.dirname, "fixtures");

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  readonly cwd?: string;
  /** Runs are recorded where the arguments say, or by default in `cwd`; otherwise not at all. */
  readonly records?: boolean;
  /** A file descriptor for standard output, instead of reading it. */
  readonly stdout?: number;
  /** Called with all of standard error so far, and a function that sends a signal. */
  readonly onStderr?: (said: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** `espalier …args`, by default in the folder of the fixtures. */
export const espalier = (args: ReadonlyArray<string>, options: Options = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const unrecorded = args[0] === "run" && options.records !== true && !args.includes("--help");
    const all = unrecorded ? [...args, "--no-store"] : args;
    const child = spawn(process.execPath, ["--conditions=espalier-source", bin, ...all], {
      cwd: options.cwd ?? fixtures,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", options.stdout ?? "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      options.onStderr?.(stderr, (signal) => child.kill(signal));
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });

/** The text that a failed command prints on standard error in addition to the progress of its run. */
export const sentences = ({ stderr }: Ended): ReadonlyArray<string> =>
  stderr.split("\n").filter((line) => line !== "" && !/^[▶✓✗+↻!-] |^ {2}/u.test(line));
