import * as Effect from "effect/Effect";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { pipeline } from "espalier";
import type { PipelineEvent } from "espalier";
import { Plan, Report } from "espalier/draw";
import { inBrowser } from "./browser.ts";
import { nasty, someLabels } from "./labels.ts";

/** Many more labels, for `npm run test:long`. */
const isLong = process.env["ESPALIER_LONG"] !== undefined;

const grown = pipeline("training")
  .step("dataset", [], () => [1, 2, 3], { description: "Reads the rows." })
  .dynamic("models", ["dataset"], ({ dataset }) =>
    pipeline("search")
      .step("first", [], () => dataset.length)
      .step("models", ["first"], ({ first }) => first * 2),
  )
  .map("scores", "dataset", [], (row) =>
    pipeline("score")
      .step("raw", [], () => row)
      .step("scores", ["raw"], ({ raw }) => raw + 1),
  )
  .step("report", ["models", "scores"], ({ models, scores }) => ({ models, scores }));

const grownRun = Effect.gen(function* () {
  const run = yield* grown.start({});
  yield* run.await;
  return { plan: run.plan, html: yield* Report.fromRun(run) };
});

const labels = (page: Page): Promise<ReadonlyArray<string>> =>
  page.locator(".graph g[data-step] > text:not(.note)").allTextContents();

const nextPicture = (page: Page): Promise<void> =>
  page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  );

/** Clicks on the box of that label, right of its centre. */
const clickBox = async (page: Page, label: string): Promise<void> => {
  // A view that was just shown is drawn before the next frame.
  await nextPicture(page);
  const named = page.locator("text:not(.note)").getByText(label, { exact: true });
  const box = page.locator(".graph g[data-step]").filter({ has: named }).locator("rect").last();
  const { x, y, width, height } = (await box.boundingBox())!;
  await page.mouse.click(x + width / 2 + 4, y + height / 2);
};

const transform = (page: Page): Promise<string | null> =>
  page.locator("svg.graph > g").getAttribute("transform");

