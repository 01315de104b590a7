/** A runner, as a layer: a process that executes the runs of a store alongside any number of other runners. */
import { hostname } from "node:os";
import * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { Typed } from "../../types/provided.ts";
import type { StoreCorrupt, StoreError } from "../errors.ts";
import { RunnerFailed } from "../errors.ts";
import { Store } from "../journal/store.ts";
import { hostProcess } from "../serve/host-process.ts";
import type { Served } from "../serve/served.ts";
import { servedOf } from "../serve/served.ts";
import { describe } from "../values/describe.ts";
import type { ClusterDatabase } from "./database.ts";
import { storeOf } from "./database.ts";
import { shareSteps } from "./sharing.ts";

/**
 * What a runner executes, and how it meets the other runners.
 *
 * @public
 */
export interface RunnerOptions extends ClusterDatabase {
  /** The module that exports the pipelines and schedules, and as `layer` the services that their steps need. */
  readonly module?: URL | string;
  /** The pipelines, if they are not exported by a module. */
  readonly pipelines?: ReadonlyArray<Typed<any, any, any, any>>;
  /** Provides the services that the steps need, instead of the module's `layer`. */
  readonly services?: Layer.Layer<any, any, never>;
  /**
   * The address of this machine at which other runners connect to this one, so that it can run steps with `where: "worker"`. Default:
   * `"127.0.0.1"`, which only runners on the same machine can reach. `"0.0.0.0"` listens on all addresses of the machine, and announces
   * its host name.
   */
  readonly host?: string;
  /** The port to listen on. Default: any free port. */
  readonly port?: number;
  /** How long running steps may take to end when the layer's scope closes; 30 seconds by default. */
  readonly drain?: Duration.Input;
}

const loaded = async ({ module, pipelines = [], services }: RunnerOptions): Promise<Served> => {
  const file = String(module);
  const exports = module === undefined ? {} : ((await import(file)) as { readonly layer?: unknown });
  const layer = services ?? exports.layer;
  const served = servedOf([
    { file, exports: { ...exports, layer } },
    ...pipelines.map((given) => ({ file: "the list of pipelines", exports: { default: given, layer } })),
  ]);
  if (typeof served === "string") throw new RunnerFailed({ reason: served });
  if (served.pipelines.size > 0 || served.schedules.size > 0) return served;
  const reason =
    module === undefined
      ? "it was given no pipelines. Give it { module } or { pipelines: [training] }."
      : `"${file}" exports no pipeline and no schedule. Export one, for example: export const report = pipeline("report").`;
  throw new RunnerFailed({ reason });
};

const servedBy = (options: RunnerOptions): Effect.Effect<Served, RunnerFailed> =>
  Effect.tryPromise({
    try: () => loaded(options),
    catch: (error) =>
      error instanceof RunnerFailed
        ? error
        : new RunnerFailed({
            reason: `its module "${String(options.module)}" cannot be loaded: ${describe(error)}`,
          }),
  });

/** Executes runs until the scope closes; then it starts nothing more, and releases the runs that have not ended. */
export const runner = (
  options: RunnerOptions,
): Layer.Layer<never, RunnerFailed | StoreError | StoreCorrupt> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const served = yield* servedBy(options);
      const context = yield* Effect.context<never>();
      const name = `${hostname()}:${process.pid}`;
      const say = (line: string): void => {
        Effect.runForkWith(context)(Effect.annotateLogs(Effect.logInfo(line), { "espalier.runner": name }));
      };
      const store = Context.get(yield* Layer.build(storeOf(options)), Store);
      const { host, port } = options;
      const sharing = yield* shareSteps({ store, served, say, host, port });
      const runs = hostProcess({ store, served, say, isVerbose: true, sharing });
      yield* runs.start;
      yield* runs.announced;
      const drain = Duration.toMillis(Duration.fromInputUnsafe(options.drain ?? "30 seconds"));
      yield* Effect.addFinalizer(() => runs.drain(drain));
    }),
  );
