/**
 * Extracts the TypeScript blocks of Markdown files, compiles all of them in one program and runs them in one process.
 * The info strings of blocks are described at the top of `snippets.test.ts`.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export type Mode = "run" | "no-run" | "error";

export interface Snippet {
  /** The location of the block: the Markdown file and the line of its opening fence. */
  readonly file: string;
  readonly line: number;
  readonly mode: Mode;
  readonly code: string;
  /** The message that the compiler must print; only for the mode `error`. */
  readonly expected: string | undefined;
}

export interface Outcome {
  readonly snippet: Snippet;
  /** The compiler's output, line by line, without paths and positions. */
  readonly diagnostics: string;
  /** The error that running it threw; `undefined` if it ran to its end or was not to be run. */
  readonly failure: string | undefined;
}

interface Block {
  readonly line: number;
  readonly info: string;
  readonly body: string;
}

/** The fenced blocks of a Markdown text, including those indented in a list. */
const blocks = (markdown: string): ReadonlyArray<Block> => {
  const found: Array<Block> = [];
  const lines = markdown.split(/\r?\n/);
  for (let start = 0; start < lines.length; start++) {
    const opening = /^(\s*)(`{3,}|~{3,})\s*([^`]*)$/.exec(lines[start] ?? "");
    if (opening === null) continue;
    const [, indent = "", fence = "", info = ""] = opening;
    const isClosing = (line: string): boolean => {
      const text = line.trim();
      return text.length >= fence.length && text === (fence[0] ?? "").repeat(text.length);
    };
    let end = start + 1;
    while (end < lines.length && !isClosing(lines[end] ?? "")) end++;
    if (end === lines.length) throw new Error(`The block that line ${start + 1} opens is never closed`);
    const body = lines
      .slice(start + 1, end)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    found.push({ line: start + 1, info: info.trim(), body: body.join("\n") });
    start = end;
  }
  return found;
};

const modes = new Map<string, Mode>([
  ["", "run"],
  ["no-run", "no-run"],
  ["error", "error"],
]);

/** The TypeScript blocks of a Markdown text; throws if an info string or an `error` block breaks the rules. */
export const extract = (file: string, markdown: string): ReadonlyArray<Snippet> => {
  const all = blocks(markdown);
  return all.flatMap(({ body, info, line }, index): ReadonlyArray<Snippet> => {
    const [language = "", ...rest] = info.split(/\s+/);
    if (language === "typescript")
      throw new Error(`${file}:${line}: write \`\`\`ts, which is what the tests look for`);
    if (language !== "ts") return [];
    const mode = modes.get(rest.join(" "));
    if (mode === undefined) throw new Error(`${file}:${line}: "${info}" is none of: ts, ts no-run, ts error`);
    const next = all[index + 1];
    if (mode === "error" && next?.info !== "text") {
      throw new Error(`${file}:${line}: a \`\`\`ts error block must be followed by a \`\`\`text block`);
    }
    return [
      { file, line, mode, code: `${body}\n`, expected: mode === "error" ? next?.body.trim() : undefined },
    ];
  });
};

/** Reads Markdown files, named relative to the repository, and extracts the TypeScript blocks of each. */
export const extractAll = (files: ReadonlyArray<string>): ReadonlyArray<Snippet> =>
  files.flatMap((file) => extract(file, readFileSync(join(root, file), "utf8")));

const moduleName = ({ file, line }: Snippet): string =>
  `${file.replace(/\.md$/, "").replaceAll(/[^A-Za-z0-9]+/g, "-")}-${line}`;

/** The compiler's output, by module: `a.ts(1,2): error …` and the indented lines that belong to it. */
const diagnosticsByModule = (printed: string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const found = new Map<string, Array<string>>();
  let current: Array<string> | undefined;
  for (const line of printed.split(/\r?\n/)) {
    const first = /^(.+)\((\d+),(\d+)\): (error TS\d+: .*)$/.exec(line);
    if (first !== null) {
      const [, path = "", , , message = ""] = first;
      const module = basename(path, ".ts");
      current = found.get(module) ?? [];
      found.set(module, current);
      current.push(message);
    } else if (/^\s+\S/.test(line) && current !== undefined) current.push(line);
    else if (line.trim() !== "")
      throw new Error(`The compiler printed something unexpected: ${line}\n${printed}`);
  }
  return found;
};

