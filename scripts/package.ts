/** What package.json says about the package, and packing it: shared by the scripts and the package tests. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");

interface Manifest {
  readonly name: string;
  readonly version: string;
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

/** A public entry point, as an import names it, and its files. */
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

/** Runs a program and gives what it printed; throws with all of that when it fails. */
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

/** Builds the library and packs it as `npm publish` would; gives the tarball's path. */
export const pack = (folder: string): string => {
  mkdirSync(folder, { recursive: true });
  run(process.execPath, [join(root, "scripts/build.ts")], root);
  const printed = run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], root);
  const packed = JSON.parse(printed) as ReadonlyArray<{ readonly filename: string }>;
  const [first] = packed;
  if (first === undefined) throw new Error(`npm pack named no tarball: ${printed}`);
  return join(folder, first.filename);
};
