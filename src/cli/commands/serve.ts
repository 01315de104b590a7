/** `espalier serve FILE…`: a page and an HTTP API for pipelines and schedules, and the process that executes their runs. */
import * as Argument from "effect/cli/Argument";
import * as Command from "effect/cli/Command";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Queue from "effect/Queue";
import { visible } from "../../draw/escape.ts";
import { failure } from "../failure.ts";
import { ownStandardOutput, print, tell } from "../output.ts";
import { file } from "../parameters.ts";
import { drain, drainMillis, inShort, loaded } from "../served-files.ts";
import { storeFlags, storeForServer } from "../store.ts";
import { watchChanges } from "../watch/changes.ts";
import { generations } from "../watch/generations.ts";

/** The default port. */
const usualPort = 4100;

const port = Flag.Int("port").pipe(
  Flag.withMetavar("N"),
  Flag.filter(
    (value) => value >= 0 && value <= 65_535,
    (value) => `Expected a port from 0 to 65535; got ${value}`,
  ),
  Flag.withDescription(`The port of the page and the API, by default ${usualPort}; 0 for any free port`),
  Flag.withDefault(usualPort),
);

const host = Flag.String("host").pipe(
  Flag.withMetavar("ADDRESS"),
  Flag.withDescription(
    "The address to listen on, such as 0.0.0.0; by default this machine only. Needs --token",
  ),
  Flag.optional,
  Flag.map(Option.getOrUndefined),
);

const token = Flag.String("token").pipe(
  Flag.withMetavar("TOKEN"),
  Flag.withDescription(
    "The token that requests with side effects must carry; by default a new one, which is printed",
  ),
  Flag.optional,
  Flag.map(Option.getOrUndefined),
);

const watch = Flag.Boolean("watch").pipe(
  Flag.withDescription(
    "Reload the files when one of them is saved; active runs continue with their original code",
  ),
  Flag.withDefault(false),
);

/** The minimum length of a token: shorter ones can be guessed. */
const leastToken = 16;

export const serveCommand = Command.make(
  "serve",
  {
    files: file.pipe(Argument.atLeast(1)),
    port,
    host,
    token,
    watch,
    drain,
    store: storeFlags,
  },
  Effect.fnUntraced(function* ({ files, port, host, token, watch, drain, store }) {
    if (token !== undefined && token.length < leastToken)
      return yield* failure(`--token must have at least ${leastToken} characters; got ${token.length}.`);
    if (token !== undefined && !/^[\w.~+/=-]+$/.test(token))
      return yield* failure("--token can contain only letters, digits and . _ ~ + / = -");
    if (host !== undefined && token === undefined)
      return yield* failure(`--host needs --token: otherwise anyone who can reach ${host} could start runs.`);
    yield* ownStandardOutput;
    const saves = yield* Queue.sliding<true>(1);
    const changes = yield* Effect.acquireRelease(
      Effect.sync(() => watchChanges(() => void Queue.offerUnsafe(saves, true))),
      ({ close }) => Effect.sync(close),
    );
    const started = Date.now();
    const anew = watch ? generations((file) => changes.add(file, started)) : undefined;
    const served = yield* loaded(files);
    const { serve } = yield* Effect.promise(() => import("../../serve/serve.ts"));
    const open = yield* storeForServer(store);
    const say = (line: string): void => tell(visible(line));
    const server = yield* Effect.mapError(
      serve({ store: open, served, port, host, token, say }),
      ({ reason }) => failure(reason),
    );
    yield* print(`${server.url}\n`);
    tell(`Serving ${inShort(served)}. Ctrl-C stops.`);
    if (token === undefined) tell(`Clients that start or change runs need this token: ${server.token}`);
    const reload = Effect.gen(function* () {
      anew!.next();
      const next = yield* loaded(files);
      server.replace(next);
      tell(`Reloaded: ${inShort(next)}.`);
    }).pipe(
      Effect.catch(({ message }) =>
        Effect.sync(() => tell(visible(`${message} The previous version is still served.`))),
      ),
    );
    const reloading =
      anew === undefined ? Effect.never : Effect.forever(Effect.andThen(Queue.take(saves), reload));
    yield* Effect.onInterrupt(reloading, () =>
      Effect.suspend(() => {
        tell(
          `Stopping: nothing more starts; running steps have ${drain} s. Press Ctrl-C again to end the process immediately.`,
        );
        return server.drain(drainMillis(drain));
      }),
    );
  }, Effect.scoped),
).pipe(
  Command.withDescription(
    "Serve a web page and an HTTP API for the pipelines and schedules that files export: see runs live, start, cancel, resume and answer them. Executes their runs, fires schedules and resumes runs whose process is gone.",
  ),
  Command.withShortDescription("Serve a page and an API"),
  Command.withExamples([
    { command: "espalier serve pipelines.ts", description: "Serve the pipelines of a file on this machine" },
    {
      command: "espalier serve jobs.ts reports.ts --store runs.db --watch",
      description: "Several files, reloaded when they are saved",
    },
  ]),
);