inBrowser("the page of a plan", ({ open }) => {
  test("opens from disk without requests or errors", async () => {
    const { page, requests, complaints } = await open(Plan.toHtml(grown.plan()));
    expect(await labels(page)).toEqual(expect.arrayContaining(["dataset", "models", "scores", "report"]));
    expect(await page.title()).toBe("training");
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("its policy refuses foreign scripts", async () => {
    const { page, complaints } = await open(Plan.toHtml(grown.plan()));
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.pwned = true";
      document.body.append(script);
    });
    expect(await page.evaluate(() => "pwned" in window)).toBe(false);
    expect(complaints.join("\n")).toContain("Content Security Policy");
  });

  test("a search marks and shows its matches, including folded ones", async () => {
    const { plan } = await Effect.runPromise(grownRun);
    const { page } = await open(Plan.toHtml(plan));
    await page.getByRole("button", { name: "Fold all expansions", exact: true }).click();
    await nextPicture(page);
    expect(await labels(page)).not.toContain("first");
    await page.getByRole("searchbox").fill("first");
    await page.locator(".counted", { hasText: "1 of 1" }).waitFor();
    await nextPicture(page);
    expect(await labels(page)).toContain("first");
    const marked = page.locator(".graph g.marked");
    expect(await marked.locator("text").allTextContents()).toEqual(["first"]);
    const box = (await marked.locator("rect").boundingBox())!;
    const view = (await page.locator("svg.graph").boundingBox())!;
    expect(Math.abs(box.x + box.width / 2 - (view.x + view.width / 2))).toBeLessThan(2);
    expect(Math.abs(box.y + box.height / 2 - (view.y + view.height / 2))).toBeLessThan(2);
  });

  test("Enter right after the last letter shows the first match", async () => {
    const { page } = await open(Plan.toHtml(grown.plan()));
    await page.getByRole("searchbox").evaluate((box: HTMLInputElement) => {
      box.value = "dataset";
      box.dispatchEvent(new Event("input", { bubbles: true }));
      box.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    });
    expect(await page.locator(".panel h2").textContent()).toBe("dataset");
  });

  test("a search without matches finds none", async () => {
    const { page } = await open(Plan.toHtml(grown.plan()));
    await page.getByRole("searchbox").fill("nowhere");
    await page.locator(".counted", { hasText: "none" }).waitFor();
    expect(await page.locator(".graph g.marked").count()).toBe(0);
  });

  test("an expansion is folded and unfolded by its sign", async () => {
    const { plan } = await Effect.runPromise(grownRun);
    const { page } = await open(Plan.toHtml(plan));
    expect(await labels(page)).toContain("models → search");
    const sign = async (label: string): Promise<void> => {
      const box = page.locator(".graph g[data-step]", { hasText: label }).first().locator(".sign");
      const { x, y, width, height } = (await box.boundingBox())!;
      await page.mouse.click(x + width / 2, y + height / 2);
      await nextPicture(page);
    };
    await sign("models → search");
    expect(await labels(page)).not.toContain("first");
    expect(await labels(page)).toContain("models");
    await sign("models");
    expect(await labels(page)).toContain("first");
  });

  test("the graph is dragged, and zoomed by the wheel and by buttons", async () => {
    const { page } = await open(Plan.toHtml(grown.plan()));
    const places = [await transform(page)];
    const note = async (): Promise<void> => {
      await nextPicture(page);
      places.push(await transform(page));
    };
    await page.mouse.move(1000, 600);
    await page.mouse.down();
    await page.mouse.move(900, 500, { steps: 3 });
    await page.mouse.up();
    await note();
    await page.mouse.wheel(0, -300);
    await note();
    await page.getByRole("button", { name: "Zoom out" }).click();
    await note();
    await page.getByRole("button", { name: "Show the whole graph" }).click();
    await note();
    expect(new Set(places.slice(0, 4)).size).toBe(4);
    expect(places.at(-1)).toBe(places[0]);
    // A drag is not a click.
    expect(await page.locator(".panel").isVisible()).toBe(false);
  });

  test("two fingers move and zoom the graph", async () => {
    const { page } = await open(Plan.toHtml(grown.plan()));
    const { x, y, width, height } = (await page.locator("svg.graph").boundingBox())!;
    const [middleX, middleY] = [x + width / 2, y + height / 2];
    const session = await page.context().newCDPSession(page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", ...apart: ReadonlyArray<number>) =>
      session.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: apart.map((dx, id) => ({ x: middleX + dx, y: middleY, id })),
      });
    const scale = async (): Promise<number> => Number(/scale\(([\d.]+)\)/.exec((await transform(page))!)![1]);
    const before = await scale();
    await touch("touchStart", -30);
    await touch("touchStart", -30, 30);
    for (let moved = 10; moved <= 60; moved += 10) await touch("touchMove", -30 - moved / 2, 30 + moved / 2);
    await touch("touchEnd");
    await session.detach();
    await expect.poll(scale).toBeCloseTo(2 * before, 1);
    // A pinch is not a click.
    expect(await page.locator(".panel").isVisible()).toBe(false);
  });

  test("a click on a step shows its details, and a click outside closes them", async () => {
    const { page } = await open(Plan.toHtml(grown.plan()));
    await clickBox(page, "dataset");
    const panel = page.locator(".panel");
    expect(await panel.innerText()).toContain("Reads the rows.");
    await clickBox(page, "report");
    const text = await panel.innerText();
    expect(text).toContain("report");
    expect(text).toContain("models");
    expect(text).toContain("scores");
    await panel.getByRole("button", { name: "Show scores" }).click();
    expect(await panel.locator("h2").textContent()).toBe("scores");
    expect(await panel.locator(".kind").textContent()).toBe("map");
    await page.keyboard.press("Escape");
    expect(await panel.isVisible()).toBe(false);
  });

  test("it is dark if the reader prefers dark", async () => {
    const grounds: Array<string> = [];
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await open(Plan.toHtml(grown.plan()), { colorScheme });
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const text = await page
        .locator(".graph text")
        .first()
        .evaluate((element) => getComputedStyle(element).fill);
      grounds.push(`${ground} ${text}`);
    }
    expect(grounds).toEqual(["rgb(255, 255, 255) rgb(28, 35, 48)", "rgb(18, 22, 30) rgb(228, 232, 239)"]);
  });

  test("labels stay inside their boxes", async () => {
    const names = [
      "a",
      "x".repeat(33),
      "W".repeat(250),
      "日本語の名前".repeat(9),
      "👩‍👩‍👧 family",
      "ไทยภาษา",
      "مرحبا بالعالم",
      "⸻".repeat(33),
      "﷽".repeat(33),
      `a${"\u0301".repeat(30)}`,
    ];
    const plan: Plan = {
      name: "labels",
      inputs: names.map((name) => ({ name })),
      returns: [],
      steps: names.map((name) => ({ path: name, name, kind: "dynamic", inputs: [], outputs: names })),
    };
    const { page } = await open(Plan.toHtml(plan));
    const out = await page.evaluate(() =>
      Array.from(document.querySelectorAll(".graph g[data-step]")).flatMap((group) => {
        const text = group.querySelector("text")!.getBoundingClientRect();
        const box = group.querySelector("rect")!.getBoundingClientRect();
        const note = group.querySelector("text.note")?.getBoundingClientRect() ?? text;
        const left = Math.min(text.left, note.left);
        const right = Math.max(text.right, note.right);
        return left >= box.left - 1 && right <= box.right + 1 ? [] : [group.textContent];
      }),
    );
    expect(out).toEqual([]);
  });

  test("a plan of 1,000 steps is drawn, and says how soon", async () => {
    let chain = pipeline("large").step("step 0", [], () => 0) as never as {
      step(name: string, inputs: ReadonlyArray<string>, run: () => number): typeof chain;
      plan(): Plan;
    };
    for (let i = 1; i < 1_000; i++) {
      const reads = [...new Set([Math.max(0, i - 10), Math.floor(i / 2)])].map((at) => `step ${at}`);
      chain = chain.step(`step ${i}`, reads, () => i);
    }
    const { page, complaints } = await open(Plan.toHtml(chain.plan()));
    const ready = await page.evaluate(() => performance.getEntriesByName("ready")[0]!.startTime);
    console.info(`1,000 steps: ready after ${Math.round(ready)} ms`);
    // A guard against a page that hangs: other programs share the machine. `npm run bench:serve` measures.
    expect(ready).toBeLessThan(30_000);
    await page.getByRole("searchbox").fill("step 777");
    await page.locator(".counted", { hasText: "1 of 1" }).waitFor();
    await nextPicture(page);
    expect(await labels(page)).toContain("step 777");
    await page.getByRole("button", { name: "Show the whole graph" }).click();
    await nextPicture(page);
    expect(complaints).toEqual([]);
  });
});

