/**
 * Runs tests on the oldest Node that the package supports (`engines` in package.json), which npm provides as a package
 * for each platform. Only tests of features that depend on Node are worth it: type stripping, SQLite, timers, promises,
 * streams.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

const version = "22.19.0";
const root = join(import.meta.dirname, "..");
const folder = join(root, "temp/node-22");
const platform = process.platform === "win32" ? "win" : process.platform;
const name = `node-${platform}-${process.arch}`;
const node = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");

const tests = [
  "test/core/builder.test.ts",
  "test/core/steps.test.ts",
  "test/core/dynamic.test.ts",
  "test/core/promise-forms.test.ts",
  "test/core/streaming.test.ts",
  "test/sqlite/records.test.ts",
  "test/cli/services.test.ts",
];

if (!existsSync(node)) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const { status } = spawnSync(
    "npm",
    ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", `${name}@${version}`],
    { cwd: folder, stdio: "inherit", shell: process.platform === "win32" },
  );
  if (status !== 0) {
    console.error(`${name}@${version} could not be installed: the tests on Node ${version} are skipped.`);
    process.exit(0);
  }
}

const env = {
  ...process.env,
  PATH: `${dirname(node)}${delimiter}${process.env["PATH"]}`,
  NODE_COMPILE_CACHE: "",
};
const { status } = spawnSync(
  node,
  [join(root, "node_modules/vitest/vitest.mjs"), "run", "--reporter=default", ...tests],
  { cwd: root, stdio: "inherit", env },
);
process.exit(status ?? 1);
