/**
 * A step's output that runs share: computed once and then taken from the store by every step that would compute the same.
 * Steps compute the same if they have the same pipeline, path (without item keys), version and inputs, within expansions
 * of the same inputs, items and cases, since a function can have captured those. Only what an attempt computed
 * is kept: no failure, no value of a fallback, and nothing that could not be decoded again.
 */
import * as Cause from "effect/Cause";
import * as Duration from "effect/Duration";
import * as Effect from "effect/Effect";
import * as Fiber from "effect/Fiber";
import type { CacheOptions } from "../../types/options.ts";
import { StepTimedOut } from "../errors.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { staticPathOf } from "../path.ts";
import { decodeBy, encodeBy } from "../values/codec.ts";
import { decode as decodeText, Unwritable } from "../values/encode.ts";
import { decode, decodesOnly } from "../values/schema.ts";
import { secretIn } from "../values/secrets.ts";
import { canonical, canonicalText, digest } from "./canonical.ts";
import { failureKey } from "./failure-text.ts";
import { Flights } from "./flights.ts";
import type { Cached, CacheKey, StoreProblem, StoreService } from "./store.ts";

/** The values that an expansion received, which functions of its graph can have captured. */
export interface Given {
  readonly inputs: Readonly<Record<string, unknown>>;
  /** For the expansion of a map's item: that item, as the only element. */
  readonly item: ReadonlyArray<unknown>;
  /** For a case of a switch, or a contender of a race: its name. */
  readonly choice: string | undefined;
  /** The attempt that expanded, from 1; and the error of all attempts, if a fallback expanded. */
  readonly attempt: number;
  readonly failure: { readonly error: unknown } | undefined;
  /** Created when a cached step needs it. */
  digest: string | Unwritable | undefined;
}

/** A step that may take its output from the cache. */
export interface CachedStep {
  readonly definition: StepDefinition;
  readonly path: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly item: { readonly value: unknown } | undefined;
  /** The name of the run's own pipeline. */
  readonly pipeline: string;
  /** The expansions around it. */
  readonly around: ReadonlyArray<Given>;
  /** The timeout of the step, which also limits its wait for another's computation. */
  readonly timeoutMillis: number | undefined;
  /** The text of the value that its `output` schema, which cannot encode, has decoded. */
  readonly undecoded: { readonly get: () => string | undefined; readonly set: (text: string) => void };
}

/** The run that needs the output. */
interface Asking {
  readonly runId: string;
  readonly store: StoreService;
  readonly now: number;
  /** Whether the cached output of this path must be computed again. */
  readonly refreshes: (path: string) => boolean;
  readonly notCached: { readonly has: (path: string) => boolean };
}

/** The events that are reported about a cached step. */
export type CacheTold =
  | { readonly type: "cache.hit"; readonly path: string; readonly fromRun: string; readonly fromPath: string }
  | { readonly type: "cache.missed"; readonly path: string; readonly reason: string };

const digestOf = (given: Given): Effect.Effect<string | Unwritable> =>
  Effect.suspend(() => {
    if (given.digest !== undefined) return Effect.succeed(given.digest);
    const text = canonical([given.inputs, given.item, given.choice ?? null]);
    if (typeof text !== "string") return Effect.succeed(text);
    // The functions of a fallback's expansion can have captured the error that it received.
    const failure = given.failure === undefined ? "" : canonicalText(failureKey(given.failure.error));
    return Effect.map(digest(text + failure), (short) => (given.digest = short));
  });

/** A key, or the value without one: among the step's inputs, or among those of an expansion around it. */
type Keyed = CacheKey | Unwritable | { readonly around: Unwritable };

/** What identifies the output in addition to the version: the name and the inputs. */
const keyOf = (step: CachedStep): Effect.Effect<Keyed> =>
  Effect.suspend((): Effect.Effect<Keyed> => {
    const { definition, inputs, item, path, pipeline, around } = step;
    const { cache } = definition.options;
    const asked: CacheOptions = typeof cache === "object" ? cache : {};
    const { key, name } = asked;
    const version = String(asked.version ?? "");
    // A static path includes its cases and contenders, since each has functions of its own; a `key` replaces the rest.
    const chosen = around.flatMap(({ choice }) => (choice === undefined ? [] : [choice]));
    const within = chosen.length === 0 ? "" : ` within ${JSON.stringify(chosen)}`;
    const of = name ?? `${pipeline}: ${staticPathOf(path)}${within}`;
    const withText = (text: string | Unwritable): Effect.Effect<CacheKey | Unwritable> =>
      typeof text === "string"
        ? Effect.map(digest(text), (short) => ({ step: of, version, inputs: short }))
        : Effect.succeed(text);
    if (key !== undefined) {
      const call = key as (...all: ReadonlyArray<unknown>) => unknown;
      return withText(canonical(item === undefined ? call(inputs) : call(item.value, inputs)));
    }
    return Effect.flatMap(Effect.forEach(around, digestOf), (digests): Effect.Effect<Keyed> => {
      const problem = digests.find((one) => typeof one !== "string");
      if (problem !== undefined) return Effect.succeed({ around: problem });
      return withText(canonical([inputs, item === undefined ? [] : [item.value], digests]));
    });
  });

