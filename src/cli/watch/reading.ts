/**
 * The plan of a file as it is now. Node keeps every module that it has loaded, so each reading is another process: this
 * command itself, asked for the graph as JSON. It runs nothing, and what the file does while it loads stays in there.
 */
import { spawn } from "node:child_process";
import { resolve } from "node:path";
import type { Readable } from "node:stream";
import * as Effect from "effect/Effect";
import type { Plan } from "../../../types/plan.ts";
import { tellsLoaded } from "./loaded.ts";

export interface Reading {
  /** Undefined where the file cannot be loaded, or has no pipeline. */
  readonly plan: Plan | undefined;
  /** The command's standard error: why there is no plan, and the file's own output. */
  readonly said: string;
  /** The file, and those that it is made of. */
  readonly files: ReadonlySet<string>;
}

/** The rest of what a file prints while it loads is left out. */
const mostSaid = 20_000;

/** A debugger can listen for one process only. */
const flagsOfNode = (): ReadonlyArray<string> =>
  process.execArgv.filter((flag) => !flag.startsWith("--inspect"));

/** Undefined where it is none: a file may end the process while it loads, or write to standard output past us. */
const planIn = (text: string): Plan | undefined => {
  try {
    return JSON.parse(text) as Plan;
  } catch {
    return undefined;
  }
};

/** Gives each whole line of a stream. */
const eachLine = (stream: Readable, take: (line: string) => void): void => {
  let rest = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    lines.forEach(take);
  });
};

/**
 * Reads the file, and tells each file that it is made of as it is loaded. Interrupting it ends the process, whatever the
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
      // A failed command has said why, unless the file ended it.
      if (read === undefined && (said === "" || code === 0))
        said += `Loading "${file}" ended the process, with ${signal ?? `exit code ${code}`}, before it exported a graph.\n`;
      return end(read);
    });
    return Effect.callback<void>((ended) => {
      const hasEnded = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
      if (hasEnded) return ended(Effect.void);
      child.once("exit", () => ended(Effect.void));
      // Not a word that it could mishear: it may be in a loop without an end, and has nothing to put away.
      child.kill("SIGKILL");
      return;
    });
  });
