/**
 * A real browser for tests of pages: headless Chromium. If there is none, the tests that need it are skipped, with a
 * single message.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";

const places = [
  process.env["CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const executable = places.find((path) => path !== undefined && existsSync(path));

if (executable === undefined) {
  console.warn(
    "Tests in a browser are skipped: there is no Chromium. Install it, or set CHROMIUM to its path.",
  );
}

const options = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A page, and a record of behaviour that our pages never show. */
export interface Opened {
  readonly page: Page;
  /** Requests other than the one for the file itself. */
  readonly requests: ReadonlyArray<string>;
  /** Errors, warnings, refusals of the content security policy, and dialogs. */
  readonly complaints: ReadonlyArray<string>;
}

interface View {
  readonly colorScheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  /** One of our pages by default, which signals when it is ready. */
  readonly is?: "page" | "html" | "svg";
}

export interface Chromium {
  /** Opens HTML, or an SVG file, from disk, as a user does. */
  readonly open: (text: string, options?: View) => Promise<Opened>;
  /** Opens one of our pages from its server. */
  readonly visit: (url: string, options?: View) => Promise<Opened>;
}

/** Tests in a browser, which is started before them and closed after them. */
export const inBrowser = (title: string, tests: (chromium: Chromium) => void): void => {
  describe.skipIf(executable === undefined)(title, () => {
    let browser: Browser | undefined;
    let folder = "";
    let files = 0;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "espalier-page-"));
      browser = await chromium.launch({ executablePath: executable!, args: options });
    });
    afterAll(async () => {
      await browser?.close();
      if (folder !== "") await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    });
    const enter = async (url: string, options: View = {}): Promise<Opened> => {
      const { colorScheme = "light", width = 1200, height = 800, is = "page" } = options;
      const context = await browser!.newContext({ colorScheme, viewport: { width, height } });
      const page = await context.newPage();
      const requests: Array<string> = [];
      const complaints: Array<string> = [];
      page.on("request", (request) => {
        // The icon is in the page, and causes no request.
        if (request.url() !== url && !request.url().startsWith("data:")) requests.push(request.url());
      });
      page.on("console", (message) => {
        if (message.type() !== "log") complaints.push(`${message.type()}: ${message.text()}`);
      });
      page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
      page.on("dialog", (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      await page.goto(url);
      if (is === "page") await page.waitForFunction(() => performance.getEntriesByName("ready").length === 1);
      return { page, requests, complaints };
    };
    tests({
      open: async (text, options) => {
        const file = join(folder, `${files++}.${options?.is === "svg" ? "svg" : "html"}`);
        await writeFile(file, text);
        return enter(pathToFileURL(file).href, options);
      },
      visit: enter,
    });
  });
};
