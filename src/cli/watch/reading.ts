/**
 * The plan of a file as it is now. Node keeps every module that it has loaded, so each reading is another process: this
 * command itself, which writes the graph as JSON. It runs nothing, and effects of loading the file stay in that
 * process.
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import * as Effect from "effect/Effect";
import type { Plan } from "../../../types/plan.ts";
import { tellsLoaded } from "./loaded.ts";

export interface Reading {
  /** Undefined if the file cannot be loaded, or has no pipeline. */
  readonly plan: Plan | undefined;
  /** The command's standard error: why there is no plan, and the file's own output. */
  readonly said: string;
  /** The file, and the files that it imports. */
  readonly files: ReadonlySet<string>;
}

/** Further output of a file while it loads is left out. */
const mostSaid = 20_000;

/** A debugger can listen for one process only. */
const flagsOfNode = (): ReadonlyArray<string> =>
  process.execArgv.filter((flag) => !flag.startsWith("--inspect"));

/** Undefined if the text is not a plan: a file can end the process while it loads, or write to standard output directly. */
const planIn = (text: string): Plan | undefined => {
  try {
    return JSON.parse(text) as Plan;
  } catch {
    return undefined;
  }
};

/** Passes each whole line of a stream to `take`. */
const eachLine = (stream: Readable, take: (line: string) => void): void => {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(take);
  });
};

/**
 * Reads the file, and reports each file that it imports as it is loaded. Interrupting it ends the process, whatever the
 * file is doing.
 */
export const readPlan = (
  file: string,
  exportName: string | undefined,
  loads: (file: string) => void,
): Effect.Effect<Reading> =>
  Effect.callback((resume) => {
    const chosen = exportName === undefined ? [] : ["--export", exportName];
    const child = spawn(
      process.execPath,
      [...flagsOfNode(), process.argv[1]!, "graph", resolve(file), "--format", "json", ...chosen],
      { stdio: ["ignore", "pipe", "pipe", "pipe"], env: { ...process.env, [tellsLoaded]: "3" } },
    );
    const files = new Set([resolve(file)]);
    files.forEach(loads);
    let [plan, said] = ["", ""];
    const [, stdout, stderr, loaded] = child.stdio as unknown as readonly [
      null,
      Readable,
      Readable,
      Readable,
    ];
    stdout.setEncoding("utf8").on("data", (text: string) => (plan += text));
    stderr.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < mostSaid) said += text;
    });
    eachLine(loaded, (line) => {
      const file = JSON.parse(line) as string;
      files.add(file);
      loads(file);
    });
    const end = (read: Plan | undefined): void => resume(Effect.succeed({ plan: read, said, files }));
    child.once("error", (error) => {
      said += `${error.message}\n`;
      end(undefined);
    });
    child.once("close", (code, signal) => {
      const read = code === 0 ? planIn(plan) : undefined;
      // A failed command has printed the reason, unless the file ended it.
      if (read === undefined && (said === "" || code === 0))
        said += `Loading "${file}" ended the process, with ${signal ?? `exit code ${code}`}, before it exported a graph.\n`;
      return end(read);
    });
    return Effect.callback<void>((ended) => {
      const hasEnded = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
      if (hasEnded) return ended(Effect.void);
      child.once("exit", () => ended(Effect.void));
      // Not a signal that it could ignore: it may be in an endless loop, and has nothing to clean up.
      child.kill("SIGKILL");
      return;
    });
  });
