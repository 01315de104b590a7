/** `storeConformance`: checks a store against the laws that every store must keep. */
import * as Context from "effect/Context";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { StoreLayer } from "../../types/store.ts";
import type { Journal, StoreService } from "../journal/store.ts";
import { Store } from "../journal/store.ts";
import { describe } from "../values/describe.ts";
import type { StoreLaw } from "./store-law.ts";
import { storeLaws } from "./store-laws.ts";

/**
 * A store breaks a law.
 *
 * @public
 */
export class StoreViolation extends Data.TaggedError("StoreViolation")<{
  /** The name of the law. */
  readonly law: string;
  /** The rule. */
  readonly sentence: string;
  /** The observed problem. */
  readonly reason: string;
}> {
  /** The message, as a sentence. */
  override get message(): string {
    return `The store breaks the law "${this.law}": ${this.sentence} Observed: ${this.reason}.`;
  }
}

/**
 * A law that `storeConformance` has checked.
 *
 * @public
 */
export interface CheckedStoreLaw {
  /** Its name. */
  readonly name: string;
  /** The rule. */
  readonly sentence: string;
}

/** A store that stays open as long as one of its runs: runs that a law leaves active are ended after it. */
const endingRuns = (
  store: StoreService,
): { readonly store: StoreService; readonly end: () => Promise<void> } => {
  const journals: Array<Journal> = [];
  const claim: StoreService["claim"] = (...asked) =>
    Effect.tap(store.claim(...asked), (found) =>
      Effect.sync(() => {
        if ("journal" in found) journals.push(found.journal);
      }),
    );
  const end = (journal: Journal): Promise<void> =>
    new Promise((resolve) => {
      journal.end("interrupted", undefined, Date.now(), () => resolve());
    });
  const watched: StoreService = new Proxy(store, {
    get: (target, name) => {
      if (name === "claim") return claim;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return {
    store: watched,
    end: async () => {
      await Promise.all(journals.map(end));
    },
  };
};

const checked = (
  { name, sentence, check }: StoreLaw,
  store: StoreService,
): Effect.Effect<void, StoreViolation> =>
  Effect.suspend(() => {
    const watched = endingRuns(store);
    return Effect.tryPromise({
      try: async () => {
        try {
          await check(watched.store);
        } finally {
          await watched.end();
        }
      },
      catch: (error) => new StoreViolation({ law: name, sentence, reason: describe(error) }),
    });
  });

/**
 * Checks the laws that every store must keep: one owner for each run, claims with epochs, records that are read back
 * unchanged, messages that arrive once, waits, the cache, pruning. `makeLayer` must return an empty store each time. Returns
 * the checked laws, or fails with a `StoreViolation`.
 *
 * @example
 * ```ts
 * import { SqliteStore } from "espalier/sqlite";
 * import { storeConformance } from "espalier/testing";
 *
 * const laws = await storeConformance(() => SqliteStore.layer({ filename: ":memory:" }));
 * console.log(laws.map(({ name }) => name).includes("oneOwner")); // true
 * ```
 *
 * @public
 */
export const storeConformance = async (
  makeLayer: () => StoreLayer | Promise<StoreLayer>,
): Promise<ReadonlyArray<CheckedStoreLaw>> => {
  for (const law of storeLaws) {
    const layer = await makeLayer();
    await Effect.runPromise(
      Effect.scoped(Effect.flatMap(Layer.build(layer), (built) => checked(law, Context.get(built, Store)))),
    );
  }
  return storeLaws.map(({ name, sentence }) => ({ name, sentence }));
};
