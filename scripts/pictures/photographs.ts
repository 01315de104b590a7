/** The pages as a real browser shows them, after some interaction. */
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { Plan, Report } from "espalier/draw";
import type { Shown, ShownRuns } from "./runs.ts";
import { servedPhotographs } from "./served.ts";

interface Photograph {
  readonly name: string;
  readonly html: string;
  readonly colours: "light" | "dark";
  /** The height of the visible content. */
  readonly height: number;
  /** The reader's interaction before the picture is taken. */
  readonly act?: (page: Page) => Promise<void>;
}

const view =
  (name: string) =>
  (page: Page): Promise<void> =>
    page.locator(`nav [data-view=${name}]`).click();

const button =
  (name: string) =>
  (page: Page): Promise<void> =>
    page.getByRole("button", { name, exact: true }).click();

/** The search finds a step, and a click on it opens its panel. */
const chosen =
  (step: string) =>
  async (page: Page): Promise<void> => {
    await page.getByRole("searchbox").fill(step);
    await page.keyboard.press("Enter");
    await page.locator(".panel").waitFor();
  };

const reportOf = ({ events }: Shown): string => Report.fromEvents(events);

const wanted = ({ penguins, weather, crawl }: ShownRuns): ReadonlyArray<Photograph> => {
  const [small, failed, large] = [reportOf(penguins), reportOf(weather), reportOf(crawl)];
  const page = Plan.toHtml(penguins.before);
  return [
    { name: "page", html: page, colours: "light", height: 660 },
    { name: "page-dark", html: page, colours: "dark", height: 660 },
    { name: "report-graph", html: small, colours: "light", height: 900 },
    { name: "report-step", html: small, colours: "dark", height: 680, act: chosen("leaderboard") },
    { name: "report-time", html: small, colours: "light", height: 390, act: view("time") },
    { name: "report-values", html: small, colours: "dark", height: 480, act: view("values") },
    { name: "report-expansions", html: small, colours: "light", height: 470, act: view("expansions") },
    { name: "report-errors", html: failed, colours: "light", height: 420, act: view("errors") },
    {
      name: "large-graph",
      html: large,
      colours: "dark",
      height: 640,
      act: button("Unfold all expansions"),
    },
    { name: "large-time", html: large, colours: "light", height: 480, act: view("time") },
  ];
};

const taken = async (browser: Browser, { html, colours, height, act }: Photograph): Promise<Uint8Array> => {
  const context = await browser.newContext({
    colorScheme: colours,
    viewport: { width: 1200, height },
    // Dates and numbers in this machine's locale would differ on another one.
    locale: "en-GB",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  await page.setContent(html);
  await page.waitForFunction(() => performance.getEntriesByName("ready").length === 1);
  await act?.(page);
  // The page draws in its next frame.
  await page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  );
  const image = await page.screenshot();
  await context.close();
  return image;
};

/** Each image, with its path. */
export async function* photographs(
  runs: ShownRuns,
): AsyncGenerator<readonly [path: string, image: Uint8Array]> {
  const browser = await chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu"],
  });
  try {
    for (const photograph of wanted(runs)) {
      yield [`docs/pictures/${photograph.name}.png`, await taken(browser, photograph)];
    }
    yield* servedPhotographs(browser);
  } finally {
    await browser.close();
  }
}
