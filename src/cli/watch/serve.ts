/**
 * A server on this machine, for this machine: one page, which reloads when its graph changes. It is bound to
 * 127.0.0.1, answers only its own pages and direct requests, and accepts no data.
 */
import { createHash } from "node:crypto";
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import type { Plan } from "../../../types/plan.ts";
import { toHtml } from "../../draw/page/html.ts";
import { policyOf } from "../../draw/page/shell.ts";
import { answerHeaders } from "../../serve/answer-headers.ts";
import { describe } from "../../values/describe.ts";
import type { CliFailure } from "../failure.ts";
import { failure } from "../failure.ts";
import { refusal } from "./guard.ts";
import { liveScript } from "./live.ts";

export interface PageServer {
  readonly url: string;
  /** Shows the plan on every open page, and on later ones. */
  readonly show: (plan: Plan) => void;
  /** Shows the reason why the last plan could not be replaced, above it. */
  readonly tell: (said: string) => void;
}

interface Page {
  readonly version: string;
  readonly html: string;
  readonly policy: string;
}

const pageOf = (plan: Plan): Page => {
  const version = createHash("sha256").update(JSON.stringify(plan)).digest("hex").slice(0, 16);
  const live = liveScript(version);
  return { version, html: toHtml(plan, live), policy: `${policyOf(live)}; frame-ancestors 'none'` };
};

const answer = (
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  more: OutgoingHttpHeaders,
  body: string,
): void => {
  response.writeHead(status, {
    ...answerHeaders,
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": Buffer.byteLength(body),
    ...more,
  });
  response.end(method === "HEAD" ? undefined : body);
};

const event = (type: string, data: string): string => `event: ${type}\ndata: ${data}\n\n`;

class Pages {
  readonly #listeners = new Set<ServerResponse>();
  #page: Page;
  /** The problem, as JSON text. */
  #broken: string | undefined;

  constructor(first: Plan) {
    this.#page = pageOf(first);
  }

  show(plan: Plan): void {
    this.#page = pageOf(plan);
    this.#broken = undefined;
    this.#send();
  }

  tell(said: string): void {
    this.#broken = JSON.stringify(said);
    this.#send();
  }

  get #news(): string {
    const plan = event("plan", this.#page.version);
    return this.#broken === undefined ? plan : plan + event("broken", this.#broken);
  }

  #send(): void {
    for (const listener of this.#listeners) listener.write(this.#news);
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split("?")[0];
    if (path === "/") {
      const { html, policy } = this.#page;
      const type = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy };
      return answer(request, response, 200, type, html);
    }
    if (path !== "/events") return answer(request, response, 404, {}, "Not found. The page is at /\n");
    response.writeHead(200, { ...answerHeaders, "Content-Type": "text/event-stream; charset=utf-8" });
    if (request.method === "HEAD") return void response.end();
    this.#listeners.add(response);
    response.once("close", () => this.#listeners.delete(response));
    // A page that loses the connection retries after half a second, and so finds a command that was restarted.
    response.write(`retry: 500\n\n${this.#news}`);
  }
}

/** A reader of a page never needs more requests at once. */
const mostConnections = 100;

/** Serves until the scope closes, on `port`, or on any free port if it is 0. Begins with a plan to show. */
export const servePages = (first: Plan, port: number): Effect.Effect<PageServer, CliFailure, Scope.Scope> => {
  const pages = new Pages(first);
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const refused = refusal(request, port);
    if (refused === undefined) return pages.answer(request, response);
    const allow = refused.status === 405 ? { Allow: "GET, HEAD" } : {};
    // The rest of the request is not read.
    answer(request, response, refused.status, { ...allow, Connection: "close" }, refused.said);
  });
  server.maxConnections = mostConnections;
  const listen = Effect.callback<PageServer, CliFailure>((resume) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "it is in use" : describe(error);
      resume(Effect.fail(failure(`Port ${port} cannot be used: ${why}. Choose another with --port N.`)));
    });
    server.listen(port, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resume(
        Effect.succeed({
          url: `http://127.0.0.1:${port}/`,
          show: (plan) => pages.show(plan),
          tell: (said) => pages.tell(said),
        }),
      );
    });
  });
  return Effect.acquireRelease(listen, () =>
    Effect.callback<void>((closed) => {
      server.close(() => closed(Effect.void));
      server.closeAllConnections();
    }),
  );
};
