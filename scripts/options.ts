/**
 * Writes the tables of `docs/reference/options.md` from the specifications by which the library checks options. The
 * text between `<!-- table: name -->` and `<!-- end -->` is replaced.
 *
 *   node --conditions=espalier-source scripts/options.ts  writes the page
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { stepKinds } from "../src/graph/kinds.ts";
import { cacheFields, retryFields, stepOptions } from "../src/graph/options.ts";
import { poolOptions } from "../src/graph/pool.ts";
import { runOptions } from "../src/run/options.ts";
import { scheduleOptions } from "../src/schedule.ts";
import type { Specification } from "../src/values/specification.ts";
import type { StepKind } from "../types/plan.ts";
import { root } from "./package.ts";

export const optionsPage = join(root, "docs/reference/options.md");

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const line = (row: ReadonlyArray<string>): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [line(cells[0]!), rule, ...cells.slice(1).map(line)].join("\n");
};

const simple = (name: string, specification: Specification): string =>
  table(
    [name, "effect", "default"],
    Object.entries(specification).map(([option, { does, without }]) => [`\`${option}\``, does, without]),
  );

const everyKind = Object.keys(stepKinds) as ReadonlyArray<StepKind>;

const ofKinds = (kinds: ReadonlyArray<StepKind>): string =>
  kinds.length === everyKind.length ? "all" : kinds.map((kind) => stepKinds[kind].label).join(", ");

const tables: Readonly<Record<string, () => string>> = {
  step: () =>
    table(
      ["option", "step kinds", "effect", "default"],
      Object.entries(stepOptions).map(([option, { kinds, does, without }]) => [
        `\`${option}\``,
        ofKinds(kinds),
        does,
        without,
      ]),
    ),
  retry: () => simple("field", retryFields),
  cache: () => simple("field", cacheFields),
  pool: () => simple("option", poolOptions),
  run: () => simple("option", runOptions),
  schedule: () => simple("option", scheduleOptions),
};

/** The page with its tables up to date. */
export const withTables = (page: string): string =>
  page.replaceAll(
    /(<!-- table: (\w+) -->\n\n)[\s\S]*?(\n\n<!-- end -->)/g,
    (_, before: string, name: string, after: string) => {
      const make = tables[name];
      if (make === undefined) throw new Error(`There is no table "${name}".`);
      return before + make() + after;
    },
  );

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(optionsPage, withTables(readFileSync(optionsPage, "utf8")));
}
