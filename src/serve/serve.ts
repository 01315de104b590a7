/**
 * A server of pipelines: executes their runs, fires schedules, resumes crashed runs, and answers requests. Input: a
 * store, the pipelines and schedules, and where to listen. Output: its address. It serves until its scope closes.
 */
import { randomBytes } from "node:crypto";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as HttpRouter from "effect/http/HttpRouter";
import * as HttpServer from "effect/http/HttpServer";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import type { StoreService } from "../journal/store.ts";
import { routesOf } from "./handlers.ts";
import type { HostProcess } from "./host-process.ts";
import { hostProcess } from "./host-process.ts";
import type { ListenFailed } from "./http-server.ts";
import { serveHttp } from "./http-server.ts";
import { appPage } from "./page/app-page.ts";
import type { Served } from "./served.ts";

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

export interface Server extends Pick<HostProcess, "replace" | "drain"> {
  readonly url: string;
  readonly token: string;
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
    const { host, start, replace, drain } = hostProcess({ store, served, say, isVerbose: false });
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
    yield* start;
    return { url: `http://${address ?? "127.0.0.1"}:${bound}/`, token, replace, drain };
  });
