/**
 * The command `espalier`: its subcommands, each in a file of its own, and how all of them fail. A new subcommand is a
 * file in `commands` and a line in the list below.
 */
import { readFileSync } from "node:fs";

import * as Cause from "effect/Cause";
import * as CliConfig from "effect/cli/CliConfig";
import * as CliOutput from "effect/cli/CliOutput";
import * as Command from "effect/cli/Command";
import * as GlobalFlag from "effect/cli/GlobalFlag";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { visible } from "../draw/escape.ts";
import { describe } from "../values/describe.ts";
import { cancel } from "./commands/cancel.ts";
import { check } from "./commands/check.ts";
import { diff } from "./commands/diff.ts";
import { graph } from "./commands/graph.ts";
import { prune } from "./commands/prune.ts";
import { resume } from "./commands/resume.ts";
import { run } from "./commands/run.ts";
import { runner } from "./commands/runner.ts";
import { runs } from "./commands/runs.ts";
import { serveCommand } from "./commands/serve.ts";
import { show } from "./commands/show.ts";
import { signal } from "./commands/signal.ts";
import { waiting } from "./commands/waiting.ts";
import { why } from "./commands/why.ts";
import type { CliFailure } from "./failure.ts";
import { failure, tellable } from "./failure.ts";
import { nodeServices } from "./node-services.ts";
import { print, tell } from "./output.ts";
import { placeOf } from "./source-location.ts";

const espalier = Command.make("espalier").pipe(
  Command.withDescription(
    "Run, draw and check pipelines. FILE is a TypeScript or JavaScript module that exports one. Completions for your shell: espalier --completions bash (or zsh, fish, powershell).",
  ),
  Command.withExamples([
    { command: "espalier run training.ts --input 'rates=[0.1,0.01]'", description: "Run a pipeline" },
    { command: "espalier graph training.ts", description: "Print its graph" },
    { command: "espalier check training.ts", description: "Find mistakes without running it" },
    { command: "espalier run --help", description: "Show all options of a command" },
  ]),
  Command.withSubcommands([
    run,
    graph,
    check,
    runs,
    show,
    resume,
    waiting,
    signal,
    cancel,
    why,
    diff,
    prune,
    serveCommand,
    runner,
  ]),
);

const version = (): string => {
  const manifest = new URL(import.meta.resolve("espalier/package.json"));
  return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version;
};

/** For an invalid command line, prints sentences to standard error, not a page of help to standard output. */
const presenter: CliOutput.Presenter = {
  present: Effect.fnUntraced(function* (event) {
    const colors = process.stdout.isTTY && process.env["NO_COLOR"] === undefined;
    const formatter = CliOutput.defaultFormatter({ colors });
    if (event._tag === "Help") {
      yield* Effect.ignore(print(`${formatter.formatHelpDoc(event.helpDoc)}\n`));
    } else if (event._tag === "Version") {
      yield* Effect.ignore(print(`${event.version}\n`));
    } else {
      for (const error of event.errors) tell(visible(error.message.replace(/\s*\n\s*/g, " ")));
      tell(`See ${event.commandPath.join(" ")} --help.`);
    }
  }),
};

const services = Layer.mergeAll(
  nodeServices,
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
  CliOutput.layerPresenter(presenter),
);

/** Work that a file started without waiting for it can fail at any time: then the command stops and fails too. */
const strayFailure: Effect.Effect<never, CliFailure> = Effect.callback((resume) => {
  const fail = (what: string) => (error: unknown) =>
    resume(Effect.fail(failure(`${what}: ${describe(error)}${placeOf(error)}`)));
  process.on("uncaughtException", fail("An error was thrown outside any step"));
  process.on("unhandledRejection", fail("A Promise that was not awaited was rejected"));
});

const isTold = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp";

/** The whole command. Returns the exit code; SIGINT interrupts it. */
export const main: Effect.Effect<number> = Effect.raceFirst(
  Command.run(espalier, { version: version() }),
  strayFailure,
).pipe(
  Effect.provide(services),
  Effect.as(0),
  Effect.catchCause((cause) => {
    if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt;
    const error = Cause.squash(cause);
    if (!isTold(error)) tellable(cause).forEach(tell);
    return Effect.succeed(
      isTold(error) && (error as { readonly errors: ReadonlyArray<unknown> }).errors.length === 0 ? 0 : 1,
    );
  }),
);