/** Waits for the computation of another process, which does not report its end here. */
const landedElsewhere = Effect.callback<void>((resume) => {
  const timer = setTimeout(() => resume(Effect.void), 20);
  return Effect.sync(() => clearTimeout(timer));
});

/** Runs `compute`, which is one attempt, unless an earlier run has computed the same: then returns that output. */
export const cached = (
  run: Asking,
  step: CachedStep,
  compute: Effect.Effect<unknown, unknown>,
  tell: (told: CacheTold) => void,
): Effect.Effect<unknown, unknown> =>
  Effect.flatMap(keyOf(step), (key) => {
    const { path } = step;
    if (key instanceof Unwritable || "around" in key) {
      const { issuePath, reason } = key instanceof Unwritable ? key : key.around;
      const where = issuePath.length === 0 ? "" : ` at ${issuePath.map(String).join(".")}`;
      const whose = key instanceof Unwritable ? "its inputs" : "the inputs of an expansion around it";
      tell({ type: "cache.missed", path, reason: `${whose} cannot be compared${where}: ${reason}` });
      return compute;
    }
    const lookup = new Lookup(run, step, key, compute, tell);
    return run.refreshes(path) ? lookup.refreshed() : lookup.outcome();
  });

type Found = Effect.Effect<{ readonly value: unknown } | undefined, StoreProblem>;

class Lookup {
  readonly #run: Asking;
  readonly #step: CachedStep;
  readonly #key: CacheKey;
  readonly #id: string;
  readonly #compute: Effect.Effect<unknown, unknown>;
  readonly #tell: (told: CacheTold) => void;
  readonly #flights: Flights;
  readonly #ttl: number;
  /** Why the stored value was not taken. */
  #missed = "";
  /** The stored value that must be computed again. */
  #outdated: Cached | undefined;

  constructor(
    run: Asking,
    step: CachedStep,
    key: CacheKey,
    compute: Effect.Effect<unknown, unknown>,
    tell: (told: CacheTold) => void,
  ) {
    this.#run = run;
    this.#step = step;
    this.#key = key;
    this.#id = JSON.stringify([key.step, key.version, key.inputs]);
    this.#compute = compute;
    this.#tell = tell;
    this.#flights = new Flights(run.store);
    const { cache } = step.definition.options;
    const ttl = typeof cache === "object" ? cache.ttl : undefined;
    this.#ttl =
      ttl === undefined ? Infinity : Duration.toMillis(Duration.fromInputUnsafe(ttl as Duration.Input));
  }

