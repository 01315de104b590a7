/**
 * The runs that are shown. Each is simulated: the engine and the values are real, and the time is virtual, so every
 * picture comes out the same on any machine at any time.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import type { PipelineEvent, Plan } from "espalier";
import { pipeline, Signal, step } from "espalier";
import { Simulation } from "espalier/testing";
import { startModel } from "../../docs/examples/agent/model-server.ts";
import { agent } from "../../docs/examples/agent/pipeline.ts";
import { Settings } from "../../docs/examples/penguins/data.ts";
import { penguins } from "../../docs/examples/penguins/pipeline.ts";
import { warehouse } from "../../docs/examples/sql/pipeline.ts";
import { world } from "../../docs/examples/tiles/pipeline.ts";

export interface Shown {
  /** The plan before the run. */
  readonly before: Plan;
  readonly after: Plan;
  readonly events: ReadonlyArray<PipelineEvent>;
}

const root = join(import.meta.dirname, "../..");
const began = Date.UTC(2026, 10, 23, 9, 30);

type Simulates = Parameters<typeof Simulation.run>[0];

type Subject = Simulates & { readonly name: string; plan(): Plan };

/** A real run, which grows as it would anywhere. */
type Started = Effect.Effect<
  {
    readonly plan: Plan;
    readonly await: Effect.Effect<unknown, unknown>;
    readonly events: Stream.Stream<PipelineEvent>;
  },
  unknown
>;

/** Runs a pipeline twice: once for real, to learn how it grows, and once simulated, with the duration of each of its steps. */
const shown = async (
  subject: Subject,
  input: object,
  started: Started,
  millis: (path: string) => number,
  concurrency: number,
): Promise<Shown> => {
  const { plan, paths } = await Effect.runPromise(
    Effect.gen(function* () {
      const run = yield* started;
      yield* Effect.exit(run.await);
      const events = yield* Stream.runCollect(run.events);
      return {
        plan: run.plan,
        paths: new Set(events.flatMap((event) => ("path" in event ? event.path : []))),
      };
    }),
  );
  const { events, stuck } = await Simulation.run(subject, input as never, {
    run: { concurrency },
    // Real milliseconds for work that takes no time in the simulated runs: reading a file.
    patience: 8_000,
    faults: [...paths]
      .filter((path) => millis(path) > 0)
      .flatMap((path) =>
        [1, 2].map((attempt) => ({ path, attempt, kind: "delay" as const, millis: millis(path) })),
      ),
  });
  if (stuck !== undefined) throw new Error(`${subject.name}: ${stuck}`);
  return {
    before: subject.plan(),
    after: plan,
    events: events.map((event) => ({ ...event, runId: subject.name, time: began + event.time })),
  };
};

/** A number between 0 and 1 for a text, always the same (FNV-1a with a final mix). */
const luckOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
};

const penguinMillis = (path: string): number => {
  const [, value = "1"] = /(\d+)$/.exec(path) ?? [];
  const luck = 0.7 + luckOf(path) * 0.6;
  if (path.includes("with depth")) return (180 + 70 * Number(value)) * luck;
  if (path.includes("with trees")) return (300 + 130 * Number(value)) * luck;
  if (path.includes("with neighbours")) return 900 * luck;
  if (path === "entries[logistic regression]/best") return 3_900;
  if (path.includes("/feature ")) return 260 * luck;
  if (path === "penguins") return 0;
  if (path.endsWith("/entries")) return 340 * luck;
  return 60 * luck;
};

const penguinsRun = (): Promise<Shown> => {
  const text = readFileSync(join(root, "docs/examples/penguins/settings.json"), "utf8");
  const settings = Schema.decodeUnknownSync(Settings)(JSON.parse(text));
  return shown(
    penguins,
    { settings },
    penguins.start({ settings }),
    (path) => Math.round(penguinMillis(path)),
    6,
  );
};

/** The tiles of the world down to the second level, as the expanded plan of a real run: nothing in it takes time. */
const tilesPlan = async (): Promise<Plan> => {
  const run = await world.startPromise({ limits: { points: 40_000, zoom: 2 } });
  await run.result;
  return run.plan;
};

/** The SQL models, as the expanded plan of a real run. */
const modelsPlan = async (): Promise<Plan> => {
  const run = await warehouse.startPromise({ folder: join(root, "docs/examples/sql") });
  await run.result;
  return run.plan;
};

