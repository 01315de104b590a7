/**
 * The modules that importing the library loads, and the imports between its parts. The linter checks that no files import
 * each other.
 */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { entryPoints, manifest, root } from "../../scripts/package.ts";
import { loads } from "./imports.ts";

const core = entryPoints().find(({ specifier }) => specifier === manifest.name);
if (core === undefined) throw new Error("package.json exports no core entry point");

describe("importing `espalier`", () => {
  const loaded = loads(core.source);

  test("loads no module of Node, so that it runs in browsers, workers and edge runtimes", () => {
    expect(Object.fromEntries(loaded.builtins)).toEqual({});
  });

  test("loads nothing but its own sources and Effect", () => {
    const own = [
      pathToFileURL(join(root, "src/")).href,
      pathToFileURL(join(root, "node_modules/effect/")).href,
    ];
    expect([...loaded.files].filter((url) => !own.some((folder) => url.startsWith(folder)))).toEqual([]);
    expect([...loaded.files].some((url) => url.includes("/node_modules/effect/"))).toBe(true);
  });

  test("does not load Effect's barrel, which takes longer than everything else", () => {
    expect([...loaded.files]).not.toContain(import.meta.resolve("effect"));
  });
});

describe("barrels", () => {
  test("only public entry points consist solely of re-exports", () => {
    const entries = new Set(entryPoints().map(({ source }) => source));
    const barrels = globSync("{src,types}/**/*.ts", { cwd: root }).filter((file) => {
      const code = readFileSync(join(root, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
      const rest = code.replaceAll(
        /export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s+from\s+"[^"]*";?/g,
        "",
      );
      return rest.trim() === "" && !entries.has(join(root, file));
    });
    expect(barrels).toEqual([]);
  });
});

describe("the parts of src", () => {
  /** The folders and files of `src` that each of them imports, including types. */
  const imports = new Map<string, Set<string>>();
  for (const file of globSync("src/**/*.ts", { cwd: root })) {
    const [, part = ""] = file.split("/");
    const imported = imports.get(part) ?? new Set();
    imports.set(part, imported);
    for (const [, specifier = ""] of readFileSync(join(root, file), "utf8").matchAll(
      /(?:from |import\()"(\.[^"]+)"/g,
    )) {
      const [top, other = ""] = join(dirname(file), specifier).split("/");
      if (top === "src" && other !== part) imported.add(other);
    }
  }

  test("are layered: none imports a part that imports it, however indirectly", () => {
    const ground = [...imports].filter(([, imported]) => imported.size === 0).map(([part]) => part);
    const files = ["cluster-errors.ts", "path.ts", "run-errors.ts", "worker-failed.ts"];
    expect(new Set(ground)).toEqual(new Set([...files, "values"]));
    // Types only: another test checks their size.
    expect(imports.get("client")).toEqual(new Set(["events.ts"]));
    const left = new Map(imports);
    for (let size = Infinity; left.size < size; ) {
      size = left.size;
      for (const [part, imported] of left)
        if (!imported.values().some((other) => left.has(other))) left.delete(part);
    }
    expect(Object.fromEntries(left)).toEqual({});
  });
});

describe("following imports", () => {
  const folder = join(root, "temp/imports");
  const write = (files: Readonly<Record<string, string>>): string => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    mkdirSync(folder, { recursive: true });
    for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, name), code);
    return join(folder, "a.ts");
  };

  test("finds a module of Node behind static imports, re-exports and dynamic imports, and reports the chain", () => {
    const a = write({
      "a.ts": 'export * from "./b.ts";\n',
      "b.ts": 'export const later = () => import("./c.ts");\n',
      "c.ts": 'import { readFileSync } from "fs";\nexport const read = readFileSync;\n',
    });
    expect(loads(a).builtins).toEqual(new Map([["fs", [a, "./b.ts", "./c.ts", "fs"]]]));
  });

  test("ignores imports of types and imports in comments, and ends on a cycle", () => {
    const a = write({
      "a.ts": 'import type { Stats } from "node:fs";\nexport * from "./b.ts";\nexport type A = Stats;\n',
      "b.ts": '// import "node:path";\nimport "./a.ts";\nexport const b = 1;\n',
    });
    expect(loads(a).builtins).toEqual(new Map());
    expect(loads(a).files.size).toBe(2);
  });
});
