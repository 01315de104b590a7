/** `espalier graph`: draws a pipeline without running it, once or after each save. */

import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import { toListing } from "../../draw/listing.ts";
import { Plan } from "../../draw/text.ts";
import { failure } from "../failure.ts";
import { loadPipeline } from "../load.ts";
import { print } from "../output.ts";
import { exportName, file } from "../parameters.ts";
import { servePage, showPage, showText } from "../watch/reading-views.ts";
import { watchPlan } from "../watch/watch.ts";

/** Pictures need a library that is slow to load, and most commands do not draw one. */
const svg = async (plan: Plan): Promise<string> => (await import("../../draw/svg.ts")).toSvg(plan);

const html = async (plan: Plan): Promise<string> => (await import("../../draw/page/html.ts")).toHtml(plan);

type Write = (plan: Plan, columns: number | undefined) => string | Promise<string>;

const writers = {
  mermaid: Plan.toMermaid,
  dot: Plan.toDot,
  json: Plan.toJson,
  text: toListing,
  svg,
  html,
} as const satisfies Record<string, Write>;

const format = Flag.Literals("format", ["mermaid", "dot", "json", "text", "svg", "html"]).pipe(
  Flag.withDescription(
    "Mermaid for Markdown, DOT for Graphviz, the plan as JSON, text for a terminal, an SVG picture, or an interactive HTML page. The default is Mermaid, and with --watch text and the page",
  ),
  Flag.optional,
);

const watch = Flag.Boolean("watch").pipe(
  Flag.withAlias("w"),
  Flag.withDescription(
    "Draw again whenever the file, or one that it imports, is saved, and serve a page on this machine that reloads; with --format, only that format",
  ),
  Flag.withDefault(false),
);

const port = Flag.Int("port").pipe(
  Flag.withMetavar("N"),
  Flag.filter(
    (port) => port >= 0 && port <= 65_535,
    (port) => `Expected a port from 0 to 65535; got ${port}`,
  ),
  Flag.withDescription("The port that the page is served on; by default any free port"),
  Flag.optional,
);

export const graph = Command.make(
  "graph",
  { file, format, exportName, watch, port },
  Effect.fnUntraced(function* ({ file, format, exportName, watch, port }) {
    const asked = Option.getOrUndefined(format);
    const isServed = watch && (asked === undefined || asked === "html");
    if (Option.isSome(port) && !isServed) {
      return yield* failure("--port needs a served page: add --watch, alone or with --format html.");
    }
    if (watch) {
      const page = isServed
        ? yield* servePage(
            Option.getOrElse(port, () => 0),
            file,
          )
        : undefined;
      const show =
        page !== undefined && asked === "html" ? showPage(page) : showText(writers[asked ?? "text"], page);
      return yield* watchPlan(file, exportName, yield* show);
    }
    const pipeline = yield* loadPipeline(file, exportName);
    const write: Write = writers[asked ?? "mermaid"];
    const text = yield* Effect.promise(async () => write(pipeline.plan(), process.stdout.columns));
    return yield* print(text);
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Print the graph of a pipeline, as text for other tools or as a picture. Runs nothing. With --watch, again after each save.",
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
      command: "espalier graph training.ts --watch",
      description: "On the terminal and in a browser, again after each save",
    },
    {
      command: "espalier graph training.ts --format dot | dot -Tsvg > training.svg",
      description: "A picture, by Graphviz",
    },
    { command: "espalier graph training.ts --format json", description: "Steps and edges, for programs" },
  ]),
);
