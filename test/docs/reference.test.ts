/** The reference pages name everything that exists, and nothing that does not. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as espalier from "espalier";
import { describe, expect, test } from "vitest";
import { espalier as espalierCommand } from "../cli/espalier.ts";
import { optionsPage, withTables } from "../../scripts/options.ts";
import { root } from "./snippets.ts";

const read = (file: string): string => readFileSync(join(root, file), "utf8");

const documents = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  ...globSync("docs/**/*.md", { cwd: root }),
].toSorted();

/** The text in backticks, outside blocks. */
const inBackticks = (text: string): ReadonlySet<string> =>
  new Set(
    Array.from(text.replaceAll(/^```.*?^```/gms, "").matchAll(/`([^`\n]+)`/g), ([, code = ""]) => code),
  );

test("each error class has its code in a section of the page on errors", () => {
  const classes = Object.entries(espalier).flatMap(([name, value]) =>
    typeof value === "function" && value.prototype instanceof Error ? [[name, value] as const] : [],
  );
  const codes = classes.map(([name, value]) => {
    const error = new (value as unknown as new (fields: object) => { readonly code: string })({
      issuePath: [],
    });
    return `## ${error.code}\n\n\`${name}\``;
  });
  expect(codes.length).toBeGreaterThan(6);
  const page = read("docs/reference/errors.md");
  expect(codes.filter((section) => !page.includes(section))).toEqual([]);
});

test("each option, and each field of a step's context, is on the page on options", () => {
  const source = read("types/options.ts") + read("types/context.ts");
  const fields = Array.from(source.matchAll(/^ {2}readonly (\w+)\??:/gm), ([, field = ""]) => field);
  const page = inBackticks(read("docs/reference/options.md"));
  expect(fields).toContain("minSuccess");
  expect(fields.filter((field) => !page.has(field))).toEqual([]);
});

test("the tables of the page on options match the specifications that the library checks", () => {
  const page = readFileSync(optionsPage, "utf8");
  // If this fails: npm run docs:options
  expect(page).toBe(withTables(page));
});

test("the page on events has each type of event, and no others", () => {
  const types = Array.from(
    read("src/events.ts").matchAll(/readonly type: "([^"]+)"/g),
    ([, type = ""]) => type,
  );
  const rows = Array.from(
    read("docs/reference/events.md").matchAll(/^\| `(\w+\.\w+)` +\|/gm),
    ([, type = ""]) => type,
  );
  expect(rows.toSorted()).toEqual(types.toSorted());
});

test("the page on events has each member of a run's handle", () => {
  const [, handle = ""] = read("types/run.ts").split("export interface Run<");
  const members = Array.from(handle.matchAll(/^ {2}readonly (\w+):/gm), ([, member = ""]) => member);
  const page = inBackticks(read("docs/reference/events.md"));
  expect(members).toContain("await");
  expect(members.filter((member) => !page.has(member))).toEqual([]);
});

test("the page on the command line has each command and each of its flags", async () => {
  const help = async (...command: ReadonlyArray<string>): Promise<string> =>
    (await espalierCommand([...command, "--help"])).stdout;
  const [, listed = ""] = (await help()).split("SUBCOMMANDS\n");
  const commands = Array.from(listed.matchAll(/^ {2}(\w+) {2,}/gm), ([, name = ""]) => name);
  expect(commands).toContain("prune");
  const page = read("docs/reference/command-line.md");
  const flagRows = page.split("\n").filter((line) => line.startsWith("| `--"));
  for (const command of commands) {
    expect(page).toMatch(new RegExp(`^\\| \`espalier ${command}[ \`]`, "m"));
    const [own = ""] = (await help(command)).split("GLOBAL FLAGS");
    const flags = Array.from(own.matchAll(/^ {2}(--[\w-]+)/gm), ([, flag = ""]) => flag);
    const missing = flags.filter(
      (flag) =>
        !flagRows.some((row) => {
          const [, names = "", of = ""] = row.split("|");
          return (
            new RegExp(`${flag}[ \`=]`).test(names) &&
            (of.includes(`\`${command}\``) || of.includes("all that"))
          );
        }),
    );
    expect([command, missing]).toEqual([command, []]);
  }
});

describe("the table of rules", () => {
  const references = Array.from(
    read("docs/reference/rules.md").matchAll(/`([^`]+)`(?: and `([^`]+)`)? in `((?:types|src)\/[^`]+)`/g),
    ([, first = "", second, file = ""]) => ({
      file,
      names: second === undefined ? [first] : [first, second],
    }),
  );

  test("has rules in both halves", () => {
    expect(references.filter(({ file }) => file.startsWith("types/")).length).toBeGreaterThan(10);
    expect(references.filter(({ file }) => file.startsWith("src/")).length).toBeGreaterThan(10);
  });

  test.each(references)("$file contains $names", ({ file, names }) => {
    const source = read(file);
    expect(names.filter((name) => !source.includes(name))).toEqual([]);
  });
});

describe("links", () => {
  const anchor = (heading: string): string =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
  const links = documents.flatMap((file) =>
    Array.from(read(file).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g), ([, path = "", heading]) => ({
      file,
      target: path === "" ? file : join(dirname(file), path),
      heading,
    })),
  );

  test("each leads to a file, and to a heading if it names one", () => {
    const broken = links.filter(({ heading, target }) => {
      if (!existsSync(join(root, target))) return true;
      if (heading === undefined) return false;
      const headings = Array.from(read(target).matchAll(/^#+ (.+)$/gm), ([, text = ""]) => anchor(text));
      return !headings.includes(heading);
    });
    expect(broken).toEqual([]);
  });

  test("each page of docs can be reached from the index", () => {
    const linked = new Set(links.filter(({ file }) => file === "docs/README.md").map(({ target }) => target));
    const pages = documents.filter((file) => /^docs\/(?:guides|reference|explanation)\//.test(file));
    expect(pages.filter((page) => !linked.has(page))).toEqual([]);
  });
});
