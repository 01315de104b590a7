/**
 * Effect services, typed errors and a retry schedule, on a source that really fails: a server on this machine that
 * answers 503 now and then. The pipeline's own type says which service it needs and how it can fail.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as Console from "effect/Console";
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Schedule from "effect/Schedule";
import * as Schema from "effect/Schema";
import * as Stream from "effect/Stream";
import { pipeline } from "espalier";

/** The source is there, and says: later. */
class Busy extends Data.TaggedError("Busy")<{ readonly station: string }> {}
/** The source has no such station. */
class NoSuchStation extends Data.TaggedError("NoSuchStation")<{ readonly station: string }> {}

const Reading = Schema.Struct({ station: Schema.String, celsius: Schema.Array(Schema.Finite) });
type Reading = typeof Reading.Type;

/** Where readings come from. */
class Weather extends Context.Service<
  Weather,
  { readonly reading: (station: string) => Effect.Effect<Reading, Busy | NoSuchStation> }
>()("Weather") {}

/** The server: each station is busy for its first two calls. Its life is that of the layer. */
const address = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly close: () => void }>((resume) => {
    const calls = new Map<string, number>();
    const known = new Map([
      ["Oslo", [-3, 1, 4]],
      ["Lima", [19, 21, 20]],
      ["Delhi", [14, 29, 33]],
    ]);
    const server = createServer((request, response) => {
      const station = decodeURIComponent((request.url ?? "/").slice(1));
      const celsius = known.get(station);
      const call = (calls.get(station) ?? 0) + 1;
      calls.set(station, call);
      response.statusCode = celsius === undefined ? 404 : call <= 2 ? 503 : 200;
      response.end(response.statusCode === 200 ? JSON.stringify({ station, celsius }) : "");
    });
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, close: () => server.close() }));
    });
  }),
  ({ close }) => Effect.sync(close),
);

const WeatherOverHttp = Layer.effect(
  Weather,
  Effect.map(address, ({ url }) => ({
    reading: (station) =>
      Effect.gen(function* () {
        const response = yield* Effect.promise((signal) =>
          fetch(`${url}/${encodeURIComponent(station)}`, { signal, headers: { connection: "close" } }),
        );
        if (response.status === 503) return yield* new Busy({ station });
        if (response.status === 404) return yield* new NoSuchStation({ station });
        return yield* Effect.orDie(
          Schema.decodeUnknownEffect(Reading)(yield* Effect.promise(() => response.json())),
        );
      }),
  })),
);

/** After 20 ms, then twice as late each time, at most four times; and only while the source is busy. */
const whileBusy = Schedule.exponential("20 millis").pipe(
  Schedule.setInputType<unknown>(),
  Schedule.upTo({ times: 4 }),
  Schedule.while(({ input }) => input instanceof Busy),
);

const climate = pipeline("climate")
  .input("stations", Schema.NonEmptyArray(Schema.String))
  .map(
    "readings",
    "stations",
    [],
    (station) =>
      Effect.gen(function* () {
        const weather = yield* Weather;
        return yield* weather.reading(station);
      }),
    { retry: whileBusy, timeout: "5 seconds", concurrency: 2, key: (station) => station },
  )
  .step("warmest", ["readings"], ({ readings }) =>
    readings
      .map(({ celsius, station }) => ({ station, highest: Math.max(...celsius) }))
      .reduce((best, next) => (next.highest > best.highest ? next : best)),
  );

/** Runs the pipeline and tells of each retry. */
const warmest = (...stations: readonly [string, ...Array<string>]) =>
  Effect.gen(function* () {
    const run = yield* climate.start({ stations });
    yield* Stream.runForEach(run.events, (event) =>
      event.type === "step.retried"
        ? Console.log(`  ${event.path}: attempt ${event.attempt} failed, the next in ${event.delayMillis} ms`)
        : Effect.void,
    );
    const { warmest } = yield* run.await;
    return `${warmest.station}, ${warmest.highest} °C`;
  });

const program = Effect.gen(function* () {
  yield* Console.log("Oslo, Lima and Delhi");
  yield* Console.log(`  the warmest: ${yield* warmest("Oslo", "Lima", "Delhi")}`);
  yield* Console.log("Oslo and Atlantis");
  const answer = yield* warmest("Oslo", "Atlantis").pipe(
    Effect.catchTag("NoSuchStation", ({ station }) => Effect.succeed(`there is no station ${station}`)),
  );
  yield* Console.log(`  the warmest: ${answer}`);
});

await Effect.runPromise(program.pipe(Effect.provide(WeatherOverHttp)));
