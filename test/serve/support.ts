/** A server in this process, on a store in memory, and functions that send requests to it. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import { Store } from "espalier";
import type { StoreLayer } from "espalier";
import { afterEach } from "vitest";
import { serve } from "../../src/serve/serve.ts";
import { servedOf } from "../../src/serve/served.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";

export const token = "a-token-of-the-tests";

const open: Array<() => Promise<void>> = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

export interface Serving {
  readonly url: string;
  readonly said: ReadonlyArray<string>;
  readonly drain: (millis: number) => Promise<void>;
  readonly close: () => Promise<void>;
  readonly replace: (exports: Readonly<Record<string, unknown>>) => void;
  readonly get: (path: string) => Promise<any>;
  readonly post: (
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Response>;
}

const served = (exports: Readonly<Record<string, unknown>>) => {
  const found = servedOf([{ file: "pipelines.ts", exports }]);
  if (typeof found === "string") throw new Error(found);
  return found;
};

/** Serves the given module exports until the test ends. */
export const serving = async (
  exports: Readonly<Record<string, unknown>>,
  layer: StoreLayer = new MemoryStore("tests").layer,
  { port = 0, token: own = token }: { readonly port?: number; readonly token?: string } = {},
): Promise<Serving> => {
  const scope = Scope.makeUnsafe();
  const said: Array<string> = [];
  const server = await Effect.runPromise(
    Effect.gen(function* () {
      const store = Context.get(yield* Layer.build(layer), Store);
      const say = (line: string): void => void said.push(line);
      return yield* serve({ store, served: served(exports), port, host: undefined, token: own, say });
    }).pipe(Effect.provideService(Scope.Scope, scope)),
  );
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void));
  open.push(close);
  return {
    url: server.url,
    said,
    drain: (millis) => Effect.runPromise(server.drain(millis)),
    close,
    replace: (next) => server.replace(served(next)),
    get: async (path) => (await fetch(new URL(path, server.url))).json(),
    post: (path, body = {}, headers = { authorization: `Bearer ${own}` }) =>
      fetch(new URL(path, server.url), {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
  };
};

/** Asks repeatedly until `isSo` accepts the result. */
export const until = async <Value>(
  ask: () => Promise<Value>,
  isSo: (value: Value) => boolean,
): Promise<Value> => {
  for (;;) {
    const value = await ask();
    if (isSo(value)) return value;
    await new Promise((done) => setTimeout(done, 10));
  }
};
