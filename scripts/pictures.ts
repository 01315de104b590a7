/**
 * Takes the pictures of the documentation: what a terminal shows of a run, graphs before and after one, and the pages in
 * a real browser. All of simulated runs, so that they come out the same again. Writes to `docs/pictures`, and the report of
 * the penguins to `docs/examples/penguins`.
 *
 * `npm run pictures`; it needs a Chromium, whose path `CHROMIUM` may say.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { chromium } from "playwright-core";
import { Plan, Report } from "espalier/draw";
import type { Shown } from "./pictures/runs.ts";
import { crawlRun, penguinsRun, weatherRun } from "./pictures/runs.ts";
import { terminalAt } from "./pictures/terminal.ts";

const root = join(import.meta.dirname, "..");
const pictures = join(root, "docs/pictures");
const pages = join(root, "temp/pages");
for (const folder of [pictures, pages]) mkdirSync(folder, { recursive: true });

const write = (name: string, text: string): void => writeFileSync(join(pictures, name), text);

const [penguins, weather, crawl] = [await penguinsRun(), await weatherRun(), await crawlRun()];

write("terminal-during.svg", await terminalAt(penguins.events, 80, 24, 3_000));
write("terminal-after.svg", await terminalAt(penguins.events, 80, 50));
write("terminal-wide.svg", await terminalAt(penguins.events, 200, 50, 3_000));
write("terminal-large.svg", await terminalAt(crawl.events, 80, 24, 4_000));
write("terminal-failed.svg", await terminalAt(weather.events, 80, 40));

write("penguins-before.svg", Plan.toSvg(penguins.before));
write("penguins.svg", Plan.toSvg(penguins.after));

const reportOf = ({ events }: Shown): string => Report.fromEvents(events);
writeFileSync(join(root, "docs/examples/penguins/report.html"), reportOf(penguins));

const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu"],
});

/** A page as its reader sees it, after what he did. */
const photograph = async (
  name: string,
  html: string,
  colorScheme: "light" | "dark",
  act: (page: Page) => Promise<void> = async () => {},
): Promise<void> => {
  const file = join(pages, `${name}.html`);
  writeFileSync(file, html);
  const context = await browser.newContext({
    colorScheme,
    viewport: { width: 1200, height: 760 },
    // Dates and numbers as this machine has them would differ on another one.
    locale: "en-GB",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  await page.waitForFunction(() => performance.getEntriesByName("ready").length === 1);
  await act(page);
  await page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  );
  await page.screenshot({ path: join(pictures, `${name}.png`) });
  await context.close();
};

const view =
  (name: string) =>
  (page: Page): Promise<void> =>
    page.locator(`nav [data-view=${name}]`).click();

const button =
  (name: string) =>
  (page: Page): Promise<void> =>
    page.getByRole("button", { name, exact: true }).click();

await photograph("page", Plan.toHtml(penguins.before), "light");
await photograph("report-graph", reportOf(penguins), "light");
await photograph("report-step", reportOf(penguins), "dark", async (page) => {
  await page.getByRole("searchbox").fill("leaderboard");
  await page.keyboard.press("Enter");
  await view("steps")(page);
  await page.locator(".steps .list .line", { hasText: "leaderboard" }).click();
  await view("graph")(page);
});
await photograph("report-time", reportOf(penguins), "light", view("time"));
await photograph("report-values", reportOf(penguins), "dark", view("values"));
await photograph("report-expansions", reportOf(penguins), "light", view("expansions"));
await photograph("report-errors", reportOf(weather), "light", view("errors"));
await photograph("large-graph", reportOf(crawl), "dark", button("Unfold all expansions"));
await photograph("large-time", reportOf(crawl), "light", view("time"));

await browser.close();
