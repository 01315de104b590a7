/**
 * A step's output that runs share: computed once for the same step, version and inputs, and taken from the store after
 * that. At most one computation of a key is under way in a process; others wait for it. Failures are never kept.
 */
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import type { CacheOptions } from "../../types/options.ts";
import type { StepDefinition } from "../graph/definition.ts";
import type { Cached, CacheKey, StoreService } from "./store.ts";
import { decodeBy, encodeBy } from "../values/codec.ts";
import { encode, Unwritable } from "../values/encode.ts";

/** The run that asks. */
interface Asking {
  readonly runId: string;
  readonly store: StoreService;
  readonly now: number;
}

/** What is told of a cached step. */
export type CacheTold =
  | { readonly type: "cache.hit"; readonly path: string; readonly fromRun: string; readonly fromPath: string }
  | { readonly type: "cache.missed"; readonly path: string; readonly reason: string };

/** The computations under way, and who waits for each. */
const underWay = new WeakMap<StoreService, Map<string, Array<() => void>>>();

const flightsOf = (store: StoreService): Map<string, Array<() => void>> => {
  let flights = underWay.get(store);
  if (flights === undefined) underWay.set(store, (flights = new Map()));
  return flights;
};

/** Reads the inputs in an order that does not depend on how the step names them. */
const inputsText = (
  { key }: CacheOptions,
  inputs: Readonly<Record<string, unknown>>,
  item: { readonly value: unknown } | undefined,
): string | Unwritable => {
  if (key !== undefined) {
    return encode(item === undefined ? key(inputs) : (key as (...all: any) => unknown)(item.value, inputs));
  }
  const sorted = Object.keys(inputs)
    .sort()
    .map((name) => [name, inputs[name]]);
  return encode(item === undefined ? sorted : [sorted, item.value]);
};

/** `compute`, unless an earlier run has: then what that gave. */
export const cached = (
  run: Asking,
  definition: StepDefinition,
  path: string,
  inputs: Readonly<Record<string, unknown>>,
  item: { readonly value: unknown } | undefined,
  compute: Effect.Effect<unknown, unknown>,
  tell: (told: CacheTold) => void,
): Effect.Effect<unknown, unknown> =>
  Effect.suspend(() => {
    const { cache, output } = definition.options;
    const asked: CacheOptions = typeof cache === "object" ? cache : {};
    const text = inputsText(asked, inputs, item);
    if (text instanceof Unwritable) {
      const where = text.issuePath.length === 0 ? "" : ` at ${text.issuePath.map(String).join(".")}`;
      tell({ type: "cache.missed", path, reason: `its inputs cannot be compared${where}: ${text.reason}` });
      return compute;
    }
    const { store } = run;
    const key: CacheKey = { step: definition.name, version: String(asked.version ?? ""), inputs: text };
    const id = JSON.stringify([key.step, key.version, key.inputs]);
    const ttl = asked.ttl === undefined ? Infinity : Duration.toMillis(Duration.fromInputUnsafe(asked.ttl));
    const flights = flightsOf(store);

    const landed: Effect.Effect<void> = Effect.callback((resume) => {
      const wake = (): void => resume(Effect.void);
      const others = flights.get(id);
      if (others === undefined) wake();
      else others.push(wake);
    });

    const hit = (found: Cached): Effect.Effect<unknown> =>
      Effect.sync(() => {
        const value = decodeBy(output, found.text);
        tell({ type: "cache.hit", path, fromRun: found.runId, fromPath: found.path });
        return value;
      });

    /** The computation of another process, which tells nobody here that it has landed. */
    const landedElsewhere: Effect.Effect<void> = Effect.callback((resume) => {
      const timer = setTimeout(() => resume(Effect.void), 20);
      return Effect.sync(() => clearTimeout(timer));
    });

    const once: Effect.Effect<unknown, unknown> = Effect.gen(function* () {
      const found = yield* store.cached(key);
      if (found !== undefined && run.now - found.time < ttl) return yield* hit(found);
      if (flights.has(id)) return yield* Effect.flatMap(landed, () => once);
      flights.set(id, []);
      return yield* Effect.ensuring(
        computed(found),
        Effect.sync(() => {
          const others = flights.get(id) ?? [];
          flights.delete(id);
          for (const wake of others) wake();
        }),
      );
    });

    const computed = (found: Cached | undefined): Effect.Effect<unknown, unknown> =>
      Effect.gen(function* () {
        if (!(yield* store.startComputing(key))) {
          yield* landedElsewhere;
          const landed = yield* store.cached(key);
          if (landed !== undefined && run.now - landed.time < ttl) return yield* hit(landed);
          return yield* computed(landed);
        }
        return yield* Effect.ensuring(
          computedHere(found),
          Effect.sync(() => store.stopComputing(key)),
        );
      });

    const computedHere = (found: Cached | undefined): Effect.Effect<unknown, unknown> =>
      Effect.gen(function* () {
        const reason =
          found === undefined
            ? yield* store.missReason(key)
            : `what run ${found.runId} computed is older than its ttl`;
        tell({ type: "cache.missed", path, reason });
        const value = yield* compute;
        const written = encodeBy(output, value, store.keepsSecrets);
        // One that cannot be written fails the step when it is recorded.
        if (typeof written === "string") {
          store.putCached(key, { text: written, runId: run.runId, path, time: run.now });
        }
        return value;
      });
    return once;
  });
