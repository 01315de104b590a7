/**
 * Connects runners: batches of orders one way and of replies the other, by `effect/rpc` over a socket. Each
 * runner has a key, which it announces in the database: TLS encrypts the connection with that key and refuses clients without it,
 * so only those who can read the database can send steps.
 */
import { createHash } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { connect as connectTls } from "node:tls";
import * as NodeSocket from "@effect/platform-node-shared/NodeSocket";
import * as NodeSocketServer from "@effect/platform-node-shared/NodeSocketServer";
import * as Cause from "effect/Cause";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Queue from "effect/Queue";
import { UnhandledLogLevel } from "effect/References";
import * as Rpc from "effect/rpc/Rpc";
import * as RpcClient from "effect/rpc/RpcClient";
import * as RpcGroup from "effect/rpc/RpcGroup";
import * as RpcSerialization from "effect/rpc/RpcSerialization";
import * as RpcServer from "effect/rpc/RpcServer";
import * as Schema from "effect/Schema";
import * as Scope from "effect/Scope";
import * as Socket from "effect/socket/Socket";
import * as SocketServer from "effect/socket/SocketServer";
import * as Stream from "effect/Stream";
import { describe } from "../values/describe.ts";

/** The address at which a runner can be reached. */
export interface Address {
  readonly host: string;
  readonly port: number;
  /** A secret: see the module header. */
  readonly key: string;
}

/** The maximum length of a task or an answer, in characters; a batch is at most about a quarter of this long, or holds only one. */
export const mostLength = 64 * 1024 * 1024;
export const mostInBatch = 4 * 1024 * 1024;

/**
 * A runner whose event loop is blocked by a step answers no ping but is healthy: its process renews its lease meanwhile. So a ping only
 * detects that a runner whose lease is renewed cannot be reached.
 */
const pingEvery = "5 seconds";
const pingTimeout = "30 seconds";
const openTimeout = "5 seconds";

class Steps extends RpcGroup.make(
  Rpc.make("orders", { payload: { text: Schema.String } }),
  Rpc.make("replies", { success: Schema.String, stream: true }),
) {}

const serialization = RpcSerialization.layerSchemaBinary({ maxFrameSize: 4 * (mostLength + mostInBatch) });

/** A cipher that needs a shared key and no certificate, with a new secret for each connection. */
const tls = {
  ciphers: "ECDHE-PSK-CHACHA20-POLY1305",
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2",
} as const;
const pskOf = (key: string): Buffer => createHash("sha256").update(key).digest();
const identity = "espalier";

/** A connection that another runner has opened to this one. */
export interface Incoming {
  readonly ordered: (text: string) => void;
  readonly closed: () => void;
}

/** Accepts connections until the scope closes. Returns the port. `accept` receives the function that replies on a connection. */
export const listen = (
  { host, port, key }: Address,
  accept: (reply: (text: string) => void) => Incoming,
): Effect.Effect<number, SocketServer.SocketServerError, Scope.Scope> => {
  const incoming = new Map<number, Incoming>();
  const handlers = Steps.toLayer(
    Effect.succeed(
      Steps.of({
        replies: (_, { client }) =>
          Stream.callback<string>((queue) =>
            Effect.acquireRelease(
              Effect.sync(() => {
                incoming.set(
                  client.id,
                  accept((text) => void Queue.offerUnsafe(queue, text)),
                );
              }),
              () =>
                Effect.sync(() => {
                  incoming.get(client.id)?.closed();
                  incoming.delete(client.id);
                }),
            ),
          ),
        orders: ({ text }, { client }) => Effect.sync(() => incoming.get(client.id)?.ordered(text)),
      }),
    ),
  );
  const pskCallback = (_: unknown, name: string): Buffer | null => (name === identity ? pskOf(key) : null);
  const socket = NodeSocketServer.layerTls({ ...tls, host, port, pskCallback, pskIdentityHint: identity });
  const server = RpcServer.layer(Steps, { disableTracing: true, disableFatalDefects: true }).pipe(
    Layer.provide(handlers),
    Layer.provide(RpcServer.layerProtocolSocketServer),
    Layer.provide(serialization),
    Layer.provideMerge(socket),
  );
  // A client that is killed resets its connection, which is not an error here.
  const quiet = Effect.provideService(Layer.build(server), UnhandledLogLevel, undefined);
  return Effect.map(quiet, (built) => {
    const { address } = Context.get(built, SocketServer.SocketServer);
    return "port" in address ? Number(address.port) : port;
  });
};

const opened = ({ host, port, key }: Address): Effect.Effect<TLSSocket, Socket.SocketError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<TLSSocket, Socket.SocketError>((resume) => {
      const socket = connectTls({
        ...tls,
        host,
        port,
        pskCallback: () => ({ psk: pskOf(key), identity }),
        // The key identifies the runner that announced it: there is no name to check.
        checkServerIdentity: () => undefined,
      });
      socket.setNoDelay(true);
      socket.once("secureConnect", () => resume(Effect.succeed(socket)));
      socket.on("error", (cause) => {
        const reason = new Socket.SocketOpenError({ kind: "Unknown", cause });
        resume(Effect.fail(new Socket.SocketError({ reason })));
      });
      return Effect.sync(() => socket.destroy());
    }),
    (socket) => Effect.sync(() => socket.destroySoon()),
  );

const reasonOf = (error: unknown): string => {
  const { reason } = error as { readonly reason?: { readonly _tag?: string; readonly cause?: unknown } };
  switch (reason?._tag) {
    case "SocketCloseError":
      return "it closed the connection";
    case "SocketOpenError":
    case "SocketReadError":
      return describe(reason.cause);
    default:
      return describe(error);
  }
};

/** A connection to another runner. */
export interface Outgoing {
  readonly send: (text: string) => void;
}

/**
 * Opens a connection, which closes with the scope. `heard` receives the batches of replies, and `lost` is called with the reason
 * once the runner can no longer be reached.
 */
export const connect = (
  address: Address,
  heard: (text: string) => void,
  lost: (reason: string) => void,
): Effect.Effect<Outgoing, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope;
    const socket = Layer.effect(
      Socket.Socket,
      NodeSocket.fromDuplex(Effect.provideService(opened(address), Scope.Scope, scope), { openTimeout }),
    );
    const protocol = RpcClient.layerProtocolSocket({
      retryTransientErrors: false,
      pingInterval: pingEvery,
      pingTimeout,
    }).pipe(Layer.provide(socket), Layer.provide(serialization));
    const context = yield* Layer.build(protocol);
    const client = yield* Effect.provideContext(RpcClient.make(Steps, { disableTracing: true }), context);
    const replies = Stream.runForEach(client.replies(), (text) => Effect.sync(() => heard(text)));
    yield* Effect.forkScoped(
      Effect.flatMap(Effect.exit(replies), (exit) =>
        Effect.sync(() =>
          lost(Exit.isSuccess(exit) ? "it closed the connection" : reasonOf(Cause.squash(exit.cause))),
        ),
      ),
    );
    const send = (text: string): void => {
      // Connection errors are reported by the replies.
      Effect.runFork(Effect.ignoreCause(client.orders({ text }, { discard: true })));
    };
    return { send };
  });
