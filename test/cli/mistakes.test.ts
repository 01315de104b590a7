import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { espalier, sentences } from "./espalier.ts";
import { shell } from "./shell.ts";

const command = shell();

const folder = mkdtempSync(join(tmpdir(), "espalier-cli-"));

// Files that no tool can format or compile are written here instead of being kept in the repository.
mkdirSync(join(folder, "folder.ts"));
writeFileSync(join(folder, "syntax.mjs"), "export const a = 1;\nconst = 3;\n");
writeFileSync(join(folder, "syntax.ts"), "export const a = 1;\nexport const b = () => {\n");
writeFileSync(join(folder, "data.json"), "[1, 2");
writeFileSync(join(folder, "notes.txt"), "hello");

/** The error message of a command that should fail. */
const told = async (args: ReadonlyArray<string>, cwd?: string) => {
  const ended = await command(args, cwd === undefined ? {} : { cwd });
  return { said: sentences(ended), stdout: ended.stdout, code: ended.code };
};

/** One line on standard error, without a stack; nothing on standard output; exit code 1. */
const failure = (sentence: string | RegExp) => ({
  said: [typeof sentence === "string" ? expect.stringContaining(sentence) : expect.stringMatching(sentence)],
  stdout: "",
  code: 1,
});

test.for([
  ["nope.ts", 'There is no file "nope.ts".'],
  ["folder.ts", '"folder.ts" is not a file. Name a module that exports a pipeline.'],
  [
    "syntax.mjs",
    "The file \"syntax.mjs\" cannot be loaded: SyntaxError: Unexpected token '=' (syntax.mjs:2)",
  ],
  ["syntax.ts", 'The file "syntax.ts" cannot be loaded: SyntaxError: '],
  ["notes.txt", 'The file "notes.txt" is neither TypeScript nor JavaScript'],
  ["data.json", 'The file "data.json" is neither TypeScript nor JavaScript'],
] as const)("a file that cannot be loaded: %s", async ([file, sentence]) => {
  expect(await told(["run", file], folder)).toEqual(failure(sentence));
});

test.for([
  [
    "throws.ts",
    'The file "throws.ts" cannot be loaded: TypeError: the database is not configured (throws.ts:1:7)',
  ],
  [
    "enum.ts",
    'The file "enum.ts" cannot be loaded: SyntaxError: TypeScript enum is not supported in strip-only mode (enum.ts:1). Node runs TypeScript only where removing the types is enough. Write it without that syntax, or install tsx and run the command with NODE_OPTIONS="--import tsx".',
  ],
  ["missing-import.ts", 'The file "missing-import.ts" cannot be loaded: Cannot find module'],
  ["wrong-graph.mjs", 'Pipeline "wrong", step "total": It reads "prices", and nothing provides that'],
  ["nothing.ts", 'The file "nothing.ts" exports no pipeline; it exports nothing.'],
  [
    "no-pipeline.ts",
    'exports no pipeline; it exports "helper" (a function), "limit" (a number), "part" (a standalone step).',
  ],
  [
    "several.ts",
    'The file "several.ts" exports the pipelines "nightly" and "weekly": choose one with --export NAME.',
  ],
] as const)("each command reports the fault of the file: %s", async ([file, sentence]) => {
  for (const command of ["run", "graph", "check"]) {
    expect(await told([command, file])).toEqual(failure(sentence));
  }
});

test("--export takes a named pipeline, and lists the exports if none has that name", async () => {
  const { stdout } = await command(["run", "several.ts", "--export", "weekly", "--json"]);
  expect(stdout).toBe('{"b":2}\n');
  expect(await told(["run", "several.ts", "--export", "weakly"])).toEqual(
    failure(/no export "weakly"; it exports .* Did you mean "weekly"\?$/u),
  );
  expect(await told(["run", "no-pipeline.ts", "--export", "limit"])).toEqual(
    failure('The export "limit" of "no-pipeline.ts" is a number'),
  );
});

test("a CommonJS file can export a pipeline", async () => {
  const { stdout } = await command(["run", "common.cjs", "--json"]);
  expect(stdout).toBe('{"a":1}\n');
});

test.for([
  [["-i", "name=foo"], `The input "name" is not JSON: `],
  [["-i", "name=foo"], `A string needs quotes inside quotes: --input 'name="foo"'.`],
  [["-i", "rates"], 'The input "rates" has no value. Write --input name=json or --input name=@file.'],
  [["-i", "rate=1"], 'has no input "rate"; it takes "rates" and "name". Did you mean "rates"?'],
  [["-i", "toString=1"], 'has no input "toString"; it takes "rates" and "name".'],
  [["-i", "rates=1", "-i", "rates=2"], 'The input "rates" is given twice. Remove one --input.'],
  [["-i", "rates=@none.json"], 'The input "rates" reads the file "none.json", which does not exist.'],
  [["-i", `rates=@${join(folder, "data.json")}`], "is not JSON: "],
  [
    ["-i", "rates=[1]"],
    `The input "name" is missing: give it with --input 'name=JSON' or --input 'name=@FILE'.`,
  ],
  [[], 'The inputs "rates" and "name" are missing: give each with'],
] as const)("invalid inputs: %s", async ([inputs, sentence]) => {
  expect(await told(["run", "training.ts", ...inputs])).toEqual(failure(sentence));
});

test("an input that its schema refuses is reported with its position, and an optional one can be left out", async () => {
  expect(await told(["run", "schema.ts"])).toEqual(failure('The inputs "rates" and "a=b" are missing'));
  expect(await told(["run", "schema.ts", "-i", 'rates=["x"]', "-i", 'a=b=""'])).toEqual(
    failure('Input "rates" at 0 does not fit: '),
  );
});

test("a process ends with the same sentence and exit code", async () => {
  for (const args of [
    ["run", "throws.ts"],
    ["run", "training.ts", "--concurrency", "0"],
    ["check", "nope.ts"],
  ])
    expect(await espalier(args)).toEqual(await command(args));
});

test("the command explains in one sentence that it needs Node, if Bun runs it", () => {
  const bun = "data:text/javascript,process.versions.bun='1.4.5'";
  const bin = join(import.meta.dirname, "../../src/cli/bin.ts");
  const { status, stderr } = spawnSync(process.execPath, ["--import", bun, bin, "check"], {
    encoding: "utf8",
  });
  expect(stderr).toMatch(
    /^The command espalier needs Node: Bun has no registerHooks[^.]*\. Run it with Node: npx espalier\.\n$/,
  );
  expect(status).toBe(1);
});

test("an invalid command line is reported on standard error, with a pointer to the help", async () => {
  for (const [args, said] of [
    [["rn"], 'Unknown subcommand "rn"'],
    [["run"], "Missing required argument"],
    [["run", "training.ts", "--concurrency", "0"], "Expected a whole number of at least 1"],
    [["run", "training.ts", "--concurency", "2"], "--concurency"],
    [["graph", "training.ts", "--format", "gif"], "mermaid"],
  ] as const) {
    const ended = await command(args);
    expect(ended.stderr).toContain(said);
    expect(ended.stderr).toMatch(/\nSee espalier.* --help\.\n$/u);
    expect(ended.stdout).toBe("");
    expect(ended.code).toBe(1);
  }
});
