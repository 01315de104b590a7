/**
 * Compiles `src` and `types` to `dist`, then removes what an earlier build left there for a source that is gone.
 * It never empties `dist` first, so a process that is using it meanwhile keeps working.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");

/** The sources that `dist/<relative>` can have come from. */
const sourcesOf = (relative: string): ReadonlyArray<string> => {
  const base = relative.replace(/(?:\.d)?\.ts(?:\.map)?$|\.js(?:\.map)?$/, "");
  return [".ts", ".d.ts"].map((extension) => join(root, base + extension));
};

const tsc = spawnSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"],
  { cwd: root, stdio: "inherit" },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !sourcesOf(path.slice(dist.length + 1)).some((source) => existsSync(source)))
    rmSync(path);
}
