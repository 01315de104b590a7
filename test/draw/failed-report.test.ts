import * as Effect from "effect/Effect";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { pipeline, StepFailed } from "espalier";
import { Plan, Report } from "espalier/draw";
import { errorChain } from "../../src/draw/report/error-chain.ts";
import { withAxe } from "./axe.ts";
import { inBrowser } from "./browser.ts";
import { dataOf } from "./page-data.ts";

const sleep = (millis: number) => new Promise<void>((done) => setTimeout(done, millis));

const parse = (row: number): number => {
  if (row === 3) throw new RangeError("column 3 is constant", { cause: new TypeError("no spread") });
  return row;
};

/** A map fails while another step and an expansion are running. */
const failing = pipeline("failing")
  .step("rows", [], () => [1, 2, 3, 4])
  .step("slow", [], (_, { signal }) => sleep(30).then(() => signal.aborted))
  .map("parsed", "rows", [], async (row) => {
    await sleep(5);
    return parse(row);
  })
  .dynamic("models", ["rows"], () => pipeline("search").step("models", [], () => Effect.as(Effect.never, 1)))
  .step("report", ["models", "parsed", "slow"], () => 1);

const reportOf = (): Promise<string> => Effect.runPromise(Effect.flatMap(failing.start({}), Report.fromRun));

test("the report of a failed run names the failed step and the line of code", async () => {
  const { run, steps } = dataOf(await reportOf());
  expect(run?.state).toBe("failed");
  expect(steps[run!.fatal!]!.path).toBe("parsed[2]");
  const [outer, cause, inner] = run!.error!;
  expect(outer!.text).toContain("parsed[2]");
  expect(cause!.text).toBe("RangeError: column 3 is constant");
  expect(cause!.stack?.[0]).toMatch(/^parse .*failed-report\.test\.ts:\d+:\d+\)?$/);
  expect(cause!.stack?.join("\n")).not.toContain("node:internal");
  expect(inner!.text).toBe("TypeError: no spread");
  expect(run!.critical.map((step) => steps[step]!.path)).toEqual(["rows", "parsed[2]"]);
});

test("a step can throw anything: undefined, an object with a code, an error of a system", () => {
  const texts = (cause: unknown) =>
    errorChain(new StepFailed({ path: "a", cause })).map(({ text, value }) => [
      text,
      typeof value === "object" ? value.is : undefined,
    ]);
  expect(texts(undefined)).toEqual([
    ['StepFailed: step "a"', undefined],
    ["undefined", undefined],
  ]);
  expect(texts({ code: 42, at: [1] })[1]).toEqual(["an object", "code: 42, at: Array(1) [1]"]);
  expect(texts(Object.assign(new Error("duplicate key"), { code: "23505" }))[1]).toEqual([
    "duplicate key",
    'code: "23505"',
  ]);
  const missing = Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT" });
  expect(texts(missing)[1]).toEqual(["ENOENT: no such file", undefined]);
});

test("an error whose stack would run code of the program is reported without its stack", async () => {
  let ran = 0;
  class Told extends Error {
    override get name(): string {
      ran++;
      return "Told";
    }
  }
  const p = pipeline("quiet").step("a", [], () => Effect.fail(new Told("no")));
  const { run } = dataOf(await Effect.runPromise(Effect.flatMap(p.start({}), Report.fromRun)));
  expect(run?.error?.[0]?.stack).toBeUndefined();
  const before = ran;
  Report.fromEvents([{ type: "run.failed", runId: "r", time: 0, error: new Told("no") }]);
  expect(ran).toBe(before);
});

test("steps that were running when the run failed are shown as stopped, and a failed map as failed", async () => {
  const { steps } = dataOf(await reportOf());
  const states = new Map(steps.map(({ path, run }) => [path, run?.state]));
  expect(states.get("parsed")).toBe("failed");
  expect(states.get("models")).toBe("stopped");
  expect(states.get("report")).toBe("skipped");
  expect([...states.values()]).not.toContain("running");
});

const focused = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? undefined);

