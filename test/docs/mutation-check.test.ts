/** The faults of `npm run mutation-check` can still be planted. That command checks whether each is found. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { plants } from "../../scripts/mutations/plants.ts";
import { typePlants } from "../../scripts/mutations/type-plants.ts";
import { root } from "./snippets.ts";

test.each([...plants, ...typePlants])(
  "$fault: the text that it replaces occurs once in $file",
  ({ file, from }) => {
    expect(readFileSync(join(root, file), "utf8").split(from).length - 1).toBe(1);
  },
);

test("the page on the check lists each of them", () => {
  const page = readFileSync(join(root, "docs/explanation/mutation-check.md"), "utf8");
  expect(plants.filter(({ fault }) => !page.includes(`| ${fault} `))).toEqual([]);
  expect(page).toContain(`${plants.length} of ${plants.length} faults are found`);
});