/** The agent, as the expanded plan of a real run: two turns with tools, one of which waits, and the answer. */
const agentPlan = async (): Promise<Plan> => {
  const server = await startModel();
  try {
    const question = "Where is it warmer, in Lisbon or in Oslo?";
    const run = await agent.startPromise({ question, url: server.url });
    for await (const event of run.events) {
      if (event.type === "step.waiting") await Signal.sendPromise(run.id, event.path, { isApproved: true });
    }
    await run.result;
    return run.plan;
  } finally {
    server.close();
  }
};

class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly station: string;
  readonly status: number;
  constructor(station: string, status: number, options: ErrorOptions) {
    super(`${station} answered ${status}`, options);
    this.station = station;
    this.status = status;
    // The picture is the same wherever it is taken.
    this.stack = `NoAnswer: ${this.message}\n    at fetched (file:///home/ada/weather/days.ts:31:13)`;
  }
}

const socketClosed = (): TypeError =>
  Object.assign(new TypeError("the socket was closed"), {
    stack: "TypeError: the socket was closed\n    at read (file:///home/ada/weather/stations.ts:12:9)",
  });

const stations = ["Bergen", "Lyon", "Porto", "Turin", "Ghent", "Malmö"];

const weather = pipeline("weather")
  .step("stations", [], () => stations)
  .map(
    "days",
    "stations",
    [],
    (station) =>
      pipeline("one station")
        .step(
          "fetched",
          [],
          (_, { attempt, log }) => {
            if (station === "Turin") {
              throw new NoAnswer(station, 503, { cause: socketClosed() });
            }
            if (station === "Porto" && attempt === 1) throw new NoAnswer(station, 429, {});
            log("24 hours of", station);
            return Array.from({ length: 24 }, (_, hour) => Math.round(luckOf(station + hour) * 200) / 10);
          },
          { retry: { times: 1, delay: 300 } },
        )
        .step("days", ["fetched"], ({ fetched }) => ({
          station,
          low: Math.min(...fetched),
          high: Math.max(...fetched),
        })),
    { key: (station) => station },
  )
  .step("warmest", ["days"], ({ days }) => days.reduce((best, day) => (day.high > best.high ? day : best)))
  .step("page", ["days", "warmest"], ({ days }) => `${days.length} stations`);

const weatherRun = (): Promise<Shown> =>
  shown(
    weather,
    {},
    weather.start({}),
    (path) => (path.endsWith("fetched") ? 400 + Math.round(luckOf(path) * 900) : 30),
    3,
  );

const crawlOf = (pages: number) =>
  pipeline("crawl")
    .step("sitemap", [], () => Array.from({ length: pages }, (_, i) => `page ${i}`))
    .map(
      "pages",
      "sitemap",
      [],
      (page) =>
        pipeline("page")
          .step("html", [], () => `<h1>${page}</h1>`)
          .step("links", ["html"], ({ html }) => [html.length])
          .step("words", ["html"], ({ html }) => html.split(" "))
          .step("pages", ["links", "words"], ({ links, words }) => ({
            links: links.length,
            words: words.length,
          })),
      { concurrency: 12 },
    )
    .dynamic("index", ["pages"], ({ pages }) =>
      pipeline("by letter")
        .addAll(
          Array.from({ length: 26 }, (_, i) =>
            step(
              `letter ${String.fromCharCode(97 + i)}`,
              [],
              () => pages.filter(({ words }) => words > i).length,
            ),
          ),
        )
        .step("index", ["letter *"], (letters) => Object.keys(letters["letter *"]).length),
    )
    .step("report", ["index", "pages"], ({ index, pages }) => ({ index, pages: pages.length }));

const crawlRun = (pages: number): Promise<Shown> => {
  const crawl = crawlOf(pages);
  return shown(
    crawl,
    {},
    crawl.start({}),
    (path) =>
      Math.round((path.endsWith("html") ? 300 : path.includes("letter") ? 120 : 25) * (0.4 + luckOf(path))),
    12,
  );
};

export interface ShownRuns {
  /** From the penguins file to a leaderboard. */
  readonly penguins: Shown;
  /** One station never answers, despite every retry. */
  readonly weather: Shown;
  /** A thousand steps, of which only some can still be drawn. */
  readonly crawl: Shown;
  readonly smallCrawl: Shown;
  /** A tile pyramid that is deep where the coastlines are. */
  readonly tiles: Plan;
  /** A graph that SQL files describe. */
  readonly models: Plan;
  /** An agent that calls tools, one of which waits for an approval. */
  readonly agent: Plan;
}

export const shownRuns = async (): Promise<ShownRuns> => ({
  penguins: await penguinsRun(),
  weather: await weatherRun(),
  crawl: await crawlRun(240),
  smallCrawl: await crawlRun(32),
  tiles: await tilesPlan(),
  models: await modelsPlan(),
  agent: await agentPlan(),
});