inBrowser("the page of a failed run", ({ open }) => {
  test("leads with the failure, its causes and the lines of code", async () => {
    const { page, complaints } = await open(await reportOf());
    const failure = page.locator(".failure");
    const text = await failure.innerText();
    expect(text).toContain("parsed[2] failed\nRangeError: column 3 is constant");
    expect(text).toContain("caused by TypeError: no spread");
    expect(text).toMatch(/parse .*failed-report\.test\.ts:\d+:\d+/);
    // Above the views.
    const [box, tabs] = [await failure.boundingBox(), await page.locator("nav").boundingBox()];
    expect(box!.y + box!.height).toBeLessThanOrEqual(tabs!.y + 1);
    await failure.getByRole("button", { name: "Show parsed[2]" }).click();
    expect(await page.locator(".panel h2").textContent()).toBe("[2]");
    expect(await page.locator(".graph g.is-failed").count()).toBeGreaterThan(0);
    expect(await page.locator(".graph g.is-stopped").count()).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  test("its boxes are reached by Tab, chosen by Enter and folded by the arrow keys", async () => {
    const { page } = await open(await reportOf());
    await page.locator("nav [data-view=expansions]").focus();
    await page.keyboard.press("Tab");
    const reached: Array<string | undefined> = [];
    for (let i = 0; i < 6; i++) {
      reached.push(await focused(page));
      await page.keyboard.press("Tab");
    }
    expect(reached).toEqual(
      expect.arrayContaining(["step rows, done", expect.stringMatching(/^map parsed(?: .+)?, failed$/)]),
    );
    const models = page.getByRole("button", { name: /^dynamic models(?: .+)?, stopped$/ });
    await models.focus();
    expect(await models.getAttribute("aria-expanded")).toBe("true");
    await page.keyboard.press("ArrowLeft");
    expect(await models.getAttribute("aria-expanded")).toBe("false");
    expect(await focused(page)).toMatch(/^dynamic models(?: .+)?, stopped$/);
    await page.keyboard.press("Enter");
    expect(await page.locator(".panel h2").textContent()).toBe("models");
  });

  test("its columns sort up, down and in the order of the run; numbers are right-aligned", async () => {
    const { page } = await open(await reportOf());
    await page.locator("nav [data-view=steps]").click();
    const paths = (): Promise<ReadonlyArray<string>> =>
      page.locator(".steps .list .line > :first-child").allTextContents();
    const before = await paths();
    const heading = page.getByRole("columnheader", { name: "step" });
    await heading.getByRole("button").click();
    expect(await heading.getAttribute("aria-sort")).toBe("ascending");
    const up = await paths();
    expect(up).toEqual([...before].sort());
    await heading.getByRole("button").click();
    expect(await paths()).toEqual([...up].reverse());
    await heading.getByRole("button").click();
    expect(await paths()).toEqual(before);
    await page.getByRole("columnheader", { name: "ran" }).getByRole("button").click();
    const ran = await page.locator(".steps .list .line > :nth-child(4)").allTextContents();
    const millis = ran.filter((text) => text !== "").map((text) => Number.parseFloat(text));
    expect(millis).toEqual([...millis].sort((a, b) => a - b));
    // Steps that never ran come last.
    expect(ran.at(-1)).toBe("");
    const aligned = await page
      .locator(".steps .number")
      .evaluateAll((cells) => cells.map((cell) => getComputedStyle(cell).textAlign));
    expect(new Set(aligned)).toEqual(new Set(["right"]));
  });

  for (const [colorScheme, width] of [
    ["light", 1200],
    ["dark", 390],
  ] as const) {
    test(`can be read by a screen reader in each of its views, and so can the page of a plan: ${colorScheme}, ${width} pixels wide`, async () => {
      const { page } = await open(await reportOf(), { colorScheme, width });
      const violations = await withAxe(page, width);
      for (const view of ["graph", "time", "steps", "values", "errors", "expansions"]) {
        await page.locator(`nav [data-view=${view}]`).click();
        expect([view, await violations()]).toEqual([view, []]);
      }
      await page.locator("nav [data-view=graph]").click();
      await page.locator(".failure").getByRole("button", { name: "Show parsed[2]" }).click();
      await page.locator(".panel").waitFor();
      expect(["panel", await violations()]).toEqual(["panel", []]);
      const plan = await open(Plan.toHtml(failing.plan()), { colorScheme, width });
      expect(["plan", await (await withAxe(plan.page, width))()]).toEqual(["plan", []]);
    });
  }

  for (const colorScheme of ["light", "dark"] as const) {
    test(`everything fits on a screen 390 pixels wide, ${colorScheme}`, async () => {
      const { page } = await open(await reportOf(), { width: 390, height: 800, colorScheme });
      for (const view of ["graph", "time", "steps", "values", "errors", "expansions"]) {
        await page.locator(`nav [data-view=${view}]`).click();
        const out = await page.evaluate(
          (name) =>
            Array.from(document.querySelectorAll<HTMLElement>("body *")).flatMap((element) => {
              const { left, right, width } = element.getBoundingClientRect();
              const isOut = width > 0 && (left < -1 || right > innerWidth + 1);
              return isOut && element.closest("svg") === null
                ? [`${name}: ${element.className || element.localName}`]
                : [];
            }),
          view,
        );
        expect(out).toEqual([]);
      }
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      expect(await page.locator(".facts").isVisible()).toBe(true);
    });
  }
});
