/**
 * `npm create espalier`: the repository's second package, packed, unpacked and run as `npm create` does; then the
 * project that it creates, with the packed library and without fetching anything.
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { manifest, pack, root, run } from "../../scripts/package.ts";

let folder: string;
let creator: string;

const create = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [creator, ...args], { cwd: folder, encoding: "utf8" });

const unpack = (tarball: string, into: string): void => {
  mkdirSync(into, { recursive: true });
  run("tar", ["-xzf", tarball, "-C", into, "--strip-components=1"], folder);
};

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "espalier-create-")));
  const args = ["pack", "--json", "--pack-destination", folder];
  const [packed] = JSON.parse(run("npm", args, join(root, "scripts/create-espalier"))) as ReadonlyArray<{
    readonly filename: string;
  }>;
  unpack(join(folder, packed!.filename), join(folder, "creator"));
  creator = join(folder, "creator/create.js");
});

afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

test("creates a project that compiles, runs and passes its test with the packed library", () => {
  const made = create("My First Pipeline");
  expect(made.stderr).toBe("");
  expect(made.status).toBe(0);
  const project = join(folder, "My First Pipeline");
  const own = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
    readonly name: string;
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  expect(own.name).toBe("my-first-pipeline");
  expect(readFileSync(join(project, "README.md"), "utf8")).toContain("# my-first-pipeline\n");
  expect(existsSync(join(project, ".gitignore"))).toBe(true);
  expect(own.dependencies[manifest.name]).toBe(`^${manifest.version}`);

  unpack(pack(folder), join(project, "node_modules", manifest.name));
  for (const name of Object.keys({ ...own.dependencies, ...own.devDependencies, ...manifest.dependencies })) {
    const target = join(project, "node_modules", name);
    if (name === manifest.name) continue;
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(join(root, "node_modules", name), target, "junction");
  }

  expect(run(process.execPath, ["src/main.ts"], project)).toBe("kitchen: 21.0\ncellar: 11.0\n");
  expect(run(process.execPath, ["node_modules/typescript/bin/tsc"], project)).toBe("");
  expect(run(process.execPath, ["node_modules/vitest/vitest.mjs", "run"], project)).toMatch(/2 passed/);
}, 240_000);

test("uses the folder my-pipeline if none is named, and prints the next steps", () => {
  const { status, stdout } = create();
  expect(status).toBe(0);
  expect(stdout).toContain("cd my-pipeline\n  npm install\n  npm start");
});

test.each([
  [
    ["busy"],
    /The folder .*busy is not empty, and nothing in it was changed\. Name another: npm create espalier/,
  ],
  [["one", "two"], /Expected one folder, received 2: one, two\. Usage: npm create espalier \[folder\]/],
  [["--template"], /Unknown option --template\. Usage: npm create espalier \[folder\]/],
  [["busy/file/under"], /The project could not be written to .*under: /],
])("refuses %j with one sentence, and changes nothing", (args, sentence) => {
  mkdirSync(join(folder, "busy"), { recursive: true });
  writeFileSync(join(folder, "busy/file"), "kept");
  const { status, stderr } = create(...args);
  expect(stderr).toMatch(sentence);
  expect(status).toBe(1);
  expect(readdirSync(join(folder, "busy"))).toEqual(["file"]);
  expect(readFileSync(join(folder, "busy/file"), "utf8")).toBe("kept");
});
