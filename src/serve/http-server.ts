/**
 * The HTTP server on Node: passes requests that the guard accepts to the routes, and adds the headers that keep a browser
 * from misusing the responses. It knows nothing about what the routes do.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline as pump } from "node:stream/promises";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import type * as Scope from "effect/Scope";
import { describe } from "../values/describe.ts";
import { answerHeaders } from "./answer-headers.ts";
import type { Refusal, Rules } from "./guard.ts";
import { refusalOf } from "./guard.ts";

export interface Page {
  readonly html: string;
  /** Its content security policy. */
  readonly policy: string;
}

export interface Served {
  readonly answer: (request: Request) => Promise<Response>;
  readonly page: Page;
}

/** The server cannot listen, in one sentence. */
export class ListenFailed extends Data.TaggedError("ListenFailed")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason;
  }
}

const mostBody = 8 * 1024 * 1024;
const mostConnections = 1_000;
/** A client that sends its body more slowly than this does not want a response. */
const bodyMillis = 30_000;

const titles: Readonly<Record<number, string>> = {
  400: "The request cannot be read",
  401: "The request needs a token",
  403: "The request is refused",
  404: "Not found",
  405: "The request is refused",
  413: "The request is too large",
  500: "The server failed",
};

const refuse = (
  { method }: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  { status, said }: { readonly status: number; readonly said: string },
): void => {
  const title = titles[status] ?? "The request is refused";
  const body = `${JSON.stringify({ type: "about:blank", title, status, detail: said, requestId })}\n`;
  response.writeHead(status, {
    ...answerHeaders,
    "Content-Type": "application/problem+json",
    "Content-Length": Buffer.byteLength(body),
    "X-Request-Id": requestId,
    ...(status === 405 ? { Allow: "GET, HEAD" } : {}),
    ...(status === 401 ? { "WWW-Authenticate": "Bearer" } : {}),
    // The rest of the request is not read.
    Connection: "close",
  });
  response.end(method === "HEAD" ? undefined : body);
};

/** A body that is too large or too slow. */
class Unread extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.said);
    this.refusal = refusal;
  }
}

const bodyOf = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const parts: Array<Buffer> = [];
    let size = 0;
    const timer = setTimeout(
      () => reject(new Unread({ status: 400, said: "The body of the request did not come in time." })),
      bodyMillis,
    );
    request.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= mostBody) return void parts.push(part);
      request.pause();
      reject(
        new Unread({
          status: 413,
          said: `The body of the request is larger than ${mostBody / 1024 / 1024} MiB.`,
        }),
      );
    });
    request.once("end", () => resolve(Buffer.concat(parts)));
    request.once("error", reject);
    request.once("close", () => clearTimeout(timer));
  });

const requestOf = async (request: IncomingMessage, port: number, signal: AbortSignal): Promise<Request> => {
  const { method = "GET", url = "/" } = request;
  const given = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) given.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const hasBody = method !== "GET" && method !== "HEAD";
  const body = hasBody ? await bodyOf(request) : undefined;
  // A request whose body would be an empty record can omit it.
  if (hasBody && body!.length === 0) given.set("content-type", "application/json");
  const text = hasBody && body!.length === 0 ? "{}" : body;
  return new Request(new URL(url, `http://127.0.0.1:${port}`), {
    method,
    headers: given,
    signal,
    ...(text === undefined ? {} : { body: text as string }),
  });
};

/** Is the response already a problem of this API? The router's own errors are not. */
const isOwnAnswer = ({ status, headers }: Response): boolean =>
  status < 400 || headers.get("content-type")?.startsWith("application/problem+json") === true;

const defaultSaid: Readonly<Record<number, string>> = {
  400: "The request does not match the definition of this path: see /api/openapi.json.",
  404: "Nothing is served at this path: see /api/openapi.json.",
  405: "This path does not support this method: see /api/openapi.json.",
  413: "The body of the request is too large.",
};

const respond = async (answer: Response, response: ServerResponse, requestId: string): Promise<void> => {
  response.writeHead(answer.status, {
    ...answerHeaders,
    ...Object.fromEntries(answer.headers),
    "X-Request-Id": requestId,
  });
  if (answer.body === null) return void response.end();
  // Node and proxies must send events at once.
  response.flushHeaders();
  await pump(Readable.fromWeb(answer.body as never), response);
};

const sendPage = ({ method }: IncomingMessage, response: ServerResponse, { html, policy }: Page): void => {
  response.writeHead(200, {
    ...answerHeaders,
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": Buffer.byteLength(html),
    "Content-Security-Policy": policy,
  });
  response.end(method === "HEAD" ? undefined : html);
};

const handle = async (
  request: IncomingMessage,
  response: ServerResponse,
  rules: Rules,
  served: Served,
): Promise<void> => {
  const requestId = randomUUID();
  const refusal = refusalOf(request, rules);
  if (refusal !== undefined) return refuse(request, response, requestId, refusal);
  const path = request.url?.split(/[?#]/)[0];
  if (path === "/") return sendPage(request, response, served.page);
  if (!path!.startsWith("/api/"))
    return refuse(request, response, requestId, { status: 404, said: defaultSaid[404]! });
  const abort = new AbortController();
  response.once("close", () => abort.abort());
  try {
    const answer = await served.answer(await requestOf(request, rules.port, abort.signal));
    if (isOwnAnswer(answer)) return await respond(answer, response, requestId);
    const said =
      defaultSaid[answer.status] ?? "The server failed to handle this request. This is a bug in the server.";
    await answer.body?.cancel();
    refuse(request, response, requestId, { status: answer.status, said });
  } catch (error) {
    if (response.headersSent || response.destroyed) return void response.destroy();
    const { status, said } =
      error instanceof Unread
        ? error.refusal
        : error instanceof TypeError
          ? { status: 400, said: "The request cannot be read." }
          : { status: 500, said: "The server failed to handle this request. This is a bug in the server." };
    refuse(request, response, requestId, { status, said });
  }
};

export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly isLocal: boolean;
}

/** Serves until the scope closes, on any free port if `port` is 0. Returns the port. */
export const serveHttp = (
  { host, port, token, isLocal }: Listening,
  served: Served,
): Effect.Effect<number, ListenFailed, Scope.Scope> => {
  const server = createServer({ requestTimeout: bodyMillis, headersTimeout: 10_000 }, (request, response) => {
    const address = server.address() as AddressInfo | null;
    void handle(request, response, { port: address?.port ?? 0, token, isLocal }, served).catch(() =>
      response.destroy(),
    );
  });
  server.maxConnections = mostConnections;
  const listening = Effect.callback<number, ListenFailed>((resume) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "it is in use" : describe(error);
      const reason = `Nothing can be served on port ${port}: ${why}. --port N takes another.`;
      resume(Effect.fail(new ListenFailed({ reason })));
    });
    server.listen(port, host, () => resume(Effect.succeed((server.address() as AddressInfo).port)));
  });
  return Effect.acquireRelease(listening, () =>
    Effect.callback<void>((closed) => {
      server.close(() => closed(Effect.void));
      server.closeAllConnections();
    }),
  );
};
