/**
 * The packed tarball as a user gets it: unpacked into an empty project outside the repository, with only its
 * dependencies. These are links to the ones installed here, so nothing is fetched.
 */
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { init, parse } from "es-module-lexer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { entryPoints, manifest, pack, root, run } from "../../scripts/package.ts";
import { extract } from "../docs/snippets.ts";

await init;

const tsc = join(root, "node_modules/typescript/bin/tsc");

/** The first pipeline in the README. */
const firstPipeline = (): string => {
  const first = extract("README.md", readFileSync(join(root, "README.md"), "utf8")).find(
    ({ mode }) => mode === "run",
  );
  if (first === undefined) throw new Error("README.md has no TypeScript block that runs");
  return first.code;
};

const link = (project: string, name: string): void => {
  const target = join(project, "node_modules", name);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(join(root, "node_modules", name), target, "junction");
};

const optionalPeers = Object.keys(manifest.peerDependencies).filter(
  (name) => manifest.peerDependenciesMeta[name]?.optional === true,
);
const required = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)].filter(
  (name) => !optionalPeers.includes(name),
);

const manifestOf = (name: string): Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>> =>
  JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8"));

/** The packages that an installation of the library brings, without optional ones. */
const installedWithLibrary = (): ReadonlyArray<string> => {
  const found = new Set<string>();
  const open = [...required];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    open.push(...Object.keys(manifestOf(name)["dependencies"] ?? {}));
  }
  return [...found];
};

