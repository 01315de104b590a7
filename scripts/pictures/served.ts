/** The page of a server as a real browser shows it, after some interaction. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schema from "effect/Schema";
import type { Browser, Page } from "playwright-core";
import { pipeline, schedule, step, Store } from "espalier";
import { serve } from "../../src/serve/serve.ts";
import { servedOf } from "../../src/serve/served.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";

const work = <Value>(value: Value, millis: number): Promise<Value> =>
  new Promise((done) => setTimeout(() => done(value), millis));

const training = pipeline("training")
  .input(
    "config",
    Schema.Struct({
      species: Schema.Literals(["Adelie", "Chinstrap", "Gentoo"]),
      learningRates: Schema.Array(Schema.Finite),
      folds: Schema.Int,
      shuffle: Schema.Boolean,
    }),
  )
  .step("rows", ["config"], ({ config }, context) => {
    context.log("reading", config.species);
    return work(
      Array.from({ length: config.folds }, (_, i) => i),
      40,
    );
  })
  .map("scores", "rows", [], (row) => work(0.9 - row / 100, 30 + 15 * row))
  .dynamic("bestModel", ["config"], ({ config }) =>
    pipeline("search")
      .addAll(
        config.learningRates.map((rate) =>
          step(`model_${rate}`, [], () => work({ rate, error: rate / 4 }, 60)),
        ),
      )
      .step("bestModel", ["model_*"], (found) => Object.values(found["model_*"])[0]),
  )
  .await("approval", Schema.Struct({ by: Schema.String, comment: Schema.optionalKey(Schema.String) }), {
    after: ["bestModel", "scores"],
    ask: ({ bestModel }) => ({ question: "Publish this model?", model: bestModel }),
  })
  .step("published", ["bestModel", "approval"], ({ approval }) => `Published by ${approval.by}`)
  .returns("published");

/** Its stack refers to a user's file, wherever the pictures are made. */
const refusal = (): Error => {
  const cause = new RangeError("quota exceeded by 12 MB");
  cause.stack = `RangeError: ${cause.message}\n    at deliver (file:///home/ada/report/mail.ts:31:11)`;
  const error = new Error("The mail server refused the message", { cause });
  error.stack = `Error: ${error.message}\n    at sent (file:///home/ada/report/pipelines.ts:18:13)`;
  return error;
};

const report = pipeline("report")
  .input("day", Schema.String)
  .step("rows", ["day"], ({ day }) => work([`${day} a`, `${day} b`], 25))
  .step("sent", ["rows"], ({ rows }): Promise<number> => {
    if (rows[0]!.startsWith("2026-05-03")) throw refusal();
    return work(rows.length, 15);
  });

const nightly = schedule("nightly", {
  cron: "0 3 * * *",
  timeZone: "Europe/Berlin",
  pipeline: report,
  inputs: (tick) => ({ day: tick.toISOString().slice(0, 10) }),
});

const token = "the-token-of-the-pictures";

interface Photograph {
  readonly name: string;
  readonly place: string;
  readonly colours?: "light" | "dark";
  readonly width?: number;
  readonly height: number;
  readonly act?: (page: Page) => Promise<void>;
}

const answering = (page: Page): Promise<void> =>
  page.getByRole("form", { name: "Answer approval" }).getByLabel("by").fill("Ada");

const wanted: ReadonlyArray<Photograph> = [
  { name: "server-runs", place: "", height: 420 },
  { name: "server-runs-dark", place: "", colours: "dark", height: 420 },
  { name: "server-run", place: "run/training-12/graph", height: 880, act: answering },
  { name: "server-run-dark", place: "run/training-12/time/bestModel", colours: "dark", height: 820 },
  { name: "server-start", place: "start/training-12", height: 520 },
  { name: "server-failed", place: "run/report-may-3/graph", colours: "dark", height: 620 },
  { name: "server-schedules", place: "schedules", height: 360 },
  { name: "server-narrow", place: "run/training-12/steps", width: 390, height: 844 },
];

const started = async (url: string): Promise<void> => {
  const start = (name: string, runId: string, inputs: object): Promise<Response> =>
    fetch(new URL("api/runs", url), {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ pipeline: name, runId, inputs }),
    });
  for (const day of [1, 2, 3, 4]) await start("report", `report-may-${day}`, { day: `2026-05-0${day}` });
  const config = { species: "Gentoo", learningRates: [0.1, 0.01, 0.001], folds: 6, shuffle: true };
  await start("training", "training-12", { config });
  for (;;) {
    const waiting = (await (await fetch(new URL("api/waiting", url))).json()) as ReadonlyArray<unknown>;
    if (waiting.length > 0) return;
    await work(undefined, 50);
  }
};

const taken = async (
  browser: Browser,
  url: string,
  { place, colours = "light", width = 1200, height, act }: Photograph,
): Promise<Uint8Array> => {
  const context = await browser.newContext({
    colorScheme: colours,
    viewport: { width, height },
    locale: "en-GB",
    timezoneId: "UTC",
  });
  const page = await context.newPage();
  await page.goto(`${url}#/${place}`);
  await page.waitForFunction(() => performance.getEntriesByName("ready").length > 0);
  await page
    .locator(place.startsWith("run/") ? "header .chip" : "main h1")
    .first()
    .waitFor();
  // Lists arrive with their first response. A run's events never end, so its page is never idle.
  await page.waitForLoadState("networkidle", { timeout: 1_500 }).catch(() => {});
  await page.locator("form, table tbody tr, section").first().waitFor();
  if (place === "run/training-12/graph" || place.endsWith("steps"))
    await page.getByRole("form", { name: "Answer approval" }).waitFor();
  await act?.(page);
  await page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  );
  const image = await page.screenshot();
  await context.close();
  return image;
};

/** Each image, with its path. */
export async function* servedPhotographs(
  browser: Browser,
): AsyncGenerator<readonly [path: string, image: Uint8Array]> {
  const served = servedOf([{ file: "pipelines.ts", exports: { training, report, nightly } }]);
  if (typeof served === "string") throw new Error(served);
  const ended = new AbortController();
  const serving = Effect.gen(function* () {
    const store = Context.get(yield* Layer.build(new MemoryStore("pictures").layer), Store);
    const server = yield* serve({ store, served, port: 0, host: undefined, token, say: () => {} });
    // A waiting run would keep this process alive.
    yield* Effect.addFinalizer(() => server.drain(0));
    return server;
  });
  let opened: (url: string) => void = () => {};
  const address = new Promise<string>((done) => (opened = done));
  const running = Effect.runPromise(
    Effect.scoped(
      Effect.andThen(
        Effect.tap(serving, ({ url }) => Effect.sync(() => opened(url))),
        Effect.never,
      ),
    ),
    { signal: ended.signal },
  ).catch(() => {});
  const url = await address;
  await started(url);
  for (const photograph of wanted)
    yield [`docs/pictures/${photograph.name}.png`, await taken(browser, url, photograph)];
  ended.abort();
  await running;
}