  /** The value that is stored now does not count, only one that is computed from now on, by this step or another. */
  refreshed(): Effect.Effect<unknown, unknown> {
    return Effect.flatMap(this.#run.store.cached(this.#key), (stored) => {
      this.#outdated = stored;
      this.#missed = "it is to be computed again";
      return this.outcome();
    });
  }

  outcome(): Effect.Effect<unknown, unknown> {
    return Effect.flatMap(this.#find(), (found) => {
      if (found !== undefined) return Effect.succeed(found.value);
      const { runId } = this.#run;
      const { path } = this.#step;
      const flights = this.#flights;
      if (flights.has(this.#id) && !flights.closesCircle(this.#id, runId, path)) {
        const landed = this.#withinTimeout(flights.landing(this.#id, runId, path));
        return Effect.flatMap(landed, () => this.outcome());
      }
      // The computation of a key inside itself, or inside one that the other waits for.
      if (flights.has(this.#id)) return this.#computed();
      const isNested = flights.isNested(runId, path);
      return flights.during(this.#id, runId, path, this.#alone(isNested));
    });
  }

  /** Computes unless another process does. A nested computation does not wait for that one, which could wait for it. */
  #alone(isNested: boolean): Effect.Effect<unknown, unknown> {
    return Effect.flatMap(this.#ifMine(), (mine) => {
      if (mine !== undefined) return Effect.succeed(mine.value);
      if (isNested) return this.#computed();
      return Effect.andThen(this.#withinTimeout(landedElsewhere), this.#foundOr(this.#alone(false)));
    });
  }

  /** The output, unless another process computes it. */
  #ifMine(): Effect.Effect<{ readonly value: unknown } | undefined, unknown> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(this.#claimed(restore), (isMine) => {
        if (!isMine) return Effect.undefined;
        // Another process may have stored the value after the last look at the cache, and before the claim.
        const value = Effect.map(this.#foundOr(this.#computed()), (made) => ({ value: made }));
        return Effect.ensuring(
          restore(value),
          Effect.sync(() => this.#run.store.stopComputing(this.#key)),
        );
      }),
    );
  }

  /** Interrupted while it waits for the answer, it gives the claim back: other processes would wait for its computation. */
  #claimed(
    restore: <A, E>(waiting: Effect.Effect<A, E>) => Effect.Effect<A, E>,
  ): Effect.Effect<boolean, StoreProblem> {
    const { store } = this.#run;
    return Effect.flatMap(Effect.forkDetach(store.startComputing(this.#key)), (claim) => {
      const givenBack = Effect.map(Fiber.join(claim), (isMine) => {
        if (isMine) store.stopComputing(this.#key);
      });
      return Effect.onInterrupt(restore(Fiber.join(claim)), () => Effect.forkDetach(givenBack));
    });
  }

  #foundOr(otherwise: Effect.Effect<unknown, unknown>): Effect.Effect<unknown, unknown> {
    return Effect.flatMap(this.#find(), (found) =>
      found === undefined ? otherwise : Effect.succeed(found.value),
    );
  }

  #computed(): Effect.Effect<unknown, unknown> {
    const { path } = this.#step;
    return Effect.suspend(() => {
      const { store, runId, now } = this.#run;
      const reason = this.#missed === "" ? store.missReason(this.#key) : Effect.succeed(this.#missed);
      return Effect.flatMap(reason, (said) => {
        this.#tell({ type: "cache.missed", path, reason: said });
        return Effect.tap(this.#compute, (value) =>
          Effect.sync(() => {
            if (this.#run.notCached.has(path)) return;
            const text = this.#textOf(value);
            // An output that cannot be written fails the step when it is recorded.
            if (typeof text === "string") store.putCached(this.#key, { text, runId, path, time: now });
          }),
        );
      });
    });
  }

  /** A value made by a schema that cannot encode is kept as it was before decoding. */
  #textOf(value: unknown): string | Unwritable | undefined {
    const { definition, undecoded } = this.#step;
    const { keepsSecrets } = this.#run.store;
    const { output } = definition.options;
    if (!decodesOnly(output)) return encodeBy(output, value, keepsSecrets);
    return keepsSecrets || secretIn(value) === undefined ? undecoded.get() : undefined;
  }

  #find(): Found {
    return Effect.flatMap(this.#run.store.cached(this.#key), (found): Found => {
      if (found === undefined || this.#isOutdated(found)) return Effect.undefined;
      if (this.#run.now - found.time >= this.#ttl) {
        this.#missed = `the output that run ${found.runId} computed is older than its ttl`;
        return Effect.undefined;
      }
      return this.#read(found);
    });
  }

  #isOutdated({ text, runId, path, time }: Cached): boolean {
    const other = this.#outdated;
    if (other === undefined) return false;
    return other.time === time && other.runId === runId && other.path === path && other.text === text;
  }

  #read({ text, runId, path }: Cached): Found {
    const { definition, undecoded } = this.#step;
    const { output } = definition.options;
    const isUndecoded = decodesOnly(output);
    const read = Effect.suspend(() =>
      isUndecoded ? decode(output, decodeText(text)) : Effect.succeed(decodeBy(output, text)),
    );
    return Effect.matchCauseEffect(read, {
      onSuccess: (value) =>
        Effect.sync(() => {
          if (isUndecoded) undecoded.set(text);
          this.#tell({ type: "cache.hit", path: this.#step.path, fromRun: runId, fromPath: path });
          return { value };
        }),
      onFailure: (cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt;
        this.#missed = `the output that run ${runId} computed does not fit the step's output schema`;
        return Effect.undefined;
      },
    });
  }

  /** A step waits for another's computation no longer than its own timeout. */
  #withinTimeout(waiting: Effect.Effect<void>): Effect.Effect<void, StepTimedOut> {
    const { path, timeoutMillis } = this.#step;
    if (timeoutMillis === undefined) return waiting;
    return Effect.timeoutOrElse(waiting, {
      duration: timeoutMillis,
      orElse: () => Effect.fail(new StepTimedOut({ path, timeoutMillis })),
    });
  }
}
