/** `espalier runner FILE…`: a process that executes the runs of a store, alongside any number of others. */
import { createServer } from "node:http";
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import type * as Scope from "effect/Scope";
import { visible } from "../../draw/escape.ts";
import type { CliFailure } from "../failure.ts";
import { failure } from "../failure.ts";
import { ownStandardOutput, tell } from "../output.ts";
import { file } from "../parameters.ts";
import { drain, drainMillis, inShort, loaded } from "../served-files.ts";
import { storeFlags, storeForServer } from "../store.ts";

const portFlag = (name: string, description: string) =>
  Flag.Int(name).pipe(
    Flag.withMetavar("N"),
    Flag.filter(
      (value) => value >= 0 && value <= 65_535,
      (value) => `Expected a port from 0 to 65535; got ${value}`,
    ),
    Flag.withDescription(description),
    Flag.optional,
    Flag.map(Option.getOrUndefined),
  );

const port = portFlag(
  "port",
  "The port that answers GET /health, for an orchestrator: 200 while runs are taken, and 503 while the runner stops",
);

const host = Flag.String("host").pipe(
  Flag.withMetavar("ADDRESS"),
  Flag.withDescription(
    'The address of this machine at which other runners reach this one, to have it run steps with where: "worker"; by default 127.0.0.1, which only runners of this machine reach',
  ),
  Flag.optional,
  Flag.map(Option.getOrUndefined),
);

const stepPort = portFlag("step-port", "The port for that; by default any free one");

/** Serves a health check that reports whether the runner takes runs. Returns the port. */
const answerHealth = (
  port: number,
  isDraining: () => boolean,
): Effect.Effect<number, CliFailure, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<import("node:http").Server, CliFailure>((resume) => {
        const server = createServer((request, response) => {
          const isKnown = request.url === "/health";
          const status = !isKnown ? 404 : isDraining() ? 503 : 200;
          response.writeHead(status, { "content-type": "text/plain", connection: "close" });
          response.end(`${!isKnown ? "not found" : isDraining() ? "stopping" : "ok"}\n`);
        });
        server.once("error", ({ message }) => resume(Effect.fail(failure(`--port ${port}: ${message}`))));
        server.listen(port, () => resume(Effect.succeed(server)));
      }),
      (server) => Effect.sync(() => server.close()),
    ),
    (server) => (server.address() as import("node:net").AddressInfo).port,
  );

export const runner = Command.make(
  "runner",
  { files: file.pipe(Argument.atLeast(1)), port, host, stepPort, drain, store: storeFlags },
  Effect.fnUntraced(function* ({ files, port, host, stepPort, drain, store }) {
    yield* ownStandardOutput;
    const served = yield* loaded(files);
    const { hostProcess } = yield* Effect.promise(() => import("../../serve/host-process.ts"));
    const { shareSteps } = yield* Effect.promise(() => import("../../cluster/sharing.ts"));
    const open = yield* storeForServer(store);
    const say = (line: string): void => tell(visible(line));
    const sharing = yield* Effect.mapError(
      shareSteps({ store: open, served, say, host, port: stepPort }),
      ({ message }) => failure(message),
    );
    const runs = hostProcess({ store: open, served, say, isVerbose: true, sharing });
    if (port !== undefined) {
      const bound = yield* answerHealth(port, runs.host.isDraining);
      tell(`Health: http://127.0.0.1:${bound}/health`);
    }
    yield* runs.start;
    tell(visible(`Taking runs of ${inShort(served)} from ${open.name}. Ctrl-C stops.`));
    yield* Effect.onInterrupt(Effect.never, () =>
      Effect.suspend(() => {
        tell(
          `Stopping: nothing more starts; running steps have ${drain} s, and other runners continue the runs. Press Ctrl-C again to end the process immediately.`,
        );
        return runs.drain(drainMillis(drain));
      }),
    );
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Execute the runs of a store: submitted runs, runs whose process is gone, and runs of schedules. Any number of runners on any number of machines can share a store; one of them executes each run.",
  ),
  Command.withShortDescription("Execute submitted runs"),
  Command.withExamples([
    {
      command: "espalier runner pipelines.ts --database postgres://localhost/app",
      description: "Execute runs that are submitted to a database",
    },
    {
      command: "espalier runner pipelines.ts --store runs.db --port 8080",
      description: "On one machine over a file, with a port for health checks",
    },
  ]),
);
