/** The tests, scripts and commands that the contributor pages refer to exist. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./snippets.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");
const pages = ["CONTRIBUTING.md", ...globSync("docs/contributing/*.md", { cwd: root }).toSorted()];
const manifest = JSON.parse(read("package.json")) as { readonly scripts: Readonly<Record<string, string>> };

test("every test, script and source that they name exists", () => {
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/(?<![\w./-])(?:test|property-tests|scripts|src|docs|types)\/[\w./-]*\w/g)].map(
      ([path]) => ({
        page,
        path,
      }),
    ),
  );
  expect(named.length).toBeGreaterThan(40);
  // The page on debugging a type has the reader create one file.
  const made = named.filter(({ path }) => !path.endsWith("/mine.ts"));
  expect(made.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
});

test("every npm script that they name exists", () => {
  const named = pages.flatMap((page) =>
    [...read(page).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name!),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
});

test("every script in scripts/ has an npm script, or is part of one that has", () => {
  const files = globSync("scripts/*.ts", { cwd: root });
  const commands = Object.values(manifest.scripts).join("\n");
  const importers = [
    ...files,
    ...globSync("{test,property-tests}/**/*.ts", { cwd: root }),
    "vitest.config.ts",
  ].map(read);
  const lost = files.filter((file) => {
    const name = file.replace("scripts/", "");
    return !commands.includes(file) && !importers.some((text) => text.includes(`/${name}"`));
  });
  expect(lost).toEqual([]);
});
