/** `espalier graph`: draws a pipeline without running it. */
import * as Effect from "effect/Effect";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import { Plan } from "../../draw/text.ts";
import { loadPipeline } from "../load.ts";
import { print } from "../output.ts";
import { exportName, file } from "../parameters.ts";

/** Pictures need a library that is slow to load, and most commands draw none. */
const svg = async (plan: Plan): Promise<string> => (await import("../../draw/svg.ts")).toSvg(plan);

const html = async (plan: Plan): Promise<string> => (await import("../../draw/page/html.ts")).toHtml(plan);

const writers = { mermaid: Plan.toMermaid, dot: Plan.toDot, json: Plan.toJson, svg, html } as const;

const format = Flag.Literals("format", ["mermaid", "dot", "json", "svg", "html"]).pipe(
  Flag.withDescription(
    "Mermaid for Markdown, DOT for Graphviz, the plan as JSON, an SVG picture, or an HTML page to look around in",
  ),
  Flag.withDefault("mermaid" as const),
);

export const graph = Command.make(
  "graph",
  { file, format, exportName },
  Effect.fnUntraced(function* ({ file, format, exportName }) {
    const pipeline = yield* loadPipeline(file, exportName);
    const text = yield* Effect.promise(async () => writers[format](pipeline.plan()));
    yield* print(text);
  }),
).pipe(
  Command.withDescription(
    "Print the graph of a pipeline: as text that other tools draw, or as a picture. Runs nothing.",
  ),
  Command.withShortDescription("Print the graph of a pipeline"),
  Command.withExamples([
    {
      command: "espalier graph training.ts",
      description: "A Mermaid flowchart, which GitHub draws in Markdown",
    },
    { command: "espalier graph training.ts --format svg > training.svg", description: "A picture" },
    {
      command: "espalier graph training.ts --format html > training.html",
      description: "A page: zoom, search, fold, click",
    },
    {
      command: "espalier graph training.ts --format dot | dot -Tsvg > training.svg",
      description: "A picture, by Graphviz",
    },
    { command: "espalier graph training.ts --format json", description: "Steps and edges, for programs" },
  ]),
);