const compile = (folder: string): ReadonlyMap<string, ReadonlyArray<string>> => {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  // With several threads, a union's printed order depends on the number of files.
  const args = [tsc, "-p", "tsconfig.json", "--pretty", "false", "--singleThreaded"];
  const result = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
  if (result.status !== 0 && result.stdout.trim() === "")
    throw new Error(`The compiler failed: ${result.stderr}`);
  return diagnosticsByModule(result.stdout.replaceAll(`${folder}/`, "").replaceAll(root, ""));
};

/** Imports the modules one at a time and prints one line of JSON for each, whatever the modules print. */
const runner = `
import { writeSync } from "node:fs";
const [, , mark, ...modules] = process.argv;
let stray;
const keep = (error) => { stray ??= { error }; };
process.on("unhandledRejection", keep);
process.on("uncaughtException", keep);
const text = (error) => { try { return String(error?.stack ?? error); } catch { return "something unprintable"; } };
for (const module of modules) {
  stray = undefined;
  let failure;
  try {
    await import("./" + module + ".ts");
    await new Promise((resolve) => setImmediate(resolve));
    if (stray !== undefined) failure = text(stray.error);
  } catch (error) {
    failure = text(error);
  }
  writeSync(1, "\\n" + mark + JSON.stringify({ module, failure }) + "\\n");
}
process.exit();
`;

const runAll = (folder: string, modules: ReadonlyArray<string>): ReadonlyMap<string, string | undefined> => {
  if (modules.length === 0) return new Map();
  const mark = "snippet-outcome:";
  writeFileSync(join(folder, "runner.mjs"), runner);
  const result = spawnSync(
    process.execPath,
    ["--conditions=espalier-source", "--unhandled-rejections=strict", "runner.mjs", mark, ...modules],
    { cwd: folder, encoding: "utf8", timeout: 120_000, maxBuffer: 64 * 1024 * 1024 },
  );
  const outcomes = new Map<string, string | undefined>();
  for (const line of result.stdout.split("\n")) {
    if (!line.startsWith(mark)) continue;
    const { failure, module } = JSON.parse(line.slice(mark.length)) as { module: string; failure?: string };
    outcomes.set(module, failure);
  }
  for (const module of modules) {
    if (outcomes.has(module)) continue;
    // The first one without an outcome ended or stalled the process; those after it never ran.
    outcomes.set(
      module,
      `the process ended (${result.signal ?? result.status}) before it had run\n${result.stderr}`,
    );
  }
  return outcomes;
};

/**
 * Compiles the snippets in one program and runs those that are to be run, in a folder of the repository that git
 * ignores, so that the name `espalier` resolves to the sources.
 */
export const tryOut = (snippets: ReadonlyArray<Snippet>, name: string): ReadonlyArray<Outcome> => {
  const folder = join(root, "temp/snippets", name);
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  mkdirSync(folder, { recursive: true });
  for (const snippet of snippets) writeFileSync(join(folder, `${moduleName(snippet)}.ts`), snippet.code);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: relative(folder, join(root, "tsconfig.json")),
      // A snippet may declare a name that nothing uses.
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, noEmit: true },
      include: ["*.ts"],
      exclude: [],
    }),
  );
  const diagnostics = snippets.length === 0 ? new Map<string, ReadonlyArray<string>>() : compile(folder);
  const runnable = snippets.filter(
    (snippet) => snippet.mode === "run" && !diagnostics.has(moduleName(snippet)),
  );
  const failures = runAll(folder, runnable.map(moduleName));
  return snippets.map((snippet) => ({
    snippet,
    diagnostics: (diagnostics.get(moduleName(snippet)) ?? []).join("\n"),
    failure: failures.get(moduleName(snippet)),
  }));
};
