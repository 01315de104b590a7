/** Checks a page for what keeps people with assistive technology from using it, by axe. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Axe {
  readonly run: (
    of: Document,
  ) => Promise<{ violations: ReadonlyArray<{ id: string; nodes: ReadonlyArray<{ html: string }> }> }>;
}

/** Prepares a page: from then on nothing of it is out of sight, since axe does not check text that is. */
export const withAxe = async (page: Page, width: number): Promise<() => Promise<ReadonlyArray<string>>> => {
  await page.setViewportSize({ width, height: 4000 });
  // Evaluated as a tool of the browser does, which no policy of a page forbids.
  await page.evaluate(source);
  return () =>
    page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run(document);
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    });
};
