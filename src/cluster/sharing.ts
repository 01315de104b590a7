/**
 * Shares steps with other runners: listens for their tasks and performs them with its own functions and services,
 * and has the steps of its own runs performed by the runner with the lowest load. Only steps of pipelines that its own module
 * exports can be requested; code is never sent.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { hostname } from "node:os";
import * as Cause from "effect/Cause";
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import type * as Scope from "effect/Scope";
import { CurrentMetricAttributes } from "effect/Metric";
import { CurrentLogAnnotations } from "effect/References";
import { RunnerFailed } from "../errors.ts";
import type { StoreService } from "../journal/store.ts";
import type { Sharing } from "../serve/host-process.ts";
import type { RunnerInfo } from "../serve/runner-info.ts";
import { shapesOf } from "../serve/runner-info.ts";
import type { Served, ServedPipeline } from "../serve/served.ts";
import { pipelinesByName } from "../serve/served.ts";
import { describe } from "../values/describe.ts";
import { Performer } from "../workers/performing.ts";
import type { Answer, Said, Task } from "../workers/task.ts";
import { textWire } from "../workers/wire.ts";
import type { WorkersService } from "../workers/workers.ts";
import { Workers } from "../workers/workers.ts";
import { Connection } from "./connection.ts";
import { Placing } from "./placing.ts";
import { TaskServer } from "./task-server.ts";
import { listen } from "./transport.ts";

export interface SharingOptions {
  readonly store: StoreService;
  readonly served: Served;
  readonly say: (line: string) => void;
  /** The address at which other runners reach this one; loopback by default. */
  readonly host?: string | undefined;
  /** The port; any free one by default. */
  readonly port?: number | undefined;
}

/** How long to wait for the last answers to arrive. */
const farewellMillis = 2_000;

/** Performs the tasks of others: with the services of a file, on its threads if it has any. */
interface Equipped {
  readonly performer: Performer;
  readonly threads: WorkersService | undefined;
}

/** The services of each file, created with the first task that needs them, and kept. */
class Equipment {
  readonly #served: Served;
  readonly #clock: Clock.Clock;
  readonly #scope: Scope.Scope;
  readonly #made = new Map<ServedPipeline["layer"], Promise<Equipped>>();
  /** The number of steps that the threads can compute at once; 0 if there are none. */
  threads = 0;

  constructor(served: Served, clock: Clock.Clock, scope: Scope.Scope) {
    this.#served = served;
    this.#clock = clock;
    this.#scope = scope;
  }

  perform(task: Task, tell: (said: Said) => void): Effect.Effect<Answer> {
    const layer = pipelinesByName(this.#served).get(task.pipeline)?.layer;
    const equipped = Effect.tryPromise({ try: () => this.#equipped(layer), catch: describe });
    return Effect.matchEffect(equipped, {
      onSuccess: ({ performer, threads }) => {
        if (threads !== undefined) return threads.perform(task, tell, Effect.never) as Effect.Effect<Answer>;
        tell({ type: "began" });
        return performer.perform(task, tell);
      },
      onFailure: (reason): Effect.Effect<Answer> =>
        Effect.succeed({ type: "refused", reason: `its layer cannot be built: ${reason}` }),
    });
  }

  #equipped(layer: ServedPipeline["layer"]): Promise<Equipped> {
    let equipped = this.#made.get(layer);
    if (equipped === undefined) {
      equipped = this.#make(layer);
      this.#made.set(layer, equipped);
      equipped.catch(() => this.#made.delete(layer));
    }
    return equipped;
  }

  async #make(layer: ServedPipeline["layer"]): Promise<Equipped> {
    const built = await Effect.runPromiseExit(
      layer === undefined
        ? Effect.succeed(Context.empty())
        : (Layer.buildWithScope(layer, this.#scope) as Effect.Effect<Context.Context<never>, unknown>),
    );
    if (Exit.isFailure(built)) throw Cause.squash(built.cause);
    const threads = Context.getOrUndefined(built.value, Workers);
    this.threads = Math.max(this.threads, threads?.size ?? 0);
    const pipelines = new Map([...pipelinesByName(this.#served)].map(([name, { graph }]) => [name, graph]));
    const services = Context.add(built.value, Clock.Clock, this.#clock);
    const wires = { text: textWire, clone: textWire };
    return { performer: new Performer({ wires, name: "the runner", pipelines, services }), threads };
  }
}

/** Adds the runner and the epoch to the logs and metrics of a run. The epoch is known once the run is claimed. */
const marked = (
  context: Context.Context<never>,
  runner: string,
  epoch: () => number | undefined,
): Context.Context<never> => {
  const logged = {
    ...Context.get(context, CurrentLogAnnotations),
    "espalier.runner": runner,
    get "espalier.epoch"() {
      return epoch();
    },
  };
  const counted = {
    ...Context.get(context, CurrentMetricAttributes),
    runner,
    get epoch() {
      return String(epoch() ?? 0);
    },
  };
  return context.pipe(
    Context.add(CurrentLogAnnotations, logged),
    Context.add(CurrentMetricAttributes, counted),
  );
};

/** The address to announce to others for the address to listen on. */
const advertised = (host: string): string => (host === "0.0.0.0" || host === "::" ? hostname() : host);

/** Shares steps until the scope closes. */
export const shareSteps = (options: SharingOptions): Effect.Effect<Sharing, RunnerFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { store, served, say, host = "127.0.0.1", port = 0 } = options;
    const scope = yield* Effect.scope;
    const equipment = new Equipment(served, yield* Clock.Clock, scope);
    const server = new TaskServer({
      perform: (task, tell) => equipment.perform(task, tell),
      threads: () => equipment.threads,
    });
    const connections = new Set<Connection>();
    const id = randomUUID();
    const name = `${hostname()}:${process.pid}`;
    const key = randomBytes(32).toString("base64url");
    const shapes: RunnerInfo["pipelines"] = shapesOf(served);
    const placing = new Placing({ store, id, pipelines: () => shapes, say }, server);
    yield* Effect.addFinalizer(() => Effect.sync(() => placing.close()));
    const listening = listen({ host, port, key }, (reply) => {
      const connection = new Connection(server, () => Math.max(1, equipment.threads), reply);
      connections.add(connection);
      return {
        ordered: (text) => connection.ordered(text),
        closed: () => {
          connections.delete(connection);
          connection.closed();
        },
      };
    });
    const bound = yield* Effect.mapError(
      listening,
      (error) =>
        new RunnerFailed({
          reason: `it cannot listen for the steps of other runners at ${host}:${port}: ${describe(error.cause)} Give it another host or port.`,
        }),
    );
    return {
      address: { id, host: advertised(host), port: bound, key },
      around: (running, epoch) =>
        Effect.updateContext(running, (context: Context.Context<never>) =>
          Context.add(
            marked(context, name, epoch),
            Workers,
            placing.workers(Context.getOrUndefined(context, Workers)),
          ),
        ),
      drain: (millis) =>
        Effect.gen(function* () {
          for (const connection of connections) connection.stopping();
          yield* server.drain(millis);
          // The last answers must arrive: closing a connection earlier would lose them.
          for (const connection of connections) connection.stopped();
          const until = performance.now() + farewellMillis;
          while (connections.size > 0 && performance.now() < until) yield* Effect.sleep(10);
        }),
    };
  });