/** The size of a folder's files on a disk with blocks of 4 KiB. */
const megabytes = (folder: string): number => {
  const blocks = globSync("**", { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => Math.ceil(statSync(join(entry.parentPath, entry.name)).size / 4096));
  return blocks.reduce((sum, count) => sum + count, 0) / 256;
};

describe("the packed tarball in an empty project", { timeout: 120_000 }, () => {
  let project: string;

  beforeAll(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), "espalier-package-")));
    const tarball = pack(project);
    const installed = join(project, "node_modules", manifest.name);
    mkdirSync(installed, { recursive: true });
    run("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"], project);
    for (const name of required) link(project, name);
    writeFileSync(
      join(project, "package.json"),
      JSON.stringify({ name: "empty", private: true, type: "module" }),
    );
    writeFileSync(join(project, "main.ts"), firstPipeline());
  }, 120_000);

  afterAll(() => {
    rmSync(project, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  });

  /** Compiles files of the project with settings that a user could have; throws the compiler's output if that fails. */
  const compile = (file: string, options: Readonly<Record<string, unknown>>, outDir: string): string => {
    const config = join(project, `tsconfig.${outDir}.json`);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      target: "es2022",
      // Neither Node's types nor this repository's: the declarations must compile without them.
      lib: ["es2023", "dom", "dom.iterable", "esnext.disposable"],
      types: [],
      outDir,
      ...options,
    };
    writeFileSync(config, JSON.stringify({ compilerOptions, files: [file] }));
    return run(process.execPath, [tsc, "-p", config, "--pretty", "false"], project);
  };

  const settings: ReadonlyArray<readonly [string, Readonly<Record<string, unknown>>]> = [
    ["nodenext", { module: "nodenext" }],
    ["bundler", { module: "esnext", moduleResolution: "bundler" }],
  ];

  test.each(settings)("the README's first pipeline compiles and runs with %s resolution", (name, options) => {
    expect(compile("main.ts", options, name)).toBe("");
    expect(() => run(process.execPath, [join(project, name, "main.js")], project)).not.toThrow();
  });

  test("a mistake in the program is reported through the packed declarations", () => {
    writeFileSync(
      join(project, "mistake.ts"),
      'import { pipeline } from "espalier";\npipeline("p").step("a", ["nothing provides this"], () => 1);\n',
    );
    expect(() => compile("mistake.ts", { module: "nodenext" }, "mistake")).toThrow("mistake.ts(2,");
  });

  test("`espalier` needs no optional peer, and exports the authoring API", () => {
    for (const name of optionalPeers) expect(existsSync(join(project, "node_modules", name))).toBe(false);
    const program = 'console.log(JSON.stringify(Object.keys(await import("espalier"))))';
    const names: unknown = JSON.parse(run(process.execPath, ["--input-type=module", "-e", program], project));
    expect(names).toEqual(expect.arrayContaining(["pipeline", "step", "dynamic", "pipelineOf", "type"]));
  });

  test("a durable run prints nothing by itself: no part of the library loads the command", () => {
    const program = [
      'import { pipeline } from "espalier";',
      'import { SqliteStore } from "espalier/sqlite";',
      'const store = SqliteStore.layer({ filename: "runs.db" });',
      'const sum = pipeline("sum").step("one", [], () => 1).step("two", ["one"], ({ one }) => one + 1);',
      "console.log(JSON.stringify(await sum.runPromise({}, { store })));",
    ].join("\n");
    expect(run(process.execPath, ["--input-type=module", "-e", program], project)).toBe(
      '{"one":1,"two":2}\n',
    );
    const dist = join(project, "node_modules", manifest.name, "dist");
    const loadsCommand = globSync("**/*.js", { cwd: dist }).filter((file) =>
      /["'][^"']*cli\/bin\.js["']/.test(readFileSync(join(dist, file), "utf8")),
    );
    expect(loadsCommand).toEqual([]);
  });

  test("every entry point can be imported, and its declarations compile, once the optional peers are installed", () => {
    for (const name of [...optionalPeers, "@types/node"]) link(project, name);
    const specifiers = entryPoints().map(({ specifier }) => specifier);
    const lines = specifiers.map((specifier, index) => `export * as entry${index} from "${specifier}";`);
    writeFileSync(join(project, "all.ts"), lines.join("\n"));
    expect(compile("all.ts", { module: "nodenext", types: ["node"] }, "all")).toBe("");
    expect(() => run(process.execPath, [join(project, "all/all.js")], project)).not.toThrow();
  });

  test("the tarball contains the code that runs and its sources, and nothing else", () => {
    const listed = run("tar", ["-tzf", join(project, `${manifest.name}-${manifest.version}.tgz`)], project);
    const folders = new Set(
      listed
        .trim()
        .split("\n")
        .map((path) => path.replace(/^package\//, "").replace(/\/.*/, "/")),
    );
    expect([...folders].toSorted()).toEqual(
      [
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "dist/",
        "docs/",
        "llms.txt",
        "package.json",
        "src/",
        "types/",
      ].toSorted(),
    );
    // Pages, but neither pictures nor the programs next to them.
    const pages = listed.split("\n").filter((path) => path.startsWith("package/docs/"));
    expect(pages.filter((path) => !path.endsWith(".md") || path.startsWith("package/docs/api/"))).toEqual([]);
  });

  test("its manifest has nothing that an installation would ask about, and llms.txt names every page", () => {
    const installed = join(project, "node_modules", manifest.name);
    const packed = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as object;
    expect(packed).not.toHaveProperty("scripts");
    expect(packed).not.toHaveProperty("devDependencies");
    expect(packed).not.toHaveProperty("allowScripts");
    const pages = [...readFileSync(join(installed, "llms.txt"), "utf8").matchAll(/\]\(([^)]+)\)/g)];
    expect(pages.length).toBeGreaterThan(10);
    for (const [, page] of pages) expect(existsSync(join(installed, page!))).toBe(true);
  });

  test("the built files import only packages that an installation brings", () => {
    const installed = join(project, "node_modules", manifest.name);
    const known = [
      manifest.name,
      ...Object.keys(manifest.dependencies),
      ...Object.keys(manifest.peerDependencies),
    ];
    const strangers = globSync("dist/**/*.js", { cwd: installed }).flatMap((file) => {
      const [imports] = parse(readFileSync(join(installed, file), "utf8"));
      return imports.flatMap(({ n: specifier = "." }) =>
        specifier.startsWith(".") ||
        isBuiltin(specifier) ||
        known.some((name) => specifier === name || specifier.startsWith(`${name}/`))
          ? []
          : [`${file}: ${specifier}`],
      );
    });
    expect(strangers).toEqual([]);
  });

  test("installed with Effect it takes less than 72 MB, and brings no solver, no Redis and no web sockets", () => {
    const names = installedWithLibrary();
    const sizes = names.map((name) => [name, megabytes(join(root, "node_modules", name))] as const);
    const total = sizes.reduce(
      (sum, [, size]) => sum + size,
      megabytes(join(project, "node_modules", manifest.name)),
    );
    console.info(
      `installed: ${total.toFixed(1)} MB; ${sizes.map(([name, size]) => `${name} ${size.toFixed(1)}`).join(", ")}`,
    );
    expect(total).toBeLessThan(72);
    expect(names).not.toContain("ws");
    expect(names).not.toContain("javascript-lp-solver");
    expect(names).not.toContain("ioredis");
  });
});
