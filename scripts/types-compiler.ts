/**
 * Compiles programs against the library's declarations, as a user's compiler sees them: for the type tests, the budget
 * and the pages that are made from them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { entryPoints, root } from "./package.ts";

export type Version = 6 | 7;

/** The compiler's program, to be run by Node. */
export const compilerPath = (version: Version): string =>
  join(root, "node_modules", version === 7 ? "typescript" : "typescript-6", "bin/tsc");

export interface Printed {
  readonly status: number | null;
  readonly text: string;
}

/** Runs a compiler and gives what it printed, errors or not. */
export const compile = (version: Version, args: ReadonlyArray<string>, cwd: string): Printed => {
  const { status, stdout, stderr, error } = spawnSync(
    process.execPath,
    ["--stack-size=4000", compilerPath(version), "--pretty", "false", ...args],
    { cwd, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  );
  if (error !== undefined) throw error;
  return { status, text: stdout + stderr };
};

/** Options under which every program compiles: strict, and all that users may switch on beside it. */
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

/** A folder under `temp` with a project of its own, in which `espalier` means fresh declarations. */
export interface Project {
  readonly folder: string;
  /** Writes a file of the project. */
  readonly write: (file: string, text: string) => void;
  /** Writes a configuration for these files, and gives its name. */
  readonly configure: (name: string, files: ReadonlyArray<string>, more?: object) => string;
}

/** Makes the declarations of the library as it is now, and an empty project beside them. */
export const makeProject = (name: string): Project => {
  const folder = join(root, "temp/types", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const library = join(folder, "library");
  const emitted = compile(
    7,
    ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--declarationMap", "false", "--outDir", library],
    root,
  );
  const entries = entryPoints().map(
    ({ specifier, declarations }) =>
      [specifier, join(library, declarations.slice(join(root, "dist").length))] as const,
  );
  if (!existsSync(entries[0]?.[1] ?? "")) throw new Error(`No declarations were written:\n${emitted.text}`);
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
  return { folder, write, configure };
};

/** In an order that looks random and is the same on every machine. */
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
