/**
 * Runs every check that is not a test, two at a time: types, generated pages, lint, prose, format, API reports, the
 * package. Each is a script of package.json and can be run alone. Prints the output of those that fail, and exits with
 * 1 if any did.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The longest first, so that none of them runs alone at the end. `api:check` builds the package, which the next ones check. */
const checks: ReadonlyArray<ReadonlyArray<string>> = [
  ["api:check", "package:lint"],
  ["lint:code"],
  ["check"],
  ["lint:unused"],
  ["prose"],
  ["page:check"],
  ["format:check"],
];

const run = (script: string): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn("npm", ["run", "--silent", script], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (printed += text));
    }
    child.once("error", reject);
    child.once("close", (code) => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(`${code === 0 ? "✓" : "✗"} npm run ${script} (${seconds} s)`);
      if (code !== 0) console.error(printed);
      resolve(code === 0);
    });
  });

const waiting = [...checks];
let failed = false;

const worker = async (): Promise<void> => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    for (const script of next) if (!(await run(script))) failed = true;
  }
};

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
process.exitCode = failed ? 1 : 0;
