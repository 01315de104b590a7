/** Checks the accessibility of a page with axe. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Axe {
  readonly run: (
    of: Document,
  ) => Promise<{ violations: ReadonlyArray<{ id: string; nodes: ReadonlyArray<{ html: string }> }> }>;
}

/** Prepares a page: from then on all of it is in view, since axe does not check text out of sight. */
export const withAxe = async (page: Page, width: number): Promise<() => Promise<ReadonlyArray<string>>> => {
  await page.setViewportSize({ width, height: 4000 });
  // Evaluated as by a browser tool, which no policy of a page forbids.
  await page.evaluate(source);
  return () =>
    page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run(document);
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
};
