/**
 * Prepares a release: `npm run release -- 0.2.0`. Sets the version everywhere it is written, dates the changelog, packs both
 * packages into `temp/release` for inspection, and prints the next commands. It publishes nothing itself: the workflow
 * `.github/workflows/release.yml` does, once the tag is pushed.
 *
 *     npm run release -- 0.2.0              changes the files, to be committed
 *     npm run release -- 0.2.0 --dry-run    changes nothing: packs the current version, and prints what would change
 *
 * The first release also writes `repository`, `homepage` and `bugs` into both manifests: the address from `git remote get-url
 * origin`, or from `--repository`. npm uses it to resolve the README's links, and compares it with the workflow's repository.
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { manifest, pack, root, run } from "./package.ts";

/** A file that a release changes, and its new text. */
interface Change {
  readonly file: string;
  readonly text: string;
}

/** A reason not to release. */
class ReleaseRefused extends Error {}

const numbersOf = (version: string): ReadonlyArray<number> => {
  const parts = /^(\d+)\.(\d+)\.(\d+)$/.exec(version);
  if (parts === null) {
    throw new ReleaseRefused(`The version must be three numbers, as in 1.2.3; got "${version}".`);
  }
  return parts.slice(1).map(Number);
};

const isNewer = (version: string, current: string): boolean => {
  const [a, b] = [numbersOf(version), numbersOf(current)];
  const at = a.findIndex((number, i) => number !== b[i]);
  return at !== -1 && a[at]! > b[at]!;
};

const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** The file with the one match of `pattern` replaced. */
const replaced = (file: string, pattern: RegExp, by: string): Change => {
  const text = read(file);
  if (!pattern.test(text)) throw new ReleaseRefused(`${file} has nothing that matches ${pattern.source}.`);
  return { file, text: text.replace(pattern, by) };
};

const changelog = (version: string, date: string): Change => {
  const section = /^## \[Unreleased\]\n([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(read("CHANGELOG.md"));
  if (section === null || section[1]!.trim() === "") {
    throw new ReleaseRefused('CHANGELOG.md has nothing under "## [Unreleased]": say what changed first.');
  }
  return replaced("CHANGELOG.md", /^## \[Unreleased\]\n/m, `## [Unreleased]\n\n## [${version}] - ${date}\n`);
};

/** The page of a GitHub repository, from its clone URL. */
const pageOf = (url: string): string => {
  const [, path] = /github\.com[:/]([^/\s]+\/[^/\s]+?)(?:\.git)?\/?$/.exec(url) ?? [];
  if (path === undefined) {
    throw new ReleaseRefused(
      `The manifests lack "repository", and ${url === "" ? "this clone has no remote origin" : `"${url}" is not on GitHub`}. ` +
        "Add it: --repository https://github.com/OWNER/NAME",
    );
  }
  return `https://github.com/${path}`;
};

/** The fields of a manifest with the project's address, as lines of its JSON. */
const addresses = (page: string, directory: string): string => {
  const fields = {
    homepage: `${page}#readme`,
    bugs: `${page}/issues`,
    repository: { type: "git", url: `git+${page}.git`, ...(directory !== "" && { directory }) },
  };
  return `${JSON.stringify(fields, null, 2).slice(2, -2)},\n`;
};

/** A manifest with this version, and with the address of the project. */
const manifestChange = (file: string, version: string, repository: string | undefined): Change => {
  const { text } = replaced(file, /^( {2}"version": )"[^"]+"/m, `$1"${version}"`);
  if ("repository" in (JSON.parse(text) as object)) return { file, text };
  const url = repository ?? run("sh", ["-c", "git remote get-url origin 2>/dev/null || true"], root).trim();
  const directory = dirname(file) === "." ? "" : dirname(file);
  return {
    file,
    text: text.replace(/^ {2}"license": .*\n/m, (line) => line + addresses(pageOf(url), directory)),
  };
};

/** All changes that a release of that version makes. */
const changes = (version: string, date: string, repository: string | undefined): ReadonlyArray<Change> => {
  if (!isNewer(version, manifest.version)) {
    throw new ReleaseRefused(`The version must be newer than ${manifest.version}; got ${version}.`);
  }
  return [
    manifestChange("package.json", version, repository),
    replaced(
      "package-lock.json",
      /^( {2}"version": )"[^"]+"([\s\S]*?^ {6}"version": )"[^"]+"/m,
      `$1"${version}"$2"${version}"`,
    ),
    manifestChange("scripts/create-espalier/package.json", version, repository),
    replaced("scripts/create-espalier/template/package.json", /("espalier": )"\^[^"]+"/, `$1"^${version}"`),
    changelog(version, date),
  ];
};

const linesAdded = (file: string, text: string): ReadonlyArray<string> => {
  const before = new Set(read(file).split("\n"));
  return text.split("\n").filter((line) => line.trim() !== "" && !before.has(line));
};

const packed = (folder: string): ReadonlyArray<string> => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const library = pack(folder);
  const creator = join(root, "scripts/create-espalier");
  const printed = run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], creator);
  const [first] = JSON.parse(printed) as ReadonlyArray<{ readonly filename: string }>;
  return [library, join(folder, first!.filename)];
};

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { "dry-run": { type: "boolean", default: false }, repository: { type: "string" } },
  });
  const [version = ""] = positionals;
  const found = changes(version, new Date().toISOString().slice(0, 10), values.repository);
  const isDry = values["dry-run"];
  if (!isDry && run("git", ["status", "--porcelain"], root) !== "") {
    throw new ReleaseRefused("The working tree has changes: commit them first.");
  }
  for (const { file, text } of found) {
    console.log(`${isDry ? "would change" : "changed"} ${file}`);
    if (isDry) for (const line of linesAdded(file, text)) console.log(`  ${line}`);
    else writeFileSync(join(root, file), text);
  }
  const tarballs = packed(join(root, "temp/release"));
  for (const tarball of tarballs) {
    console.log(`packed ${relative(root, tarball)}, ${Math.round(statSync(tarball).size / 1000)} kB`);
  }
  console.log(
    [
      "Next:",
      `  git commit -am "Version ${version}" && git tag v${version}`,
      `  git push origin HEAD v${version}   # .github/workflows/release.yml tests and publishes`,
    ].join("\n"),
  );
} catch (error) {
  if (!(error instanceof ReleaseRefused)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
