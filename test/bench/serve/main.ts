/**
 * The speed of a server's page in headless Chromium, and the cost that a server adds to the runs that it executes.
 * `npm run bench:serve` prints one table. `CHROMIUM` is the path of the browser, if it is not `/usr/bin/chromium`.
 *
 * Other programs lengthen every elapsed time. So each first paint is also reported as the processor time that the server and
 * the page's own thread used for it, in turn: the time that remains on an idle machine.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Browser, CDPSession, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { lowerQuartile, median } from "../clock.ts";
import * as pipelines from "./pipelines.ts";
import { eventDelays, framesPerSecond } from "./in-page.ts";

const token = "the-token-of-the-benchmark";
const wait = (millis: number): Promise<void> => new Promise((done) => setTimeout(done, millis));
const text = (count: number): string => count.toLocaleString("en");

const listed = 10_000;
const eventsPerSecond = 2_000;
const watchedMillis = 10_000;
/** The events of an hour at 100 events per second, in three parts. */
const hour = { parts: 3, eventsPerPart: 120_000, perSecond: 20_000 };

const rows: Array<readonly [what: string, measured: string, target: string]> = [];
const say = (what: string, measured: string, target: string): void => {
  rows.push([what, measured, target]);
  console.log(`${what}: ${measured} (target: ${target})`);
};

interface Bench {
  readonly browser: Browser;
  /**
   * Asks the server process for the processor time it has used, whether a run has ended, to collect garbage, or to execute
   * runs by itself.
   */
  readonly ask: (asks: "cpu" | "gc" | "ended" | "run" | "small" | "many", id?: string) => Promise<unknown>;
  readonly file: string;
  readonly url: string;
  readonly post: (path: string, body: object) => Promise<void>;
}

const untilEnded = async ({ ask }: Bench, id: string): Promise<void> => {
  while ((await ask("ended", id)) !== true) await wait(100);
};

const cpuOf = async ({ ask }: Bench): Promise<number> => (await ask("cpu")) as number;

const busyMillis = async (session: CDPSession): Promise<number> => {
  const { metrics } = await session.send("Performance.getMetrics");
  return 1000 * metrics.find(({ name }) => name === "TaskDuration")!.value;
};

/** The lower quartiles of the elapsed and the processor times until `shown` appears. */
const firstPaint = async (bench: Bench, hash: string, shown: string): Promise<string> => {
  const { browser, url } = bench;
  const elapsed: Array<number> = [];
  const own: Array<number> = [];
  for (let round = 0; round < 5; round++) {
    const page = await browser.newPage();
    const session = await page.context().newCDPSession(page);
    // The processor time of tasks, not their elapsed time.
    await session.send("Performance.setTimeDomain", { timeDomain: "threadTicks" });
    await session.send("Performance.enable");
    const cpu = await cpuOf(bench);
    const began = performance.now();
    // Each round requests a view that the server no longer holds.
    await page.goto(`${url}${hash.replace("ROUND", String(round))}`);
    await page.locator(shown).first().waitFor();
    elapsed.push(performance.now() - began);
    own.push((await cpuOf(bench)) - cpu + (await busyMillis(session)));
    await page.close();
  }
  return `${Math.round(lowerQuartile(elapsed))} ms; processor ${Math.round(lowerQuartile(own))} ms`;
};

/** The time of a bare query for all records of a run, for comparison. */
const bareQuery = (file: string, id: string): number => {
  const database = new DatabaseSync(file, { readOnly: true });
  const used = () => process.threadCpuUsage().user + process.threadCpuUsage().system;
  const began = used();
  database
    .prepare("SELECT chunks.* FROM chunks JOIN runs ON runs.run = chunks.run WHERE runs.id = ?")
    .all(id);
  database.close();
  return (used() - began) / 1000;
};

const paints = async (bench: Bench): Promise<void> => {
  const { ask } = bench;
  // Not by requests, which are not measured here.
  for (let round = 0; round < 5; round++) await ask("run", `large-${round}`);
  await ask("many", String(listed));
  say("first paint of a page that shows no data", await firstPaint(bench, "#/start", "h1"), "none");
  say(`first paint of the list of ${text(listed)} runs`, await firstPaint(bench, "", "tbody tr"), "1 s");
  say(
    `first paint of a run of ${text(pipelines.steps)} steps`,
    await firstPaint(bench, "#/run/large-ROUND", ".graph g[data-step]"),
    "1 s",
  );
  say("a bare query for its records", `${Math.round(bareQuery(bench.file, "large-0"))} ms`, "none");
};

