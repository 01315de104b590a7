/**
 * Builds `dist`: the compiler writes a declaration for each source, and rolldown a few files of JavaScript. Many small
 * files would make `import "espalier"` take half as long again, mostly to find and open them.
 *
 * It never empties `dist` first, so a process that is using it meanwhile keeps working. At the end it removes files that
 * an earlier build left there. It does nothing if `dist` was already built from the current sources: several scripts need
 * a build, and one is enough.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative, sep } from "node:path";
import { rolldown } from "rolldown";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist");
const stampFile = join(root, "temp/build-stamp");

/** The inputs of the build, and the names and sizes of the files that it wrote. */
const stamp = (): string => {
  const hash = createHash("sha256");
  for (const file of globSync(
    ["src/**/*.*", "types/**/*.*", "scripts/build.ts", "tsconfig*.json", "package*.json"],
    { cwd: root },
  ).toSorted()) {
    hash.update(file).update(readFileSync(join(root, file)));
  }
  const built = existsSync(dist) ? globSync("**/*.*", { cwd: dist }).toSorted() : [];
  for (const file of built) hash.update(`${file} ${statSync(join(dist, file)).size}\n`);
  return hash.digest("hex");
};

if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp()) process.exit(0);

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly "espalier-source": string }>>;
  readonly bin: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** `src/index`, `src/cli/bin`, …: the modules that are imported or run by name. */
const entries = [
  // The module that a worker thread runs.
  "src/threads/thread.ts",
  ...Object.values(manifest.exports).flatMap((entry) =>
    typeof entry === "string" ? [] : [entry["espalier-source"].slice("./".length)],
  ),
  ...Object.values(manifest.bin).map((file) => file.replace("./dist/", "").replace(/\.js$/, ".ts")),
  // The command loads this once Node's compile cache is on. In the same file, its imports would run first.
  "src/cli/command-process.ts",
].map((file) => file.replace(/\.ts$/, ""));

const tsc = spawnSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"],
  { cwd: root, stdio: "inherit" },
);
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

/**
 * These dependencies are bundled because installing them would bring unused code: `d3-dag` brings a solver of linear
 * programs, and Effect's modules for Node bring web sockets. Their licenses require that they are named.
 */
const builtIn: Readonly<Record<string, string>> = {
  "d3-dag": "/*! Contains d3-dag 1.2.2, copyright Erik Brinkman, MIT license. */",
  "@effect/platform-node-shared":
    "/*! Contains @effect/platform-node-shared 4.1.0, copyright Effectful Technologies, MIT license. */",
};
const isBuiltIn = (id: string): boolean =>
  Object.keys(builtIn).some((name) => id === name || id.startsWith(`${name}/`));

/** The part without a source map: the map would be as large as the part, and the package does not include its source. */
const unmapped = "d3-dag";

const bundle = await rolldown({
  cwd: root,
  input: Object.fromEntries(entries.map((entry) => [entry, `${entry}.ts`])),
  platform: "node",
  // Otherwise code that the command shares with the library could end up in the command's file, and importing the library
  // would run it.
  preserveEntrySignatures: "strict",
  external: (id) =>
    !id.startsWith(".") &&
    !id.startsWith("/") &&
    !entries.includes(id.replace(/\.ts$/, "")) &&
    !isBuiltIn(id),
});
const { output } = await bundle.write({
  dir: dist,
  format: "esm",
  sourcemap: true,
  // The source maps point to the sources, which the package includes; a second copy in the maps would add 2 MB.
  sourcemapExcludeSources: true,
  entryFileNames: "[name].js",
  chunkFileNames: "src/parts/[name].js",
  codeSplitting: { groups: [{ name: unmapped, test: /[\\/]node_modules[\\/]d3-dag[\\/]/ }] },
  banner: ({ moduleIds }) =>
    Object.entries(builtIn)
      .filter(([name]) => moduleIds.some((id) => id.includes(`/node_modules/${name}/`)))
      .map(([, text]) => text)
      .join("\n"),
  // Users see these names in stack traces, and the source maps lead to the lines.
  minify: false,
  // Editors read comments in the declarations, and people in the sources.
  comments: { jsdoc: false },
});
const written = new Set(output.map(({ fileName }) => fileName));
const unmappedFile = `src/parts/${unmapped}.js`;
writeFileSync(
  join(dist, unmappedFile),
  readFileSync(join(dist, unmappedFile), "utf8").replace(/^\/\/# sourceMappingURL=.*\n?/m, ""),
);
written.delete(`${unmappedFile}.map`);

/** Did this build write `dist/<file>`? */
const isNew = (file: string): boolean => {
  const declaration = /^(.*)\.d\.ts(?:\.map)?$/.exec(file);
  if (declaration === null) return written.has(file);
  return [".ts", ".d.ts"].some((extension) => existsSync(join(root, declaration[1]! + extension)));
};

for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name);
  if (entry.isFile() && !isNew(relative(dist, path).replaceAll(sep, "/"))) rmSync(path);
}

mkdirSync(join(root, "temp"), { recursive: true });
writeFileSync(stampFile, stamp());
