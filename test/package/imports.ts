/** Follows the imports of a module, through the repository's sources and into its dependencies. */
import { readFileSync } from "node:fs";
import { isBuiltin, stripTypeScriptTypes } from "node:module";
import { pathToFileURL } from "node:url";
import { init, parse } from "es-module-lexer";

await init;

/** The chain of imports to a module: the first module's file, then each specifier on the way. */
export type Trail = ReadonlyArray<string>;

export interface Loaded {
  /** Every file that is reached, as a URL. */
  readonly files: ReadonlySet<string>;
  /** For every module of Node that is reached, one chain to it. */
  readonly builtins: ReadonlyMap<string, Trail>;
}

/** The specifiers that a file loads: static imports, re-exports and dynamic imports of a literal, but no types. */
const specifiers = (url: string): ReadonlyArray<string> => {
  const text = readFileSync(new URL(url), "utf8");
  const [imports] = parse(url.endsWith(".ts") ? stripTypeScriptTypes(text) : text);
  return imports.flatMap(({ n }) => (n === undefined ? [] : [n]));
};

/** All files that loading `file` can load. Type imports are erased first, as Node does. */
export const loads = (file: string): Loaded => {
  const files = new Set<string>();
  const builtins = new Map<string, Trail>();
  const open: Array<readonly [url: string, trail: Trail]> = [[pathToFileURL(file).href, [file]]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [url, trail] = next;
    if (files.has(url)) continue;
    files.add(url);
    for (const specifier of specifiers(url)) {
      const way = [...trail, specifier];
      if (isBuiltin(specifier)) builtins.set(specifier, way);
      else open.push([import.meta.resolve(specifier, url), way]);
    }
  }
  return { files, builtins };
};
