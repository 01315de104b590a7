/** Starts `process.ts` and reads its output; returns a sentence if there is none. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const path = fileURLToPath(new URL("process.ts", import.meta.url));

export const child = <Measured>(
  parts: ReadonlyArray<string>,
  flags: ReadonlyArray<string> = ["--conditions=espalier-source"],
): Measured | string => {
  const done = spawnSync(process.execPath, [...flags, path, ...parts], { timeout: 60_000, encoding: "utf8" });
  if (done.error !== undefined) return "over 60 s";
  if (done.status !== 0) return /heap out of memory/.test(done.stderr) ? "out of memory" : "failed";
  return JSON.parse(done.stdout.trim().split("\n").at(-1)!) as Measured;
};
