/**
 * The text pictures in the documentation match the current code. If this fails, `npm run pictures` takes them again;
 * look at each before committing it. Those of a browser vary with its fonts, and are not compared.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drawings } from "../../scripts/pictures/drawings.ts";
import { shownRuns } from "../../scripts/pictures/runs.ts";
import { dataOf } from "../draw/page-data.ts";
import { root } from "./snippets.ts";

test("npm run pictures would draw the same pictures as those in docs", { timeout: 300_000 }, async () => {
  const drawn = await drawings(await shownRuns());
  expect(drawn.size).toBeGreaterThan(8);
  const old = [...drawn].filter(([path, text]) => {
    const there = readFileSync(join(root, path), "utf8");
    // For a report, only the events, since its script and style change with every edit of the page.
    return path.endsWith(".html")
      ? JSON.stringify(dataOf(there)) !== JSON.stringify(dataOf(text))
      : there !== text;
  });
  expect(old.map(([path]) => path)).toEqual([]);
});
