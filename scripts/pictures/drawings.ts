/** The pictures that are text, by their paths. They are the same on every machine. */
import { Plan, Report } from "espalier/draw";
import type { ShownRuns } from "./runs.ts";
import { terminalAt } from "./terminal.ts";

/** In the middle of the penguins run, when two models are done. */
const during = 3_000;

export const drawings = async ({
  penguins,
  weather,
  crawl,
  smallCrawl,
  tiles,
  models,
  agent,
}: ShownRuns): Promise<ReadonlyMap<string, string>> =>
  new Map([
    ["docs/pictures/terminal-during.svg", await terminalAt(penguins.events, 80, 24, during)],
    ["docs/pictures/terminal-wide.svg", await terminalAt(penguins.events, 200, 50, during)],
    ["docs/pictures/terminal-after.svg", await terminalAt(penguins.events, 80, 50)],
    ["docs/pictures/terminal-failed.svg", await terminalAt(weather.events, 80, 40)],
    ["docs/pictures/terminal-large.svg", await terminalAt(crawl.events, 80, 24, 4_000)],
    ["docs/pictures/penguins-before.svg", Plan.toSvg(penguins.before)],
    ["docs/pictures/penguins.svg", Plan.toSvg(penguins.after)],
    ["docs/pictures/large.svg", Plan.toSvg(smallCrawl.after)],
    ["docs/pictures/tiles.svg", Plan.toSvg(tiles)],
    ["docs/pictures/models.svg", Plan.toSvg(models)],
    ["docs/pictures/agent.svg", Plan.toSvg(agent)],
    ["docs/examples/penguins/report.html", Report.fromEvents(penguins.events)],
  ]);
