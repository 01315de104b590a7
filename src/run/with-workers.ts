/** The workers of a run: those from its options, created for it and released when it has ended, or the provided ones. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Layer from "effect/Layer";
import * as Scope from "effect/Scope";
import type { RunOptions } from "../../types/options.ts";
import type { Middleware } from "../engine/executor.ts";
import type { Graph } from "../engine/graph.ts";
import type { WorkersService } from "../workers/workers.ts";
import { Workers } from "../workers/workers.ts";

type Running = Effect.Effect<Record<string, unknown>, unknown>;

/** The module that sends steps to workers is loaded with the first run that has workers. */
const sendingTo = (
  graph: Graph,
  workers: WorkersService,
  epoch: number | undefined,
  use: (workers: Middleware) => Running,
): Running =>
  Effect.flatMap(
    Effect.promise(() => import("../workers/sending.ts")),
    ({ sending }) => use(sending(graph, workers, epoch)),
  );

/** Runs a graph with its workers, if it has any; `epoch`: which claim of a recorded run this is. */
export const withWorkers = (
  graph: Graph,
  { workers: layer }: RunOptions,
  around: Context.Context<never>,
  epoch: number | undefined,
  use: (workers: Middleware | undefined) => Running,
): Running => {
  if (layer === undefined) {
    const given = Context.getOrUndefined(around, Workers);
    return given === undefined ? use(undefined) : sendingTo(graph, given, epoch, use);
  }
  return Effect.acquireUseRelease(
    Effect.sync(() => Scope.makeUnsafe()),
    (scope) =>
      Effect.flatMap(Layer.buildWithScope(layer, scope), (services) =>
        sendingTo(graph, Context.get(services, Workers), epoch, use),
      ),
    (scope) => Scope.close(scope, Exit.void),
  );
};
