/**
 * A client of `espalier serve` for browsers and servers, typed by the served module without loading it.
 *
 * @packageDocumentation
 */
import type { InputsOf, OutputsOf } from "../../types/types-of.ts";
import type { Client, ClientOptions, ClientRun, ClientEvent } from "./types.ts";

export type {
  AnyClientEvent,
  Client,
  ClientEvent,
  ClientInputs,
  ClientOptions,
  ClientParameters,
  ClientPath,
  ClientPipelines,
  ClientRecord,
  ClientRun,
  ClientStart,
  ClientSteps,
  ClientValue,
  ClientWaitingStep,
  JsonArray,
  JsonInput,
  JsonOf,
  JsonRecord,
  NoSuchStep,
  SentEvent,
  SentOutputs,
  StreamReset,
} from "./types.ts";
export type { InputsOf, OutputsOf };

/**
 * The error of a failed request: the server refused it, or did not respond.
 *
 * @public
 */
export class ClientError extends Error {
  /** The HTTP status of the response; 0 if the server did not respond. */
  readonly status: number;
  /** The error's code, which the reference explains; empty if it has none. */
  readonly code: string;
  /** The id of the request, taken from the response. */
  readonly requestId: string;
  /** The name of the class. */
  override readonly name = "ClientError";

  /** Made by the client. */
  constructor(message: string, status: number, code: string, requestId: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

const failureOf = async (response: Response): Promise<ClientError> => {
  const problem = (await response.json().catch(() => ({}))) as {
    readonly detail?: string;
    readonly code?: string;
  };
  const { status } = response;
  const said = problem.detail ?? `The server answered with status ${status}.`;
  return new ClientError(said, status, problem.code ?? "", response.headers.get("x-request-id") ?? "");
};

const again = (millis: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, millis);
    signal?.addEventListener("abort", done);
  });

/** The maximum number of consecutive retries of a broken stream. */
const mostTries = 20;

/** The server, or a proxy in front of it, cannot answer for the moment, such as while it is restarted. */
const isPassing = (status: number): boolean => status >= 502 && status <= 504;

const isEnd = (type: string): boolean => /^run\.(succeeded|failed|interrupted)$/.test(type);

/**
 * Creates a client of the server at `url`. The type parameter is the type of the served module.
 *
 * @example
 * ```ts
 * import { client } from "espalier/client";
 * import { pipeline, type } from "espalier";
 *
 * // In a program of its own, without loading them: client<typeof import("./pipelines.ts")>(…)
 * const pipelines = {
 *   bill: pipeline("bill")
 *     .input("prices", type<ReadonlyArray<number>>())
 *     .step("total", ["prices"], ({ prices }) => prices.reduce((a, b) => a + b, 0)),
 * };
 *
 * const server = client<typeof pipelines>({ url: "http://127.0.0.1:4100", token: "of the server" });
 * const totalOf = async (prices: ReadonlyArray<number>): Promise<number> =>
 *   (await server.run("bill", { prices })).total;
 * ```
 *
 * @public
 */
export const client = <Module>({ url, token, fetch: ask = fetch }: ClientOptions): Client<Module> => {
  const base = new URL("api/", url.endsWith("/") ? url : `${url}/`);
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    if (init.body !== undefined) headers.set("content-type", "application/json");
    const response = await ask(new URL(path, base), { ...init, headers }).catch((cause: unknown) => {
      throw init.signal?.aborted === true
        ? init.signal.reason
        : new ClientError(`The server at ${url} does not answer.`, 0, "", "", cause);
    });
    if (!response.ok) throw await failureOf(response);
    return response;
  };
  const get = async (path: string): Promise<any> => (await request(path)).json();
  const post = async (path: string, body: unknown = {}): Promise<any> =>
    (await request(path, { method: "POST", body: JSON.stringify(body) })).json();
  const ofRun = (runId: string): string => `runs/${encodeURIComponent(runId)}`;

  /** The events of one response; each has its data on one line. */
  async function* eventsIn(
    body: ReadableStream<Uint8Array>,
  ): AsyncGenerator<{ readonly id: string; readonly event: ClientEvent }> {
    const reader = body
      .pipeThrough(new TextDecoderStream() as never)
      .getReader() as ReadableStreamDefaultReader<string>;
    let rest = "";
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop()!;
        for (const block of blocks) {
          const lines = block.split("\n");
          const fields = (name: string) =>
            lines.flatMap((line) => (line.startsWith(name) ? [line.slice(name.length).trim()] : []));
          const data = fields("data:").join("\n");
          if (data !== "") yield { id: fields("id:").join(""), event: JSON.parse(data) as ClientEvent };
        }
      }
    } finally {
      await reader.cancel().catch(() => {});
    }
  }

  async function* events(runId: string, signal?: AbortSignal): AsyncGenerator<ClientEvent> {
    let last = "";
    for (let tries = 0; ; tries++) {
      try {
        // After a disconnect, the stream continues after this event.
        const headers: HeadersInit = last === "" ? {} : { "last-event-id": last };
        const response = await request(`${ofRun(runId)}/events`, {
          headers,
          ...(signal === undefined ? {} : { signal }),
        });
        for await (const { id, event } of eventsIn(response.body!)) {
          last = id;
          tries = 0;
          yield event;
          if (isEnd(event.type)) return;
        }
      } catch (error) {
        if (signal?.aborted === true) throw signal.reason;
        const isRefused = error instanceof ClientError && error.status > 0 && !isPassing(error.status);
        if (isRefused || tries >= mostTries) throw error;
      }
      await again(Math.min(2_000, 100 * 2 ** tries), signal);
    }
  }

  const start = (
    pipeline: string,
    inputs: unknown = {},
    { runId }: { readonly runId?: string | undefined } = {},
  ) => post("runs", { pipeline, inputs, runId }) as Promise<ClientRun>;

  const run = async (
    pipeline: string,
    inputs?: unknown,
    options: { readonly runId?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
  ) => {
    const { id } = await start(pipeline, inputs, options);
    for await (const _ of events(id, options.signal));
    const record = await get(ofRun(id));
    if (record.outputs !== undefined) return record.outputs;
    throw new ClientError(
      record.error ?? record.outputsProblem ?? `Run "${id}" was ${record.status}.`,
      200,
      "",
      "",
    );
  };

  return {
    start,
    run,
    get: (runId: string) => get(ofRun(runId)),
    events: (runId: string, options: { readonly signal?: AbortSignal | undefined } = {}) =>
      events(runId, options.signal),
    signal: async (runId: string, path: string, value: unknown) =>
      (await post(`${ofRun(runId)}/signal`, { path, value })).delivery,
    cancel: (runId: string) => post(`${ofRun(runId)}/cancel`),
  } as unknown as Client<Module>;
};