const graph = async (bench: Bench): Promise<void> => {
  const { post, url, browser } = bench;
  await post("api/runs", { pipeline: "wide", runId: "wide" });
  await untilEnded(bench, "wide");
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  await page.goto(`${url}#/run/wide`);
  await page.locator(".graph g[data-step]").first().waitFor();
  await page.getByRole("button", { name: "Unfold all expansions" }).click();
  const steps = page.locator(".graph g[data-step]");
  const drag = async (): Promise<void> => {
    await page.mouse.move(600, 500);
    await page.mouse.down();
    for (let i = 0; i < 100; i++) await page.mouse.move(600 - 4 * i, 500 - i);
    await page.mouse.up();
  };
  const zoom = async (): Promise<void> => {
    await page.mouse.move(600, 450);
    for (let i = 0; i < 60; i++) await page.mouse.wheel(0, i % 20 < 10 ? -120 : 120);
  };
  const frames: Array<number> = [];
  const measure = async (act: () => Promise<void>): Promise<void> => {
    frames.push(await framesPerSecond(page, act));
  };
  await page.getByRole("button", { name: "Show the whole graph" }).click();
  // Drag the whole graph, zoom from it to single boxes and back, then drag where the boxes are readable.
  await measure(drag);
  await page.getByRole("button", { name: "Show the whole graph" }).click();
  await measure(zoom);
  while ((await steps.count()) === 0) {
    await page.mouse.wheel(0, -120);
    await wait(300);
  }
  await measure(drag);
  await page.close();
  const what = `frames a second while ${text(pipelines.nodes)} nodes are moved far away, zoomed, and moved near by`;
  say(what, frames.map((count) => count.toFixed(0)).join(", "), "50");
};

const heapOf = async (page: Page): Promise<number> => {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = (await session.send("Runtime.getHeapUsage")) as { readonly usedSize: number };
  return usedSize / 1024 / 1024;
};

const events = async (bench: Bench): Promise<void> => {
  const { post, url, browser } = bench;
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  const inputs = { count: eventsPerSecond * (watchedMillis / 1000 + 5), perSecond: eventsPerSecond };
  await post("api/runs", { pipeline: "emitting", runId: "emitting", inputs });
  await page.goto(`${url}#/run/emitting/graph/ticks`);
  await page.locator(".panel").waitFor();
  const delays = await eventDelays(page, watchedMillis);
  say(
    `median time from an event to the page at ${text(eventsPerSecond)} events/s`,
    `${median(delays).toFixed(0)} ms`,
    "100 ms",
  );
  await untilEnded(bench, "emitting");
  const heaps = [await heapOf(page)];
  for (let part = 0; part < hour.parts; part++) {
    const inputs = { count: hour.eventsPerPart, perSecond: hour.perSecond };
    await post("api/runs", { pipeline: "emitting", runId: `hour-${part}`, inputs });
    await page.evaluate((id) => void (location.hash = `#/run/${id}/graph/ticks`), `hour-${part}`);
    await untilEnded(bench, `hour-${part}`);
    await wait(1_000);
    heaps.push(await heapOf(page));
  }
  await page.close();
  say(
    `heap of the page before and after each ${text(hour.eventsPerPart)} events`,
    heaps.map((size) => `${size.toFixed(1)} MB`).join(", "),
    "flat",
  );
};

/**
 * The processor time of runs on the server relative to the same runs without it, round by round. A run costs something
 * however small it is, and so does the request that starts it: the small run of each round has both, and is subtracted.
 */
const overhead = async (bench: Bench): Promise<void> => {
  const { ask, post } = bench;
  const measure = async (run: () => Promise<unknown>): Promise<number> => {
    // Garbage of another run is not collected at this one's cost.
    await ask("gc");
    const began = await cpuOf(bench);
    await run();
    return (await cpuOf(bench)) - began;
  };
  const served = (pipeline: string, runId: string, inputs: object): Promise<number> =>
    measure(async () => {
      await post("api/runs", { pipeline, runId, inputs });
      await untilEnded(bench, runId);
    });
  const rounds: Array<Readonly<Record<"ratio" | "start", number>>> = [];
  for (let i = 0; i < 25; i++) {
    const plain = await measure(() => ask("run", `plain-${i}`));
    const plainSmall = await measure(() => ask("small", String(i)));
    const small = await served("small", `request-${i}`, { n: i });
    const large = await served("large", `served-${i}`, {});
    rounds.push({ ratio: (large - small) / (plain - plainSmall), start: small - plainSmall });
  }
  say(
    `what the server adds to the ${text(pipelines.steps)} steps of a run, with no page open`,
    `${(100 * (median(rounds.map(({ ratio }) => ratio)) - 1)).toFixed(1)} %`,
    "5 %",
  );
  say(
    "processor time of the request that starts a run",
    `${median(rounds.map(({ start }) => start)).toFixed(1)} ms`,
    "none",
  );
};

const parts = { paints, graph, events, overhead };
const wanted = process.argv.slice(2);

const folder = mkdtempSync(join(tmpdir(), "espalier-bench-"));
const file = join(folder, "runs.db");
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu"],
});
const server = fork(new URL("server.ts", import.meta.url), [file, token], {
  execArgv: [...process.execArgv, "--expose-gc"],
});
const [{ url }] = (await once(server, "message")) as [{ readonly url: string }];
const bench: Bench = {
  browser,
  file,
  url,
  ask: async (asks, id = "") => {
    server.send({ asks, id });
    const [{ answer }] = (await once(server, "message")) as [{ readonly answer: unknown }];
    return answer;
  },
  post: async (path, body) => {
    const response = await fetch(new URL(path, url), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(await response.text());
  },
};
for (const [name, part] of Object.entries(parts))
  if (wanted.length === 0 || wanted.includes(name)) await part(bench);
server.kill();
await browser.close();
rmSync(folder, { recursive: true, force: true });
console.table(rows.map(([what, measured, target]) => ({ what, measured, target })));
process.exit(0);
