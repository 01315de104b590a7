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
import type { Browser, ConsoleMessage, Dialog, Page, Request } from "playwright-core";
import { afterAll, afterEach, describe } from "vitest";

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

/** A page, and a record of behaviour that our pages never show. It belongs to the test until that has ended. */
export interface Opened {
  readonly page: Page;
  /** Requests other than the one for the file itself. */
  readonly requests: ReadonlyArray<string>;
  /** Errors, warnings, refusals of the content security policy, and dialogs. */
  readonly complaints: ReadonlyArray<string>;
  /** Leaves the page to the next reader that opens one, before the test has ended. */
  readonly leave: () => Promise<void>;
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

let browser: Promise<Browser> | undefined;
let folder: Promise<string> | undefined;
let files = 0;

/** Pages that no test uses. A new one costs the machine seconds: ten times as much as another document in an old one. */
const idle: Array<Page> = [];
const inUse = new Set<Opened>();

afterEach(async () => {
  for (const opened of inUse) await opened.leave();
});

afterAll(async () => {
  await (await browser)?.close();
  if (folder !== undefined)
    await rm(await folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});

const somePage = async (): Promise<Page> => {
  const found = idle.pop();
  if (found !== undefined) return found;
  browser ??= chromium.launch({ executablePath: executable!, args: options });
  return (await (await browser).newContext()).newPage();
};

/** Takes from the page whatever the next reader could notice, and waits until nothing of its document can still happen. */
const emptied = async (page: Page): Promise<void> => {
  for (const other of page.context().pages()) if (other !== page) await other.close();
  await page.evaluate(() => {
    try {
      localStorage.clear();
      sessionStorage.clear();
    } catch {
      // A document that has no storage.
    }
  });
  await page.mouse.move(0, 0);
  await page.goto("about:blank");
};

const enter = async (url: string, view: View = {}): Promise<Opened> => {
  const { colorScheme = "light", width = 1200, height = 800, is = "page" } = view;
  const page = await somePage();
  const requests: Array<string> = [];
  const complaints: Array<string> = [];
  const onRequest = (request: Request): void => {
    // The icon is in the page, and is not a request to anyone.
    if (request.url() !== url && !request.url().startsWith("data:")) requests.push(request.url());
  };
  const onConsole = (message: ConsoleMessage): void => {
    if (message.type() !== "log") complaints.push(`${message.type()}: ${message.text()}`);
  };
  const onError = (error: Error): void => void complaints.push(`error: ${error.message}`);
  const onDialog = (dialog: Dialog): void => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  };
  const opened: Opened = {
    page,
    requests,
    complaints,
    leave: async () => {
      inUse.delete(opened);
      await emptied(page);
      page
        .off("request", onRequest)
        .off("console", onConsole)
        .off("pageerror", onError)
        .off("dialog", onDialog);
      idle.push(page);
    },
  };
  inUse.add(opened);
  page.on("request", onRequest).on("console", onConsole).on("pageerror", onError).on("dialog", onDialog);
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme });
  await page.goto(url);
  if (is === "page") await page.waitForFunction(() => performance.getEntriesByName("ready").length === 1);
  return opened;
};

const open = async (text: string, view?: View): Promise<Opened> => {
  folder ??= mkdtemp(join(tmpdir(), "espalier-page-"));
  const file = join(await folder, `${files++}.${view?.is === "svg" ? "svg" : "html"}`);
  await writeFile(file, text);
  return enter(pathToFileURL(file).href, view);
};

/** Tests in a browser, which the first of a file starts, and which is closed after the last. */
export const inBrowser = (title: string, tests: (chromium: Chromium) => void): void => {
  describe.skipIf(executable === undefined)(title, () => {
    tests({ open, visit: enter });
  });
};
