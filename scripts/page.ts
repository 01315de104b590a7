/**
 * Writes the scripts and the styles of pages as text: `src/draw/page/assets.ts`, for reports and graphs, and
 * `src/serve/page/assets.ts`, for the page of a server. They are bundled from the modules in the folders `client` and preact,
 * with their hashes, which a page's content security policy names. A page is one file that loads nothing, and the library
 * that writes it may run where there is no file system, so everything is embedded as text.
 *
 * `node scripts/page.ts` writes; with `--check` it fails if the file is not up to date.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { colourVariables } from "../src/draw/colours.ts";

const root = join(import.meta.dirname, "..");
const reportClient = "src/draw/page/client";
const serverClient = "src/serve/page/client";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Required by the license of the third-party code in the page. */
const banner = "/*! Contains preact 11.2.0, copyright Jason Miller, MIT license. */";

const bundled = async (client: string): Promise<string> => {
  const bundle = await rolldown({ cwd: root, input: `${client}/main.ts`, platform: "browser" });
  const { output } = await bundle.generate({ format: "iife", minify: true });
  await bundle.close();
  const code = output[0].code
    .replaceAll(/\/\/[#@] sourceMappingURL=.*$/gm, "")
    .replaceAll(/\/\/#(?:end)?region.*$/gm, "")
    .trim();
  // The page's text is inside a script element, and these sequences would end or change it.
  if (/<\/script|<!--/i.test(code))
    throw new Error("The script of the page contains the end of a script element.");
  return `${banner}\n${code}`;
};

const hash = (content: string): string => `sha256-${createHash("sha256").update(content).digest("base64")}`;

/** Lines short enough for editors and diffs, joined again without a line break. */
const most = 110;
const pieces = (content: string): string => {
  const list: Array<string> = [];
  for (let at = 0; at < content.length; at += most) list.push(content.slice(at, at + most));
  return list.map((piece) => `  ${JSON.stringify(piece)},\n`).join("");
};

/** A page's script and style, and the names under which its module exports them. */
const assets = async (client: string, what: string, style: string, prefix: string): Promise<string> => {
  const script = await bundled(client);
  const name = (word: string): string =>
    prefix === "" ? word : prefix + word[0]!.toUpperCase() + word.slice(1);
  return `// Written by scripts/page.ts from ${client}: change those files, then run \`npm run page\`.

/** The script of ${what}. */
export const ${name("script")}: string = [
${pieces(script)}].join("");

/** The style of ${what}. */
export const ${name("style")}: string = [
${pieces(style)}].join("");

/** What a content security policy calls them. */
export const ${name("scriptHash")} = "${hash(script)}";
export const ${name("styleHash")} = "${hash(style)}";
`;
};

const reportStyle = `${colourVariables}\n${read(`${reportClient}/page.css`).trim()}`;
const serverStyle = `${reportStyle}\n${read(`${serverClient}/app.css`).trim()}`;

const targets = {
  "src/draw/page/assets.ts": await assets(reportClient, "every page", reportStyle, ""),
  "src/serve/page/assets.ts": await assets(serverClient, "the page of a server", serverStyle, "app"),
};

for (const [target, text] of Object.entries(targets)) {
  if (!process.argv.includes("--check")) writeFileSync(join(root, target), text);
  else if (read(target) !== text) {
    console.error(`${target} is not what its client gives: run npm run page.`);
    process.exitCode = 1;
  }
}