inBrowser("the report of a run", ({ open }) => {
  test("shows the graph as it grew, and each step's times and values", async () => {
    const { html } = await Effect.runPromise(grownRun);
    const { page, requests, complaints } = await open(html);
    expect(await page.locator("header .chip").textContent()).toBe("done");
    await clickBox(page, "report");
    const panel = page.locator(".panel");
    const text = await panel.innerText();
    expect(text).toMatch(/waited\s+\d/);
    expect(text).toMatch(/ran\s+\d/);
    expect(text).toContain("models: 6");
    for (const view of ["time", "steps", "values", "errors", "expansions"]) {
      await page.locator(`nav [data-view=${view}]`).click();
      await nextPicture(page);
    }
    const rows = await page.locator(".expansions .list .line").allInnerTexts();
    expect(rows.some((row) => /models\s+2 steps of search\s+models\s+models\s+as declared/.test(row))).toBe(
      true,
    );
    expect(rows.some((row) => /scores\s+3 items/.test(row))).toBe(true);
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test("at a time of the run, later parts are faint", async () => {
    const slow = pipeline("slow")
      .step("wait", [], () => new Promise<number>((done) => setTimeout(() => done(1), 60)))
      .dynamic("later", ["wait"], () =>
        pipeline("inner").step(
          "later",
          [],
          () => new Promise<number>((done) => setTimeout(() => done(1), 60)),
        ),
      );
    const html = await Effect.runPromise(Effect.flatMap(slow.start({}), Report.fromRun));
    const { page } = await open(html);
    const faint = page.locator(".graph g.later");
    expect(await faint.count()).toBe(0);
    const slider = page.getByRole("slider");
    await slider.fill("100");
    await nextPicture(page);
    expect(await faint.locator("text").allTextContents()).toEqual(["later"]);
    await slider.fill("1000");
    await nextPicture(page);
    expect(await faint.count()).toBe(0);
  });

  test("an error is reported with its causes, its attempts, and the steps skipped because of it", async () => {
    const failing = pipeline("failing")
      .step(
        "load",
        [],
        (_, { attempt }) => {
          throw new Error(`no answer ${attempt}`, { cause: new TypeError("the socket is closed") });
        },
        { retry: { times: 1, delay: 1 } },
      )
      .step("after", ["load"], () => 1);
    const { page } = await open(await Effect.runPromise(Effect.flatMap(failing.start({}), Report.fromRun)));
    expect(await page.locator("header .chip").textContent()).toBe("failed");
    await page.locator("nav [data-view=errors]").click();
    const errors = await page.locator(".error-list").innerText();
    expect(errors).toContain("load failed, and the run with it");
    expect(errors.match(/no answer 2/g)).toHaveLength(1);
    expect(errors).toContain("caused by TypeError: the socket is closed");
    await page.locator("nav [data-view=graph]").click();
    await clickBox(page, "load");
    const panel = page.locator(".panel");
    expect(await panel.innerText()).toContain("no answer 1");
    expect(await panel.innerText()).toMatch(/attempts\s+2/);
    await clickBox(page, "after");
    expect(await panel.innerText()).toMatch(/state\s+skipped/);
    expect(await panel.innerText()).toMatch(/because of\s+load/);
    // The time line marks the attempt that failed before, and the one that the step failed with.
    await page.locator("nav [data-view=time]").click();
    await page.getByText("failed attempt", { exact: true }).waitFor();
    const bar = page.locator(".lanes .bar").filter({ has: page.locator("path.tried") });
    expect(await bar.locator("title").textContent()).toMatch(/^load: .*, 2 failed attempts$/);
  });

  test("a failure counts once, not again around it; each output has a line; the legend hides nothing of the graph", async () => {
    const nested = pipeline("nested")
      .step("split", [], () => ({ left: [1, 2], right: "r" }), { outputs: ["left", "right"] })
      .dynamic("models", ["left"], () =>
        pipeline("search").step("models", [], (): number => {
          throw new Error("no");
        }),
      );
    const { page } = await open(await Effect.runPromise(Effect.flatMap(nested.start({}), Report.fromRun)));
    expect(await page.locator("header .facts").innerText()).toMatch(
      /^2 steps, 1 expansion · .* · 1 failed · /,
    );
    const graph = (await page.locator("svg.graph").boundingBox())!;
    for (const part of [".kinds", ".grown"]) {
      expect((await page.locator(part).boundingBox())!.y).toBeGreaterThanOrEqual(graph.y + graph.height);
    }
    expect(await page.locator(".kinds .key").allInnerTexts()).toEqual(
      expect.arrayContaining(["dynamic step", "critical path", "failed"]),
    );
    await page.locator("nav [data-view=values]").click();
    await nextPicture(page);
    const rows = await page.locator(".values .list .line").allInnerTexts();
    expect(rows.map((row) => row.split(/\s+/).slice(0, 2))).toEqual([
      ["split", "left"],
      ["split", "right"],
    ]);
    await page.locator("nav [data-view=time]").click();
    expect(await page.locator(".chain").innerText()).toContain("models/models");
  });

  test("the time line has a row for each concurrent step, and marks the critical path", async () => {
    const time = 1_000_000;
    const base = { runId: "r", attempt: 1 };
    const names = ["a", "b", "c", "d"];
    const plan: Plan = {
      name: "four",
      inputs: [],
      returns: [],
      steps: names.map((name) => ({
        path: name,
        name,
        kind: "step",
        inputs:
          name === "d"
            ? [
                { name: "a", from: "a" },
                { name: "b", from: "b" },
              ]
            : [],
        outputs: [name],
      })),
    };
    const at = (type: "step.started" | "step.succeeded", path: string, millis: number): PipelineEvent =>
      ({ ...base, type, path, time: time + millis, outputs: { [path]: 1 } }) as PipelineEvent;
    const { page } = await open(
      Report.fromEvents([
        { type: "run.started", runId: "r", time, pipeline: "four", plan },
        at("step.started", "a", 0),
        at("step.started", "b", 0),
        at("step.succeeded", "a", 100),
        at("step.started", "c", 100),
        at("step.succeeded", "c", 150),
        at("step.succeeded", "b", 200),
        at("step.started", "d", 260),
        at("step.succeeded", "d", 400),
        { type: "run.succeeded", runId: "r", time: time + 400 },
      ]),
    );
    await page.locator("nav [data-view=time]").click();
    await nextPicture(page);
    expect(await page.locator(".lanes text.lane").allTextContents()).toEqual(["1", "2"]);
    expect(await page.locator(".lanes .bar.critical title").allTextContents()).toEqual([
      "d: 140 ms",
      "b: 200 ms",
    ]);
    expect(await page.locator(".chain").innerText()).toBe("critical path: b 200 ms → d 140 ms");
    // c could have run from the start, and d from the end of b.
    expect(await page.locator(".lanes .queue").count()).toBe(2);
    await page.locator(".lanes .bar", { hasText: "c: 50 ms" }).click();
    expect(await page.locator(".panel").innerText()).toMatch(/waited\s+100 ms\s+ran\s+50 ms/);
  });

  test("10,000 steps: only visible ones are in the page, which reports when it was painted", async () => {
    const many = pipeline("many")
      .step("list", [], () => Array.from({ length: 2_000 }, (_, i) => i))
      .map("rows", "list", [], (row) =>
        pipeline("row")
          .step("read", [], () => Promise.resolve({ row, text: `row ${row}` }))
          .step("half", ["read"], ({ read }) => read.row / 2)
          .step("third", ["read"], ({ read }) => read.row / 3)
          .step("rows", ["half", "third"], ({ half, third }) => ({ half, third })),
      );
    const html = await Effect.runPromise(Effect.flatMap(many.start({}), Report.fromRun));
    const { page, complaints } = await open(html);
    const { paint, ready } = await page.evaluate(() => ({
      paint: performance.getEntriesByName("first-contentful-paint")[0]!.startTime,
      ready: performance.getEntriesByName("ready")[0]!.startTime,
    }));
    console.info(
      `10,002 steps, ${(html.length / 1e6).toFixed(1)} MB: first paint after ${Math.round(paint)} ms, ready after ${Math.round(ready)} ms`,
    );
    // Guards against a page that hangs: other programs share the machine.
    expect(paint).toBeLessThan(30_000);
    expect(ready).toBeLessThan(30_000);
    expect(await labels(page)).toEqual(["list", "rows"]);
    for (const view of ["values", "expansions", "steps"]) {
      await page.locator(`nav [data-view=${view}]`).click();
      await nextPicture(page);
      expect(await page.locator(`.${view} .list .line`).count()).toBeLessThan(60);
    }
    await page.locator("nav [data-view=time]").click();
    await nextPicture(page);
    const { rows, all } = await page.evaluate(() => ({
      rows: document.querySelectorAll(".lanes text.lane").length,
      all: Number(
        /^([\d,]+) rows/
          .exec(document.querySelector(".legend .faint")!.textContent!)![1]!
          .replaceAll(",", ""),
      ),
    }));
    expect(all).toBeGreaterThan(100);
    expect(rows).toBeLessThan(50);
    await page.locator("nav [data-view=steps]").click();
    await page.locator(".steps .list").evaluate((list) => {
      list.scrollTop = list.scrollHeight;
    });
    await nextPicture(page);
    await page.locator(".steps .list .line", { hasText: "rows[1999]/rows" }).click();
    expect(await page.locator(".panel h2").textContent()).toBe("rows");
    await page.locator("nav [data-view=graph]").click();
    const from = performance.now();
    await page.getByRole("button", { name: "Unfold all expansions" }).click();
    await nextPicture(page);
    console.info(`10,002 steps unfolded in ${Math.round(performance.now() - from)} ms`);
    expect(await page.locator("svg.graph *").count()).toBeLessThan(9_000);

    // Zoomed out, all of it is painted on the canvas, wherever it is moved. Zoomed in, its boxes are elements.
    const elements = page.locator(".graph g[data-step]");
    const painted = () =>
      page.locator(".stage canvas").evaluate((canvas: HTMLCanvasElement) => {
        if (canvas.hidden) return 0;
        const copy = new OffscreenCanvas(canvas.width, canvas.height);
        const context = copy.getContext("2d", { willReadFrequently: true })!;
        context.drawImage(canvas, 0, 0);
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        return data.reduce((count, value, i) => (i % 4 === 3 && value > 0 ? count + 1 : count), 0);
      });
    await page.getByRole("button", { name: "Show the whole graph" }).click();
    await nextPicture(page);
    expect(await elements.count()).toBe(0);
    expect(await painted()).toBeGreaterThan(10_000);
    await page.getByRole("group", { name: /boxes: zoom in to reach them/ }).waitFor();
    const { x, y, width, height } = (await page.locator("svg.graph").boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y + 2 * height, { steps: 3 });
    await nextPicture(page);
    expect(await painted()).toBeLessThan(10_000);
    await page.mouse.move(x + width / 2, y + height / 2, { steps: 3 });
    await page.mouse.up();
    while ((await elements.count()) === 0) {
      await page.mouse.wheel(0, -400);
      await nextPicture(page);
    }
    await nextPicture(page);
    expect(await painted()).toBe(0);
    await elements.first().focus();
    expect(complaints).toEqual([]);
  });
});

inBrowser("no label and no value runs a script", ({ open }) => {
  test("random labels: the browser reads the page as it was written", async () => {
    const words = someLabels("random labels", nasty, isLong ? 2_000 : 500);
    for (let from = 0; from < words.length; from += 500) {
      const some = words.slice(from, from + 500);
      const steps: Plan["steps"] = some.map((name, i) => ({
        path: `${i}`,
        name,
        kind: "step",
        inputs: [],
        outputs: [name],
      }));
      const { page, requests, complaints, leave } = await open(
        Plan.toHtml({ name: some[0]!, inputs: [], returns: [], steps }),
      );
      await page.getByRole("button", { name: "Show the whole graph" }).click();
      await nextPicture(page);
      const read = await page.evaluate(() => ({
        boxes: Array.from(document.querySelectorAll(".graph g[data-step]"), (box) => box.children.length),
        isPwned: "pwned" in window,
        heads: Array.from(document.head.children, ({ localName }) => localName),
      }));
      expect(read.boxes).toEqual(some.map(() => 3)); // A title, a rectangle and a text.
      expect(read.isPwned).toBe(false);
      expect(read.heads).toEqual(["meta", "meta", "meta", "meta", "link", "title", "style"]);
      expect(complaints).toEqual([]);
      expect(requests).toEqual([]);
      await leave();
    }
  });

  test("hostile labels, in every view", async () => {
    const words = someLabels("hostile labels", nasty, isLong ? 300 : 60);
    // In batches of thirty.
    for (let from = 0; from < words.length; from += 30) {
      const some = words.slice(from, from + 30);
      const steps: Plan["steps"] = some.map((word, i) => ({
        path: `${i}${word}`,
        name: word,
        kind: (["step", "dynamic", "map", "switch"] as const)[i % 4]!,
        inputs: i === 0 ? [{ name: word, from: "" }] : [{ name: word, from: `${i - 1}${some[i - 1]!}` }],
        outputs: i % 5 === 4 ? "all" : [word],
        description: word,
        tags: [word],
        ...(i % 4 === 3 ? { cases: [word, some[0]!] } : {}),
      }));
      const plan: Plan = { name: some[0]!, inputs: [{ name: some[1]! }], returns: some, steps };
      const base = { runId: some[2]!, time: 5, attempt: 1 };
      const events: Array<PipelineEvent> = [
        { type: "run.started", ...base, pipeline: plan.name, plan },
        ...steps.flatMap(
          ({ path, name }, i): ReadonlyArray<PipelineEvent> => [
            { type: "step.started", ...base, path },
            { type: "step.logged", ...base, path, message: [name, { [name]: name }] },
            ...(i % 4 === 1
              ? [
                  {
                    type: "expansion.expanded" as const,
                    ...base,
                    path,
                    plan: {
                      ...plan,
                      inputs: [],
                      steps: [{ ...steps[0]!, inputs: [], path: `${path}/${name}` }],
                    },
                  },
                ]
              : []),
            i % 3 === 0
              ? { type: "step.failed", ...base, path, error: new Error(name, { cause: name }) }
              : {
                  type: "step.succeeded",
                  ...base,
                  path,
                  outputs: { [name]: { [name]: [name, new Map([[name, name]])] } },
                },
          ],
        ),
        { type: "run.failed", ...base, time: 90, error: new Error(some[3]!) },
      ];
      for (const html of [Plan.toHtml(plan), Report.fromEvents(events)]) {
        const { page, requests, complaints, leave } = await open(html);
        const search = page.getByRole("searchbox");
        for (const tab of await page.locator("nav button").all()) {
          await tab.click();
          await nextPicture(page);
        }
        // Each step's panel, with everything in it unfolded.
        await page.evaluate(() => {
          for (const row of document.querySelectorAll<HTMLElement>(".steps .list .line")) {
            row.click();
            for (const summary of document.querySelectorAll<HTMLElement>(".panel summary")) summary.click();
          }
        });
        await nextPicture(page);
        await page.locator("nav button").first().click();
        await search.fill(some[4]!.slice(0, 500));
        await nextPicture(page);
        expect(await page.evaluate(() => "pwned" in window)).toBe(false);
        expect(complaints).toEqual([]);
        expect(requests).toEqual([]);
        // No label became markup: these are all the kinds of elements that the page creates.
        const tags = await page.evaluate(() =>
          Array.from(new Set(Array.from(document.body.querySelectorAll("*"), ({ localName }) => localName))),
        );
        expect(tags.filter((tag) => ["img", "iframe", "a", "script", "object", "b"].includes(tag))).toEqual(
          [],
        );
        await leave();
      }
    }
  });
});
