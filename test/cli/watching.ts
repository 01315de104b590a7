/** Runs `espalier graph FILE --watch` on separate files, in a folder that is created before each test and removed after it. */
import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { screen } from "../draw/screen.ts";

const root = join(import.meta.dirname, "../..");

let folder = "";
let started: Array<ChildProcess> = [];

/** A file in the watched folder. It is created for each test. */
export const file = (name: string): string => join(folder, name);
export const save = (name: string, text: string): void => writeFileSync(file(name), text);
/** As editors save that write another file and rename it. */
export const replace = (name: string, text: string): void => {
  save(`${name}.new`, text);
  renameSync(file(`${name}.new`), file(name));
};

/** A pipeline whose steps another file names. */
export const main = `import { pipeline, step } from "espalier";
import { names } from "./names.ts";
export default pipeline("watched").addAll(names.map((name) => step(name, [], () => 1)));
`;
export const names = (...all: ReadonlyArray<string>): string =>
  `export const names = ${JSON.stringify(all)};\n`;

beforeEach(() => {
  // Inside the repository, where the name `espalier` resolves to its sources.
  mkdirSync(join(root, "temp"), { recursive: true });
  folder = mkdtempSync(join(root, "temp/watch-"));
  save("main.ts", main);
  save("names.ts", names("first"));
});

afterEach(async () => {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  started = [];
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

/** The time limit for expected output: a busy machine is slow, and only a failing test waits this long. */
export const patience = { timeout: 60_000 };

export interface Watching {
  readonly child: ChildProcess;
  readonly said: () => { readonly stdout: string; readonly stderr: string };
  /** Waits until all of its output, on either stream, matches. */
  readonly until: (pattern: RegExp) => Promise<void>;
  /** Interrupts it as Ctrl-C does, and returns its exit code. */
  readonly interrupt: () => Promise<number | null>;
}

const command = [
  process.execPath,
  "--conditions=espalier-source",
  join(root, "src/cli/bin.ts"),
  "graph",
  "main.ts",
  "--watch",
];

/** `espalier graph main.ts --watch …args`, in the folder. */
export const watch = (...args: ReadonlyArray<string>): Watching => {
  const child = spawn(command[0]!, [...command.slice(1), ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  started.push(child);
  let [stdout, stderr] = ["", ""];
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const listener of listeners) listener();
  });
  return {
    child,
    said: () => ({ stdout, stderr }),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const fail = (): void => reject(new Error(`It never said ${pattern}:\n${stdout}\n${stderr}`));
        const timer = setTimeout(fail, patience.timeout);
        const look = (): void => {
          if (!pattern.test(stdout) && !pattern.test(stderr)) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve();
        };
        child.once("exit", fail);
        listeners.add(look);
        look();
      }),
    interrupt: async () => {
      child.kill("SIGINT");
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
};

/** Linux has the tools to act as a process's terminal: `script`, and `/proc` to find the process. */
export const hasTerminals = existsSync("/usr/bin/script") && existsSync("/proc/self/task");

/** The running children of a process. Linux only. */
export const childrenOf = (pid: number): ReadonlyArray<string> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);

export interface WatchingTerminal {
  /** The screen as a person sees it, line by line. */
  readonly seen: () => Promise<ReadonlyArray<string>>;
  readonly resize: (columns: number) => void;
  /** Types Ctrl-C, and returns the exit code. */
  readonly interrupt: () => Promise<number | null>;
}

/** The same in a separate terminal. */
export const watchOnTerminal = (columns: number, rows: number): WatchingTerminal => {
  const quoted = command.map((part) => `'${part}'`).join(" ");
  const child = spawn(
    "/usr/bin/script",
    ["-qefc", `stty cols ${columns} rows ${rows}; exec ${quoted}`, "/dev/null"],
    { cwd: folder, stdio: ["pipe", "pipe", "ignore"], env: { ...process.env, TERM: "xterm", CI: "" } },
  );
  started.push(child);
  const { output, seen, resize } = screen(columns, rows);
  child.stdout.setEncoding("utf8").on("data", output.write);
  return {
    seen,
    resize: (columns) => {
      const [inner] = childrenOf(child.pid!);
      execFileSync("stty", ["-F", readlinkSync(`/proc/${inner}/fd/1`), "cols", String(columns)]);
      resize(columns, rows);
    },
    interrupt: async () => {
      child.stdin.write("\u0003");
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
};
