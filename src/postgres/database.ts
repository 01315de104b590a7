/** The connections to a store's database: opened for a URL, or those of the user's client. */
import type { PgClient } from "@effect/sql-pg/PgClient";
import * as Pg from "@effect/sql-pg/PgClient";
import * as PgConnection from "@effect/sql-pg/PgConnection";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import * as Queue from "effect/Queue";
import * as Reactivity from "effect/reactivity/Reactivity";
import * as Redacted from "effect/Redacted";
import * as Scope from "effect/Scope";
import type { Target } from "./address.ts";
import { isPassing, problemOf } from "./problems.ts";

/** A value in a row: numbers that can exceed 32 bits are selected as `float8`, which is exact for all numbers in use. */
export type Row = Readonly<Record<string, any>>;

/** Parameters are text, which Postgres converts to the types of the statement; arrays of text are arrays. */
export type Parameter = string | null | Uint8Array | ReadonlyArray<string>;

/** A list of numbers as the text of an array. */
export const numbers = (values: ReadonlyArray<number>): string => `{${values.join(",")}}`;

/** The maximum number of connections in the pool of a URL. Two more receive notifications and renew the lease. */
const mostConnections = 4;
/** Postgres is considered gone if it does not answer for this long: a network can silently lose a connection. */
const answerMillis = 20_000;
/** How long a repeatable statement is retried while Postgres cannot be reached. */
const patienceMillis = 4_000;

export class Database {
  readonly client: PgClient;
  readonly name: string;
  readonly #scope: Scope.Closeable;
  #isOpen = true;

  private constructor(client: PgClient, name: string, scope: Scope.Closeable) {
    this.client = client;
    this.name = name;
    this.#scope = scope;
  }

  static async connect(target: Target, name: string): Promise<Database> {
    const scope = Scope.makeUnsafe();
    if ("client" in target) return new Database(target.client, name, scope);
    const made = Pg.make({
      url: Redacted.make(target.url),
      maxConnections: mostConnections,
      keepAlive: 5_000,
      applicationName: "espalier",
      // A row of large records can be several megabytes long.
      maxMessageSize: 64 * 1024 * 1024,
    });
    const client = await Effect.runPromise(
      made.pipe(Effect.provideService(Scope.Scope, scope), Effect.provide(Reactivity.layer)),
    );
    return new Database(client, name, scope);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Closes the connections, unless they belong to the user. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await Effect.runPromise(Scope.close(this.#scope, Exit.void));
  }

  /** Runs one statement. Throws Postgres's own errors. */
  query(
    text: string,
    parameters: ReadonlyArray<Parameter> = [],
    millis: number = answerMillis,
  ): Promise<ReadonlyArray<Row>> {
    const asked = this.client.unsafe<Row>(text, parameters).withoutTransform;
    return Effect.runPromise(Effect.timeout(asked, millis));
  }

  /** Runs several statements in one transaction. */
  transaction<Value>(work: (query: Database["query"]) => Promise<Value>): Promise<Value> {
    const { client } = this;
    const inside = Effect.flatMap(Effect.context<never>(), (context) =>
      Effect.tryPromise({
        try: () =>
          work((text, parameters) =>
            Effect.runPromiseWith(context)(client.unsafe<Row>(text, parameters).withoutTransform),
          ),
        catch: (error) => error,
      }),
    );
    return Effect.runPromise(client.withTransaction(inside));
  }

  /**
   * Retries while Postgres cannot be reached, for example while it restarts. Only for statements that can be run twice. Fails with a typed
   * error.
   */
  async patiently<Value>(ask: () => Promise<Value>): Promise<Value> {
    const until = performance.now() + patienceMillis;
    for (let attempt = 0; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        const problem = problemOf(this.name, error);
        if (!isPassing(problem) || performance.now() > until || !this.#isOpen) throw problem;
        await pause(Math.random() * Math.min(400, 20 * 2 ** attempt));
      }
    }
  }

  /**
   * Listens to a channel until the returned function is called. Each time it begins to listen, including after a lost connection,
   * it runs `first` in the session that listens, and then calls `onReady`.
   */
  listen(
    channel: string,
    first: string,
    onReady: () => void,
    onPayload: (payload: string) => void,
  ): () => Promise<void> {
    const hearing = Effect.scoped(
      Effect.gen({ self: this }, function* () {
        // Not from the client's pool, which may have only one connection.
        const connection = yield* PgConnection.make({ ...this.client.config, multiplex: false });
        yield* connection.query(first);
        const queue = yield* connection.listen(channel);
        onReady();
        for (;;) {
          const { payload } = yield* Queue.take(queue);
          onPayload(payload);
        }
      }),
    );
    const again = Effect.andThen(Effect.ignore(hearing), Effect.sleep(300));
    const fiber = Effect.runFork(Effect.forever(again));
    return () => Effect.runPromise(Fiber.interrupt(fiber));
  }
}

/** Uses real time, whatever clock the program runs on. */
export const pause = (millis: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, millis);
  });
