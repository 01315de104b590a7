/**
 * Checks the project's prose with `prose-rules.ts`: every page, and the comments and texts of every source file. Code
 * in pages (fenced or between backticks) is not prose. Prints each finding with its position and the words to use instead.
 *
 *   node scripts/prose.ts               checks everything
 *   node scripts/prose.ts src/engine …  checks the paths that begin with one of these prefixes
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript-6";
import { proseRules } from "./prose-rules.ts";

const root = join(import.meta.dirname, "..");

/** A stretch of prose, and its offset in its file. */
interface Passage {
  readonly text: string;
  readonly at: number;
}

export interface Finding {
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

/** The same text with each match blanked, so that offsets stay the same. */
const without = (text: string, pattern: RegExp): string =>
  text.replace(pattern, (match) => match.replace(/[^\n]/g, "\0"));

/** A page's sentences, without its code and the addresses of its links. */
const passagesOfPage = (text: string): ReadonlyArray<Passage> => {
  const prose = [/^(`{3,}).*?^\1/gms, /`[^`\n]+`/g, /\]\([^)\n]*\)/g, /^<!--.*?-->/gms].reduce(without, text);
  return [{ text: prose.replace(/[#>*_|]/g, " "), at: 0 }];
};

/** The comments and texts of a source file. */
const passagesOfSource = (text: string, isJsx: boolean): ReadonlyArray<Passage> => {
  const passages: Array<Passage> = [];
  const seen = new Set<number>();
  const source = ts.createSourceFile(
    isJsx ? "a.tsx" : "a.ts",
    text,
    ts.ScriptTarget.Latest,
    true,
    isJsx ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  );
  const comments = (ranges: ReadonlyArray<ts.CommentRange> | undefined): void => {
    for (const { pos, end } of ranges ?? []) {
      if (seen.has(pos)) continue;
      seen.add(pos);
      const prose = [
        /^ *\/\/+|^ *\*+\/?|\/\*+|\*\//gm,
        /`[^`]+`/g,
        /@example[\s\S]*?(?=\n *\* *@|$)/g,
      ].reduce(without, text.slice(pos, end));
      passages.push({ text: prose, at: pos });
    }
  };
  const visit = (node: ts.Node): void => {
    comments(ts.getLeadingCommentRanges(text, node.getFullStart()));
    comments(ts.getTrailingCommentRanges(text, node.getEnd()));
    const isModule =
      ts.isStringLiteral(node) &&
      (ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent));
    if (
      !isModule &&
      (ts.isStringLiteralLike(node) ||
        ts.isTemplateHead(node) ||
        ts.isTemplateMiddleOrTemplateTail(node) ||
        ts.isJsxText(node))
    ) {
      const prose = without(text.slice(node.getStart(), node.getEnd()), /\\?[`"'{}]|\$\{/g);
      // One word by itself is data: a name, a key or an option.
      if (/[^\s\0][\s\0]+[^\s\0]/.test(prose)) passages.push({ text: prose, at: node.getStart() });
    }
    node.getChildren(source).forEach(visit);
  };
  visit(source);
  return passages;
};

/** All findings in a file's text. The file's extension determines how it is read. */
export const findingsIn = (file: string, text: string): ReadonlyArray<Finding> => {
  const passages = file.endsWith(".md") ? passagesOfPage(text) : passagesOfSource(text, file.endsWith("x"));
  return passages
    .flatMap(({ text: prose, at }) =>
      proseRules.flatMap(({ pattern, instead }) =>
        Array.from(prose.replaceAll("\0", " ").matchAll(pattern), ({ 0: found, index }) => ({
          line: text.slice(0, at + index).split("\n").length,
          found: found.replace(/\s+/g, " ").trim().slice(0, 80),
          instead,
        })),
      ),
    )
    .toSorted((a, b) => a.line - b.line);
};

/** Pages and sources, without generated files and the rules themselves. */
const files = (): ReadonlyArray<string> =>
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md", "*.ts", "*.tsx"], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\n")
    .filter(
      (file) =>
        file !== "" && !/^docs\/api\/|page\/assets\.ts$|^scripts\/prose|^test\/docs\/prose/.test(file),
    );

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const only = process.argv.slice(2);
  const lines = files()
    .filter((file) => only.length === 0 || only.some((prefix) => file.startsWith(prefix)))
    .flatMap((file) =>
      findingsIn(file, readFileSync(join(root, file), "utf8")).map(
        ({ line, found, instead }) =>
          `${relative(process.cwd(), join(root, file))}:${line} "${found}": write ${instead}`,
      ),
    );
  for (const line of lines) console.error(line);
  console.log(lines.length === 0 ? "The prose follows the rules." : `${lines.length} places to rewrite.`);
  process.exitCode = lines.length === 0 ? 0 : 1;
}
