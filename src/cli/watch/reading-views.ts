/** The views of `espalier graph --watch` for each reading: on the terminal, in a pipe, or on a page. */
import * as Effect from "effect/Effect";
import * as Queue from "effect/Queue";
import type * as Scope from "effect/Scope";
import type { Plan } from "../../../types/plan.ts";
import { visible } from "../../draw/escape.ts";
import { canChange } from "../../progress/open.ts";
import type { CliFailure } from "../failure.ts";
import { print, tell } from "../output.ts";
import type { Reading } from "./reading.ts";

export type Show = (reading: Reading) => Effect.Effect<void, CliFailure>;

/** Writes the graph in some format, for a terminal of this many columns. */
type Write = (plan: Plan, columns: number | undefined) => string | Promise<string>;

const now = (): string => new Date().toTimeString().slice(0, 8);

/** The messages of the command that read the file; characters that move a cursor are spelled out. */
const lines = ({ said }: Reading): ReadonlyArray<string> =>
  said.trim() === "" ? [] : said.trimEnd().split("\n").map(visible);

const status = ({ plan, files }: Reading): string =>
  `${now()} ${plan === undefined ? "waiting for a change in" : "drawn; watching"} ${files.size === 1 ? "1 file" : `${files.size} files`}`;

/** A page that shows each reading to everyone who opens it. */
export interface ShownPage {
  readonly url: string;
  readonly show: (reading: Reading) => void;
}

/** Clears the visible screen and draws in one write, so that nothing flickers. */
const redrawn = (text: string): string => `\u001b[?2026h\u001b[H\u001b[2J${text}\u001b[?2026l`;

/** The graph, replacing the previous one, and below it any error. Redrawn when the width of the terminal changes. */
const onScreen = (write: Write, page: ShownPage | undefined): Effect.Effect<Show, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { stdout } = process;
    let last: Plan | undefined;
    let picture: Effect.Effect<void, CliFailure> = Effect.void;
    const resizes = yield* Queue.sliding<true>(1);
    const resized = (): void => void Queue.offerUnsafe(resizes, true);
    yield* Effect.acquireRelease(
      Effect.sync(() => stdout.on("resize", resized)),
      () => Effect.sync(() => stdout.off("resize", resized)),
    );
    yield* Effect.forkScoped(
      Effect.forever(
        Effect.andThen(
          Queue.take(resizes),
          Effect.suspend(() => picture),
        ),
      ),
    );
    return (reading) => {
      const plan = reading.plan ?? last;
      last = plan;
      page?.show(reading);
      const place = page === undefined ? [] : [page.url];
      const under = [...lines(reading), ...place, `${status(reading)}; Ctrl-C ends`].join("\n");
      picture = Effect.gen(function* () {
        const graph =
          plan === undefined ? "" : yield* Effect.promise(async () => write(plan, stdout.columns));
        yield* print(redrawn(`${graph}${graph === "" ? "" : "\n"}${under}\n`));
      });
      return picture;
    };
  });

/** The graph, printed whenever it changes, for pipes and logs. If there is none, the reason goes to standard error. */
const inLines = (write: Write, page: ShownPage | undefined): Effect.Effect<Show, CliFailure> =>
  Effect.gen(function* () {
    if (page !== undefined) yield* print(`${page.url}\n`);
    let last = "";
    return (reading) =>
      Effect.gen(function* () {
        const { plan } = reading;
        page?.show(reading);
        lines(reading).forEach(tell);
        if (plan === undefined) return tell(status(reading));
        const text = yield* Effect.promise(async () => write(plan, undefined));
        if (text !== last) yield* print(last === "" ? text : `\n${text}`);
        last = text;
      });
  });

/** Writes the graph to standard output, and the address of the page if there is one. */
export const showText = (
  write: Write,
  page: ShownPage | undefined,
): Effect.Effect<Show, CliFailure, Scope.Scope> =>
  canChange(process.stdout, process.env) ? onScreen(write, page) : inLines(write, page);

/** Serves the graph as a page. */
export const servePage = (port: number, name: string): Effect.Effect<ShownPage, CliFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const { servePages } = yield* Effect.promise(() => import("./serve.ts"));
    // Until there is a graph, the page shows the reason instead.
    const server = yield* servePages({ name, inputs: [], steps: [], returns: [] }, port);
    return {
      url: server.url,
      show: (reading) => {
        if (reading.plan === undefined) server.tell(lines(reading).join("\n"));
        else server.show(reading.plan);
      },
    };
  });

/** Only the page. Its address goes to standard output; events go to standard error. */
export const showPage = (page: ShownPage): Effect.Effect<Show, CliFailure> =>
  Effect.as(print(`${page.url}\n`), (reading) =>
    Effect.sync(() => {
      page.show(reading);
      lines(reading).forEach(tell);
      tell(status(reading));
    }),
  );
