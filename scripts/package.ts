/** The contents of package.json, and packing: shared by the scripts and the package tests. */
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly exports: Readonly<Record<string, string | ExportConditions>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

interface ExportConditions {
  readonly "espalier-source": string;
  readonly types: string;
  readonly default: string;
}

/** A public entry point: its import specifier and its files. */
export interface EntryPoint {
  readonly specifier: string;
  readonly source: string;
  readonly declarations: string;
}

export const manifest: Manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** Every entry point of `exports` that is code. */
export const entryPoints = (): ReadonlyArray<EntryPoint> =>
  Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    typeof target === "string"
      ? []
      : [
          {
            specifier: manifest.name + subpath.slice(1),
            source: join(root, target["espalier-source"]),
            declarations: join(root, target.types),
          },
        ],
  );

/** Runs a program and returns its output; if it fails, throws an error with that output. */
export const run = (command: string, args: ReadonlyArray<string>, cwd: string): string => {
  const result = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) {
    throw new Error(
      [
        `${command} ${args.join(" ")} ended with ${result.status ?? result.signal}`,
        result.stdout,
        result.stderr,
      ].join("\n"),
    );
  }
  return result.stdout;
};

/** Fields of `package.json` that only serve development of the library, and that would trigger questions at installation. */
const forDevelopment = ["scripts", "devDependencies", "allowScripts", "overrides"];

/** The programs of pages: `assets.ts` beside them contains what is served, and no source map leads to them. */
const isOfPage = (path: string): boolean =>
  /[\\/]src[\\/](?:draw|serve)[\\/]page[\\/]client$/.test(path) && !/[\\/]dist[\\/]/.test(path);

/**
 * Builds the library and assembles the published package in an empty folder: the files that `package.json` lists, its
 * fields for users, and `llms.txt`. A release is an `npm publish` of that folder.
 */
export const stage = (folder: string): void => {
  run(process.execPath, [join(root, "scripts/build.ts")], root);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const full = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Readonly<
    Record<string, unknown> & { files: ReadonlyArray<string> }
  >;
  const fields = Object.entries(full).filter(([field]) => !forDevelopment.includes(field));
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(Object.fromEntries(fields), null, 2)}\n`);
  // Of the documentation only the pages; pictures and programs are in the repository.
  const guides = globSync("docs/**/*.md", { cwd: root, exclude: ["docs/api/**"] }).toSorted();
  const asTheyAre = full.files.filter((file) => file !== "docs" && file !== "llms.txt");
  for (const file of [...asTheyAre, ...guides]) {
    cpSync(join(root, file), join(folder, file), { recursive: true, filter: (source) => !isOfPage(source) });
  }
  writeFileSync(join(folder, "llms.txt"), llmsText(guides));
};

/** The file that a language model reads first: one line for each page, see https://llmstxt.org. */
const llmsText = (pages: ReadonlyArray<string>): string => {
  const lines = pages.map((page) => {
    const title = /^# (.+)$/m.exec(readFileSync(join(root, page), "utf8"))?.[1] ?? page;
    return `- [${title}](${page})`;
  });
  return `# ${manifest.name}\n\n> ${manifest.description}\n\n## Pages\n\n${lines.join("\n")}\n`;
};

/** Packs the library as `npm publish` would and returns the tarball's path. */
export const pack = (folder: string): string => {
  mkdirSync(folder, { recursive: true });
  const staged = mkdtempSync(join(tmpdir(), "espalier-staged-"));
  try {
    stage(staged);
    const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
    const printed = run("npm", args, staged);
    const [first] = JSON.parse(printed) as ReadonlyArray<{ readonly filename: string }>;
    if (first === undefined) throw new Error(`npm pack named no tarball: ${printed}`);
    return join(folder, first.filename);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
};
