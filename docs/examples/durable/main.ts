/**
 * The penguins example, killed half-way and resumed: SIGKILL, as a machine that is switched off would do it. The second
 * process finds what the first recorded, and runs only the rest.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const folder = mkdtempSync(join(tmpdir(), "espalier-"));
const train = fileURLToPath(new URL("train.ts", import.meta.url));

/** Starts a process that trains, and gives the lines that it prints; kills it after so many steps. */
const trainUntil = async (killAfter: number): Promise<ReadonlyArray<string>> => {
  const child = spawn(process.execPath, [...process.execArgv, train, join(folder, "runs.db")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: Array<string> = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (lines.length === killAfter) child.kill("SIGKILL");
  }
  return lines;
};

const pathsIn = (lines: ReadonlyArray<string>, word: string): ReadonlySet<string> =>
  new Set(lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1)));

try {
  const first = await trainUntil(20);
  const ranFirst = pathsIn(first, "ran");
  console.log(`the first process ran ${ranFirst.size} steps and was killed`);

  const second = await trainUntil(Infinity);
  const recalled = pathsIn(second, "recalled");
  const ranSecond = pathsIn(second, "ran");
  console.log(`the second found ${recalled.size} of them recorded and ran ${ranSecond.size}`);
  const twice = [...ranSecond].filter((path) => ranFirst.has(path));
  console.log(`run twice: ${twice.length === 0 ? "none" : twice.join(", ")}`);
  console.log(second.slice(second.indexOf("")).join("\n"));
} finally {
  rmSync(folder, { recursive: true });
}
