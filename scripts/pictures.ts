/**
 * Takes the pictures of the documentation, in `docs/pictures`, and the report of the penguins next to them. They show
 * simulated runs, so they come out the same every time:
 *
 * - `pictures/runs.ts`: the runs that are shown
 * - `pictures/drawings.ts`: the pictures that are text, which a test compares with the committed files
 * - `pictures/photographs.ts`: pages in a real browser, which depend on its fonts and are reviewed by people
 * - `pictures/served.ts`: the same for the page of a server
 *
 * `npm run pictures`; it needs a Chromium, whose path `CHROMIUM` can set.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { drawings } from "./pictures/drawings.ts";
import { photographs } from "./pictures/photographs.ts";
import { shownRuns } from "./pictures/runs.ts";

const root = join(import.meta.dirname, "..");

const write = (path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  console.log(`${path}: ${Math.ceil(content.length / 1024)} KB`);
};

const runs = await shownRuns();
for (const [path, text] of await drawings(runs)) write(path, text);
for await (const [path, image] of photographs(runs)) write(path, image);
