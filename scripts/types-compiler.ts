/**
 * Compiles programs against the library's declarations, as a user's compiler sees them: for the type tests, the budget
 * and the pages generated from them.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { entryPoints, root } from "./package.ts";

export type Version = 5.9 | 6 | 7;

/** The compiler's program, which Node runs. */
export const compilerPath = (version: Version): string =>
  join(root, "node_modules", version === 7 ? "typescript" : `typescript-${version}`, "bin/tsc");

export interface Printed {
  readonly status: number | null;
  readonly text: string;
}

/** Runs a compiler and returns its output, with or without errors. */
export const compile = (version: Version, args: ReadonlyArray<string>, cwd: string): Printed => {
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    ["--stack-size=4000", compilerPath(version), "--pretty", "false", ...args],
    { cwd, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  if (error !== undefined) throw error;
  return { status, text: stdout + stderr };
};

/** Options under which every program must compile: `strict`, and everything else that users may switch on. */
const options = {
  target: "es2023",
  lib: ["esnext", "dom"],
  types: [],
  module: "nodenext",
  moduleResolution: "nodenext",
  moduleDetection: "force",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: true,
  noEmit: true,
};

/** A folder under `temp` with its own project, in which `espalier` resolves to fresh declarations. */
export interface Project {
  readonly folder: string;
  /** The folder with the declarations. */
  readonly library: string;
  /** Writes a file of the project. */
  readonly write: (file: string, text: string) => void;
  /** Writes a configuration for these files and returns its name. */
  readonly configure: (name: string, files: ReadonlyArray<string>, more?: object) => string;
}

/** The sources of the library's declarations. */
const sourceDigest = (): string => {
  const hash = createHash("sha256");
  const sources = globSync(["types/**/*.ts", "src/**/*.ts", "tsconfig*.json", "package.json"], { cwd: root });
  for (const file of sources.toSorted()) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex").slice(0, 16);
};

const emitLibrary = (folder: string): void => {
  const args = ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--declarationMap", "false"];
  const emitted = compile(7, [...args, "--outDir", folder], root);
  if (!existsSync(join(folder, "src/index.d.ts")))
    throw new Error(`No declarations were written:\n${emitted.text}`);
};

/**
 * The library's current declarations. They are written once and shared by all test files: the process that finishes
 * them first puts them in place.
 */
const libraryFolder = (): string => {
  const library = join(root, "temp/types-library", sourceDigest());
  if (existsSync(library)) return library;
  for (const old of globSync(join(dirname(library), "*")))
    if (statSync(old).mtimeMs < Date.now() - 3_600_000) rmSync(old, { recursive: true, force: true });
  const fresh = `${library}-${process.pid}`;
  emitLibrary(fresh);
  try {
    renameSync(fresh, library);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(library)) throw error;
  }
  return library;
};

/** Creates an empty project in which `espalier` resolves to the current library. */
export const makeProject = (name: string): Project => {
  const folder = join(root, "temp/types", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const library = libraryFolder();
  const entries = entryPoints().map(
    ({ specifier, declarations }) =>
      [specifier, join(library, declarations.slice(join(root, "dist").length))] as const,
  );
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  write("package.json", JSON.stringify({ type: "module" }));
  const paths = Object.fromEntries(entries.map(([specifier, path]) => [specifier, [path]]));
  const configure = (config: string, files: ReadonlyArray<string>, more: object = {}): string => {
    write(config, JSON.stringify({ compilerOptions: { ...options, paths, ...more }, files }, undefined, 2));
    return config;
  };
  return { folder, library, write, configure };
};

/** An order that looks random but is the same on every machine. */
export const shuffled = <Item>(items: ReadonlyArray<Item>): ReadonlyArray<Item> => {
  const left = [...items];
  let seed = 42;
  for (let index = left.length - 1; index > 0; index--) {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    const other = seed % (index + 1);
    [left[index], left[other]] = [left[other] as Item, left[index] as Item];
  }
  return left;
};
