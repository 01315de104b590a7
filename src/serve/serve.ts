/**
 * A server of pipelines: executes their runs, fires schedules, resumes what crashed, and answers requests. Comes in: a
 * store, what is served, and where to listen. Goes out: its address; it serves until its scope closes.
 */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServer from "effect/http/HttpServer";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import type { StoreService } from "../journal/store.ts";
import { routesOf } from "./handlers.ts";
import { Host } from "./host.ts";
import type { ListenFailed } from "./http-server.ts";
import { serveHttp } from "./http-server.ts";
import { appPage } from "./page/app-page.ts";
import { Schedules } from "./schedules.ts";
import type { Served } from "./served.ts";
import { Taking } from "./taking.ts";

export interface ServeOptions {
  readonly store: StoreService;
  readonly served: Served;
  readonly port: number;
  /** Undefined: this machine only. */
  readonly host: string | undefined;
  /** Undefined: a new one. */
  readonly token: string | undefined;
  readonly say: (line: string) => void;
}

export interface Server {
  readonly url: string;
  readonly token: string;
  /** Serves something else from now on: runs under way go on as they are. */
  readonly replace: (served: Served) => void;
  /** Starts nothing more, waits for running steps at most so long, and leaves the rest to be resumed. */
  readonly drain: (millis: number) => Effect.Effect<void>;
}

export const serve = ({
  store,
  served,
  port,
  host: address,
  token = randomBytes(24).toString("base64url"),
  say,
}: ServeOptions): Effect.Effect<Server, ListenFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const host = new Host(store, served, say);
    const { handler, dispose } = HttpRouter.toWebHandler(
      Layer.provide(routesOf(host), HttpServer.layerServices) as never,
      { disableLogger: true },
    );
    yield* Effect.addFinalizer(() => Effect.promise(dispose));
    const isLocal = address === undefined;
    const bound = yield* serveHttp(
      { host: address ?? "127.0.0.1", port, token, isLocal },
      {
        answer: (request) =>
          (handler as (request: Request, context: Context.Context<never>) => Promise<Response>)(
            request,
            Context.empty(),
          ),
        page: appPage(isLocal ? token : undefined),
      },
    );
    const schedules = new Schedules(host);
    yield* Effect.addFinalizer(() => Effect.sync(() => schedules.keep([])));
    schedules.keep(served.schedules.values());
    const taking = new Taking(host, { machine: hostname(), pid: process.pid, isVerbose: false });
    yield* Effect.forkScoped(taking.forever);
    return {
      url: `http://${address ?? "127.0.0.1"}:${bound}/`,
      token,
      replace: (next) => {
        host.served = next;
        schedules.keep(next.schedules.values());
      },
      drain: (millis) => {
        schedules.keep([]);
        return host.drain(millis);
      },
    };
  });
