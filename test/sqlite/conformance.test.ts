/** The store laws, checked on all stores, and on stores that each break one of them. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Store } from "espalier";
import { SqliteStore } from "espalier/sqlite";
import { storeConformance } from "espalier/testing";
import { describe, expect, test } from "vitest";
import type { Journal, StoreService } from "../../src/journal/store.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import { storeLaws } from "../../src/testing/store-laws.ts";
import { storeAt, temporary } from "./support.ts";

const newFile = temporary();
let stores = 0;
const codec = {
  encode: (text: string) => Buffer.from(text).toString("base64"),
  decode: (text: string) => Buffer.from(text, "base64").toString(),
};

describe("All laws hold", { timeout: 120_000 }, () => {
  test.each([
    ["in a SQLite file", () => storeAt(newFile())],
    ["in a SQLite file with a codec", () => SqliteStore.layer({ filename: newFile(), codec })],
    ["in SQLite in memory", () => storeAt(":memory:")],
    ["in the memory store of the laws", () => new MemoryStore(`conformance ${++stores}`).layer],
  ])("%s", async (_, makeLayer) => {
    expect((await storeConformance(makeLayer)).map(({ name }) => name)).toEqual(
      storeLaws.map(({ name }) => name),
    );
  });
});

/** A store that does one thing differently. */
const broken = (change: (store: StoreService) => Partial<StoreService>) => () => {
  const right = new MemoryStore(`broken ${++stores}`).layer;
  return Layer.effect(
    Store,
    Effect.map(Store, (store): StoreService => ({ ...store, ...change(store) })),
  ).pipe(Layer.provide(right));
};

const withJournals =
  (change: (journal: Journal) => Partial<Journal>) =>
  (store: StoreService): Partial<StoreService> => ({
    claim: (id, run) =>
      Effect.map(store.claim(id, run), (claim) => {
        if (!("journal" in claim)) return claim;
        const changed = change(claim.journal);
        const journal = new Proxy(claim.journal, {
          get: (target, key) => {
            const value = (changed as any)[key] ?? (target as any)[key];
            return typeof value === "function" && !(key in changed) ? value.bind(target) : value;
          },
          set: (target, key, value) => Reflect.set(target, key, value, target),
        });
        return { ...claim, journal };
      }),
  });

describe("A store that breaks a law is found", () => {
  test.each<[string, string, (store: StoreService) => Partial<StoreService>]>([
    [
      "loses a record",
      "records",
      withJournals((journal) => ({
        append: (one, done) => (one.text === "null" ? done?.() : journal.append(one, done)),
      })),
    ],
    [
      "tells too early",
      "durable",
      withJournals((journal) => ({
        append: (one, done) => {
          done?.();
          setTimeout(() => journal.append(one, undefined), 20);
        },
      })),
    ],
    [
      "bends a text",
      "records",
      (store) => ({
        find: (id) =>
          Effect.map(store.find(id), (run) =>
            run === undefined
              ? run
              : {
                  ...run,
                  entries: run.entries.map((one) => ({ ...one, text: one.text.trim().normalize("NFD") })),
                },
          ),
      }),
    ],
    ["claims runs that have ended", "endedStays", (store) => ({ claim: (id, run) => store.claim(id, run) })],
    ["does not raise the epoch", "oneOwner", withJournals(() => ({ epoch: 1 }))],
    ["keeps a claim that was given back", "givenBack", withJournals(() => ({ giveBack: () => Effect.void }))],
    [
      "loses signals",
      "signals",
      (store) => ({
        send: (message) =>
          message.type === "signal" ? Effect.succeed({ type: "kept" }) : store.send(message),
      }),
    ],
    ["forgets who waits", "waits", () => ({ waiting: () => Effect.succeed([]) })],
    [
      "finds a cached value of another version",
      "caches",
      (store) => ({
        cached: (key) => store.cached({ ...key, version: "1" }),
      }),
    ],
    [
      "forgets what can be resumed",
      "prunes",
      (store) => ({
        prune: (options) => store.prune({ ...options, resumable: true }),
      }),
    ],
    ["lists everything", "ends", (store) => ({ runs: () => store.runs() })],
  ])("%s", async (_, law, change) => {
    await expect(storeConformance(broken(change))).rejects.toMatchObject({ _tag: "StoreViolation", law });
  });
});
