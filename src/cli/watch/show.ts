/** What `espalier graph --watch` shows of each reading: on the terminal, in a pipe, or on a page. */
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { Plan } from "../../../types/plan.ts";
import { visible } from "../../draw/escape.ts";
import type { CliFailure } from "../failure.ts";
import { print, tell } from "../output.ts";
import type { Reading } from "./reading.ts";

export type Show = (reading: Reading) => Effect.Effect<void, CliFailure>;

const now = (): string => new Date().toTimeString().slice(0, 8);

/** What the command that read the file said, as lines; what moves a cursor is spelled out. */
const lines = (said: string): ReadonlyArray<string> => said.trimEnd().split("\n").map(visible);

const watched = ({ files }: Reading): string => (files.size === 1 ? "1 file" : `${files.size} files`);

/** Clears what is in sight and draws in one write, so that nothing flickers. */
const redrawn = (text: string): string => `\u001b[?2026h\u001b[H\u001b[2J${text}\u001b[?2026l`;

/**
 * Writes the graph to standard output: on a terminal in place of the one before, elsewhere again where it is another.
 * Why there is none is told on standard error, and the last graph stays.
 */
export const showText = (write: (plan: Plan, columns: number | undefined) => Promise<string>): Show => {
  const { stdout } = process;
  let last = "";
  return (reading) =>
    Effect.gen(function* () {
      const { plan, said } = reading;
      if (said.trim() !== "") for (const line of lines(said)) tell(line);
      if (plan === undefined) return tell(`${now()} waiting for a change in ${watched(reading)}`);
      const text = yield* Effect.promise(() => write(plan, stdout.isTTY ? stdout.columns : undefined));
      if (stdout.isTTY) {
        yield* print(redrawn(`${text}\n${now()} watching ${watched(reading)}, Ctrl-C ends\n`));
        // What the file printed while it loaded has been cleared away with the picture before.
        if (said.trim() !== "") for (const line of lines(said)) tell(line);
      } else if (text !== last) yield* print(last === "" ? text : `\n${text}`);
      last = text;
    });
};

/** Serves the graph as a page. Its address goes to standard output; what happens, to standard error. */
export const showPage = (port: number, name: string): Effect.Effect<Show, CliFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const { servePages } = yield* Effect.promise(() => import("./serve.ts"));
    // Until there is a graph there is a page without one, which says why.
    const server = yield* servePages({ name, inputs: [], steps: [], returns: [] }, port);
    yield* print(`${server.url}\n`);
    return (reading) =>
      Effect.sync(() => {
        const { plan, said } = reading;
        if (said.trim() !== "") for (const line of lines(said)) tell(line);
        if (plan === undefined) server.tell(lines(said).join("\n"));
        else server.show(plan);
        const done = plan === undefined ? "waiting for a change in" : "drawn; watching";
        tell(`${now()} ${done} ${watched(reading)}`);
      });
  });
