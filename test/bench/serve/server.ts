/** The server of the benchmark, in a separate process, so that the browser driver takes no time from it. */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Store } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { serve } from "../../../src/serve/serve.ts";
import { servedOf } from "../../../src/serve/served.ts";
import * as pipelines from "./pipelines.ts";

const [, , filename = "", token = ""] = process.argv;

const cpuMillis = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

const served = servedOf([{ file: "bench.ts", exports: pipelines }]);
if (typeof served === "string") throw new Error(served);

Effect.runFork(
  Effect.scoped(
    Effect.gen(function* () {
      const store = Context.get(yield* Layer.build(SqliteStore.layer({ filename })), Store);
      const { url } = yield* serve({ store, served, port: 0, host: undefined, token, say: () => {} });
      const run = (id: string): Promise<unknown> =>
        Effect.runPromise(
          Effect.provideService(
            pipelines.large.run({}, { runId: id }),
            Store,
            store,
          ) as Effect.Effect<unknown>,
        );
      const runSmall = (n: number): Promise<unknown> =>
        Effect.runPromise(
          Effect.provideService(
            pipelines.small.run({ n }, { runId: `s${n}` }),
            Store,
            store,
          ) as Effect.Effect<unknown>,
        );
      const answers: Readonly<Record<string, (id: string) => unknown>> = {
        cpu: cpuMillis,
        gc: () => globalThis.gc!(),
        // Asks the store, not the server.
        ended: (id) => Effect.runPromise(store.summary(id)).then((found) => found?.ended !== undefined),
        many: async (count) => {
          for (let done = 0; done < Number(count); done += 100)
            await Promise.all(Array.from({ length: 100 }, (_, i) => runSmall(done + i)));
        },
        run,
        small: (n) => runSmall(-1 - Number(n)),
      };
      process.on("message", ({ asks, id }: { readonly asks: string; readonly id: string }) => {
        void Promise.resolve(answers[asks]!(id)).then((answer) => process.send!({ answer }));
      });
      process.send!({ url });
      yield* Effect.never;
    }),
  ),
);
