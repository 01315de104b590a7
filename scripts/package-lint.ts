/**
 * Packs the library and checks the tarball as users' tools will read it: publint checks the manifest, and "are the
 * types wrong" checks every entry point under each way of resolving modules that can import ES modules.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pack, root } from "./package.ts";

const tarball = pack(join(root, "temp/package-lint"));

const check = (name: string, ...args: ReadonlyArray<string>): boolean =>
  spawnSync(join(root, "node_modules/.bin", name), args, { cwd: root, stdio: "inherit" }).status === 0;

const results = [
  check("publint", tarball, "--strict"),
  check("attw", tarball, "--profile", "esm-only", "--no-definitely-typed", "--no-emoji"),
];
if (results.includes(false)) process.exit(1);
