/** The page of a server, in a real browser: a run is started from a form, watched, answered, broken and retried. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as Schema from "effect/Schema";
import { pipeline } from "espalier";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import { withAxe } from "../draw/axe.ts";
import { inBrowser } from "../draw/browser.ts";
import * as pipelines from "./fixtures/pipelines.ts";
import { serving, until } from "./support.ts";

/** The folder for screenshots of the tests, which are taken only if it is set. */
const pictures = process.env["ESPALIER_PICTURES"];

const picture = async (page: Page, name: string): Promise<void> => {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
};

inBrowser("The page of a server", ({ visit }) => {
  const opened = async (url: string, view: Parameters<typeof visit>[1] = {}) => {
    const { page, complaints } = await visit(url, view);
    return { page, complaints };
  };

  test("starts a run by its form, shows it live, and answers it by a form", async () => {
    const { url } = await serving(pipelines);
    const { page, complaints } = await opened(url);
    await page.getByRole("link", { name: "Start", exact: true }).click();
    const form = page.getByRole("form", { name: "Start release" });
    await form.getByLabel("version").fill("1.0");
    await form.getByRole("button", { name: "Start" }).click();
    const answer = page.getByRole("form", { name: "Answer approval" });
    await answer.waitFor();
    expect(await answer.textContent()).toContain("Release the build of 1.0?");
    await picture(page, "run-waiting");
    await answer.getByLabel("by").fill("Ada");
    await answer.getByLabel("year").fill("2026");
    await answer.getByRole("button", { name: "Answer" }).click();
    await page.locator("header .chip.done").waitFor();
    expect(await answer.count()).toBe(0);
    await page.getByRole("button", { name: "Values" }).click();
    await page.getByText("Released by Ada in 2026").first().waitFor();
    await picture(page, "run-values");
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByRole("cell", { name: "release" }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("a run with many waiting steps: each can be answered, the graph shows each, and counts items", async () => {
    const asking = pipeline("asking")
      .step("list", [], () => ["a", "b", "c", "d", "e", "f"])
      .map("each", "list", [], (item) =>
        pipeline("about").await("each", Schema.String, { ask: () => `What about ${item}?` }),
      )
      .race("first", [], {
        person: () => pipeline("asked").await("first", Schema.String),
        other: () => pipeline("other").await("first", Schema.String),
      });
    const { url, post } = await serving({ asking });
    await post("api/runs", { pipeline: "asking", runId: "r" });
    const { page, complaints } = await opened(`${url}#/run/r`);
    const form = (path: string) => page.getByRole("form", { name: `Answer ${path}` });
    const box = (name: string | RegExp) => page.locator("svg.graph").getByRole("button", { name });
    await form("each[5]/each").waitFor();
    // The run was opened after the race had begun.
    await box("await first[person]/first waits for a value, waiting").waitFor();
    await box("map each 0 of 6, running").waitFor();
    // However many there are, the views keep their place.
    const tabs = (await page.getByRole("button", { name: "Graph", exact: true }).boundingBox())!;
    expect(tabs.y + tabs.height).toBeLessThan(500);
    for (const path of ["each[5]/each", "first[person]/first"]) {
      await form(path).getByLabel("value").fill("Yes");
      await form(path).getByRole("button", { name: "Answer" }).click();
      await form(path).waitFor({ state: "detached" });
    }
    await box("map each 1 of 6, running").waitFor();
    await box("race first, done").waitFor();
    expect(complaints).toEqual([]);
  });

  test("says at a form what the server refuses", async () => {
    const { url } = await serving(pipelines);
    const { page } = await opened(`${url}#/start`);
    const form = page.getByRole("form", { name: "Start bill" });
    await form.getByLabel("prices").fill('["x"]');
    await form.getByRole("button", { name: "Start" }).click();
    expect(await form.getByRole("alert").textContent()).toBe(
      'Input "prices" at 0 does not fit: Expected number',
    );
    expect(await form.locator(".wrong").textContent()).toContain("prices");
  });

  test("a failed run is retried from the step that is chosen", async () => {
    pipelines.weather.isFine = false;
    const { url, get, post } = await serving(pipelines);
    await post("api/runs", { pipeline: "flaky", inputs: { place: "Oslo" }, runId: "broken" });
    const { page } = await opened(`${url}#/run/broken`);
    await page.locator("header .chip.failed").waitFor();
    await page.getByText("The weather is bad").first().waitFor();
    await picture(page, "run-failed");
    pipelines.weather.isFine = true;
    await page.getByRole("button", { name: "Steps", exact: true }).click();
    await page.getByRole("cell", { name: "sent" }).first().click();
    await page.getByRole("button", { name: "Retry from sent" }).click();
    await page.locator("header .chip.done").waitFor();
    expect((await get("api/runs/broken")).outputs).toMatchObject({ sent: 1 });
  });

  test("a form has a field for each part of an input that can be written in one", async () => {
    class Author extends Schema.Class<Author>("Author")({ name: Schema.String }) {}
    const Config = Schema.Struct({
      rate: Schema.Number,
      mode: Schema.Literals(["fast", "exact"]),
      author: Author,
      since: Schema.optionalKey(Schema.Struct({ day: Schema.Date })),
      tags: Schema.Array(Schema.String),
      dry: Schema.Boolean,
    });
    const training = pipeline("training")
      .input("config", Config)
      .step("said", ["config"], ({ config: { rate, mode, author, since, tags, dry } }) =>
        JSON.stringify([
          rate,
          mode,
          author instanceof Author,
          since?.day.getUTCFullYear() ?? "no",
          tags,
          dry,
        ]),
      )
      .returns("said");
    const { url, get } = await serving({ training });
    const { page, complaints } = await opened(`${url}#/start`);
    const form = page.getByRole("form", { name: "Start training" });
    await form.getByLabel("rate").fill("0.5");
    await form.getByLabel("mode").selectOption("exact");
    await form.getByRole("group", { name: "author" }).getByLabel("name").fill("Ada");
    await form.getByLabel("tags").fill('["a"]');
    await form.getByLabel("dry").check();
    await picture(page, "start");
    await form.getByRole("button", { name: "Start" }).click();
    await page.locator("header .chip.done").waitFor();
    const runId = () => decodeURIComponent(new URL(page.url()).hash.split("/")[2]!);
    const first = runId();
    expect((await get(`api/runs/${first}`)).outputs).toEqual({ said: '[0.5,"exact",true,"no",["a"],true]' });
    await page.getByRole("link", { name: "Run again with other inputs" }).click();
    await form.getByLabel("day").fill("2026-05-01T00:00:00Z");
    await form.getByLabel("dry").uncheck();
    await form.getByRole("button", { name: "Start" }).click();
    await page.locator("header .chip.done").waitFor();
    expect((await get(`api/runs/${runId()}`)).outputs).toEqual({
      said: '[0.5,"exact",true,2026,["a"],false]',
    });
    expect(complaints).toEqual([]);
  });

  test("shows the same run after a restart of its server, which has another token then", async () => {
    const memory = new MemoryStore("tests");
    const first = await serving(pipelines, memory.layer);
    await first.post("api/runs", { pipeline: "release", inputs: { version: "1" }, runId: "r" });
    const { page } = await opened(`${first.url}#/run/r/steps`);
    const answer = page.getByRole("form", { name: "Answer approval" });
    await answer.getByLabel("by").fill("Ada");
    await first.drain(0);
    await first.close();
    await page.getByText("The server does not answer").first().waitFor();
    await picture(page, "server-gone");
    const port = Number(new URL(first.url).port);
    const { get } = await serving(pipelines, memory.layer, { port, token: "another-token-of-the-tests" });
    await page.getByText("The server does not answer").waitFor({ state: "detached" });
    // The reader's input and location are still there.
    expect(await answer.getByLabel("by").inputValue()).toBe("Ada");
    expect(new URL(page.url()).hash).toBe("#/run/r/steps");
    await answer.getByLabel("year").fill("2026");
    await answer.getByRole("button", { name: "Answer" }).click();
    await page.locator("header .chip.done").waitFor();
    expect((await get("api/runs/r")).outputs).toEqual({ text: "Released by Ada in 2026" });
  });

  test("the address leads to a run, a view and a step, and the way back is the browser's", async () => {
    const { url, post } = await serving(pipelines);
    await post("api/runs", { pipeline: "bill", inputs: { prices: [1, 2] }, runId: "a b" });
    const { page } = await opened(`${url}#/run/a%20b/values/total`);
    const panel = page.getByRole("complementary", { name: "The step that was chosen" });
    await panel.getByRole("heading", { name: "total" }).waitFor();
    const view = (name: string) => page.locator(`[data-view=${name}][aria-pressed=true]`);
    await view("values").waitFor();
    await page.getByRole("button", { name: "Time line" }).click();
    await view("time").waitFor();
    expect(new URL(page.url()).hash).toBe("#/run/a%20b/time/total");
    await panel.getByRole("button", { name: "Close" }).click();
    expect(new URL(page.url()).hash).toBe("#/run/a%20b/time");
    await page.goBack();
    await panel.waitFor();
    await page.goBack();
    await view("values").waitFor();
    await page.getByRole("link", { name: "Runs", exact: true }).click();
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    await page.goBack();
    await panel.getByRole("heading", { name: "total" }).waitFor();
  });

  test("finds and lists the steps of a large run that its page leaves out, and answers one", async () => {
    const { url, get, post } = await serving(pipelines);
    await post("api/runs", { pipeline: "large", runId: "r" });
    await until(
      () => get("api/waiting"),
      (steps) => steps.length === 1,
    );
    const { page, complaints } = await opened(`${url}#/run/r/steps/${encodeURIComponent("each[11999]")}`);
    // The step in the address is one that the page does not show at first.
    await page
      .getByRole("complementary", { name: "The step that was chosen" })
      .getByRole("heading", { name: "[11999]" })
      .waitFor();
    const table = page.locator(".rows.steps");
    const left = table.getByRole("status");
    const count = async () => Number(/[\d,]+/.exec((await left.textContent())!)![0].replace(",", ""));
    // The first response has 1,000 steps; the next one, which replaces it, has 10,000.
    await table.getByText("2,002 more steps not listed").waitFor();
    const before = await count();
    await page.getByRole("searchbox").fill("each[11998]");
    expect(await table.locator(".line:not(.heading)").count()).toBe(0);
    await page.getByRole("button", { name: 'Search all steps for "each[11998]"' }).click();
    await table.locator(".line").filter({ hasText: "each[11998]" }).waitFor();
    expect(await count()).toBe(before - 1);
    await page.getByRole("searchbox").fill("");
    await page.getByRole("button", { name: "List more" }).click();
    await left.waitFor({ state: "detached" });
    expect(Number(await table.getAttribute("aria-rowcount"))).toBeGreaterThanOrEqual(12_003);
    const answer = page.getByRole("form", { name: "Answer late/late" });
    await answer.getByLabel("value").fill("Yes");
    await answer.getByRole("button", { name: "Answer" }).click();
    await page.locator("header .chip.done").waitFor();
    expect(complaints).toEqual([]);
  });

  test("shows the whole value of a step, and runs again with edited inputs", async () => {
    const { url, get, post } = await serving(pipelines);
    const prices = Array.from({ length: 500 }, (_, i) => i);
    await post("api/runs", { pipeline: "bill", inputs: { prices, currency: "EUR" }, runId: "r" });
    const { page, complaints } = await opened(`${url}#/run/r/graph/at`);
    await page.getByRole("button", { name: "Show the whole value" }).click();
    expect(JSON.parse((await page.getByLabel("The whole value of at").textContent())!)).toBe(
      (await get("api/runs/r/value?path=at")).value,
    );
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByRole("link", { name: "Run again with other inputs" }).click();
    const form = page.getByRole("form", { name: "Start bill" });
    expect(JSON.parse(await form.getByLabel("prices").inputValue())).toEqual(prices);
    expect(await form.getByLabel("currency").inputValue()).toBe("EUR");
    await form.getByLabel("prices").fill("[4, 5]");
    await form.getByRole("button", { name: "Start" }).click();
    await page.locator("header .chip.done").waitFor();
    const id = decodeURIComponent(new URL(page.url()).hash.split("/")[2]!);
    expect(await get(`api/runs/${id}`)).toMatchObject({
      inputs: { prices: [4, 5], currency: "EUR" },
      outputs: { total: 9 },
    });
    expect(complaints).toEqual([]);
  });

  test.each([
    ["light", 1200],
    ["dark", 1200],
    ["light", 390],
  ] as const)(
    "can be read by a screen reader in each of its views: %s, %d pixels wide",
    async (colorScheme, width) => {
      pipelines.weather.isFine = false;
      const { url, post } = await serving(pipelines);
      await post("api/runs", { pipeline: "release", inputs: { version: "1" }, runId: "waits" });
      await post("api/runs", { pipeline: "flaky", inputs: { place: "Oslo" }, runId: "failed" });
      await post("api/runs", { pipeline: "bill", inputs: { prices: [1, 2] }, runId: "done" });
      const { page } = await opened(url, { colorScheme, width });
      const violations = await withAxe(page, width);
      const runViews = ["graph/sent", "time", "steps", "values", "errors", "expansions"];
      const places = ["", "start", "start/done", "schedules", "run/waits"];
      for (const place of [...places, ...runViews.map((view) => `run/failed/${view}`)]) {
        await page.evaluate((hash) => void (location.hash = hash), `#/${place}`);
        if (place.startsWith("run/")) await page.locator("header .chip").first().waitFor();
        else await page.locator("main h1").waitFor();
        expect([place, await violations()]).toEqual([place, []]);
      }
    },
  );

  test("a run is started and answered by the keyboard alone", async () => {
    const { url, get } = await serving(pipelines);
    const { page } = await opened(url);
    const focused = () =>
      page.evaluate(() => {
        const element = document.activeElement as (HTMLElement & Partial<HTMLInputElement>) | null;
        return element?.labels?.[0]?.textContent ?? element?.textContent ?? "";
      });
    const tabTo = async (name: string): Promise<void> => {
      for (let presses = 0; (await focused()) !== name; presses++) {
        if (presses > 60) throw new Error(`Tab does not reach "${name}"`);
        await page.keyboard.press("Tab");
      }
    };
    await tabTo("Start");
    await page.keyboard.press("Enter");
    await page.getByRole("form", { name: "Start release" }).waitFor();
    await tabTo("version");
    await page.keyboard.type("1.0");
    await page.keyboard.press("Enter");
    await page.getByRole("form", { name: "Answer approval" }).waitFor();
    await tabTo("by");
    await page.keyboard.type("Ada");
    await tabTo("year");
    await page.keyboard.type("2026");
    await tabTo("Answer");
    await page.keyboard.press("Space");
    await page.locator("header .chip.done").waitFor();
    const [run] = (await get("api/runs")).runs;
    expect((await get(`api/runs/${run.id}`)).outputs).toEqual({ text: "Released by Ada in 2026" });
  });

  test("a run is cancelled, and a schedule is paused and run now", async () => {
    const { url, get, post } = await serving(pipelines);
    await post("api/runs", { pipeline: "release", inputs: { version: "1" }, runId: "r" });
    const { page } = await opened(`${url}#/run/r`);
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.locator("header .chip.stopped").waitFor();
    await page.getByRole("link", { name: "Schedules" }).click();
    const schedule = page.getByRole("region", { name: "Schedule nightly" });
    await schedule.getByRole("button", { name: "Pause" }).click();
    await schedule.getByText("paused").waitFor();
    // Ticks are in the time zone of the schedule, which is named.
    expect(await schedule.getByRole("listitem").first().textContent()).toMatch(/ UTC$/);
    await picture(page, "schedules");
    await schedule.getByRole("button", { name: "Run now" }).click();
    await page.locator("header .chip.done").waitFor();
    expect((await get("api/schedules"))[0]).toMatchObject({ paused: true, last: { status: "succeeded" } });
  });

  test.each([
    ["light", 1200],
    ["dark", 1200],
    ["light", 390],
  ] as const)(
    "lists runs, those that wait on top: %s, %d pixels wide, nothing beside the screen",
    async (colorScheme, width) => {
      const { url, post } = await serving(pipelines);
      for (let i = 0; i < 3; i++)
        await post("api/runs", { pipeline: "bill", inputs: { prices: [i] }, runId: `bill-${i}` });
      await post("api/runs", { pipeline: "release", inputs: { version: "<b>1</b>" }, runId: "r" });
      const { page } = await opened(url, { colorScheme, width });
      await page
        .getByRole("region", { name: "Waiting for an answer" })
        .getByRole("link", { name: "r", exact: true })
        .waitFor();
      // Values are text, never markup.
      await page.getByText("Release the build of <b>1</b>?").waitFor();
      await page.getByRole("cell", { name: "bill-2" }).waitFor();
      await picture(page, `runs-${colorScheme}-${width}`);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      await page.getByRole("searchbox", { name: "Search for runs" }).fill("bill-1");
      await page.getByRole("cell", { name: "bill-2" }).waitFor({ state: "detached" });
      await page.getByRole("cell", { name: "bill-1" }).waitFor();
      expect(await page.getByRole("row").count()).toBe(2);
      const list = page.getByRole("region", { name: "Runs" });
      expect(await list.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
      // The way back from a run leads to the same search.
      await page.getByRole("link", { name: "bill-1" }).click();
      await page.locator("header .chip").waitFor();
      expect(await page.title()).toBe("bill-1 · Espalier");
      await page.goBack();
      await page.getByRole("cell", { name: "bill-1" }).waitFor();
      expect(await page.getByRole("searchbox", { name: "Search for runs" }).inputValue()).toBe("bill-1");
      expect(await page.getByRole("row").count()).toBe(2);
    },
  );
});
