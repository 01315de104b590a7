/**
 * Cuts the world into tiles, prints a line for each zoom level, and writes the graph as it grew. An argument names the
 * folder to write to.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PipelineEvent } from "espalier";
import { Report } from "espalier/draw";
import { world } from "./pipeline.ts";

const folder = process.argv[2] ?? "temp/tiles";

const events: Array<PipelineEvent> = [];
const { tiles, levels } = await world.runPromise(
  { limits: { points: 4_000, zoom: 5 } },
  { onEvent: (event) => events.push(event) },
);

for (const { zoom, tiles: count, points, fullest } of levels) {
  console.log(
    `zoom ${zoom}: ${String(count).padStart(3)} tiles, ${String(points).padStart(6)} points; most in ${fullest.z}/${fullest.x}/${fullest.y}: ${fullest.points} points of ${fullest.countries.length} countries`,
  );
}
console.log(`${tiles.length} tiles`);
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "report.html"), Report.fromEvents(events));
console.log(`What happened: ${join(folder, "report.html")}`);
