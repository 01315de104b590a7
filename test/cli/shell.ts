/**
 * Runs many commands in one process, one after another: tests of output and exit codes need no process of their
 * own, whose start takes a hundred times as long as most commands. Tests of signals, of the end of the output and of
 * `process.exit` use `espalier`.
 */
import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Ended } from "./espalier.ts";

const program = join(import.meta.dirname, "fixtures/shell.ts");
const fixtures = join(import.meta.dirname, "fixtures");

interface Options {
  readonly cwd?: string;
  /** As for `espalier`. */
  readonly records?: boolean;
}

/** Returns a function that runs `espalier …args` for the tests of a file. */
export const shell = (): ((args: ReadonlyArray<string>, options?: Options) => Promise<Ended>) => {
  let child: ChildProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();
  afterAll(() => void child?.kill("SIGKILL"));
  const start = (): ChildProcess =>
    fork(program, { execArgv: ["--conditions=espalier-source"], env: { ...process.env, NO_COLOR: "1" } });
  const ask = (args: ReadonlyArray<string>, { cwd = fixtures, records = false }: Options): Promise<Ended> =>
    new Promise((resolve, reject) => {
      const shell = (child ??= start());
      const ended = (code: number | null): void =>
        reject(new Error(`The shell has ended with code ${code}.`));
      shell.once("exit", ended);
      shell.once("message", (message) => {
        shell.off("exit", ended);
        resolve(message as Ended);
      });
      const unrecorded = args[0] === "run" && !records && !args.includes("--help");
      shell.send({ args: unrecorded ? [...args, "--no-store"] : args, cwd, env: process.env });
    });
  return (args, options = {}) => {
    const asked = last.then(() => ask(args, options));
    last = asked.catch(() => {});
    return asked;
  };
};
