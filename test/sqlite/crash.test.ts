/** A crash after every commit of a run. Each run is actually resumed from the file as it was at that moment. */
import { copyFileSync, existsSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { StoreLayer } from "espalier";
import { pipeline, resume, step, Store } from "espalier";
import { describe, expect, test } from "vitest";
import type { Journal, StoreService } from "../../src/journal/store.ts";
import { Ran, storeAt, temporary } from "./support.ts";

const newFile = temporary();

/** A store that copies its file after each commit, before it reports the commit. */
const copying = (file: string, copies: Array<string>): StoreLayer => {
  const copy = (): void => {
    const to = newFile();
    copyFileSync(file, to);
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${to}-wal`);
    copies.push(to);
  };
  const watched = (journal: Journal): Journal =>
    new Proxy(journal, {
      get: (target, key) => {
        if (key === "append") {
          const append: Journal["append"] = (entry, done) =>
            target.append(entry, () => {
              copy();
              done?.();
            });
          return append;
        }
        const value = Reflect.get(target, key) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
      set: (target, key, value) => Reflect.set(target, key, value, target),
    });
  return Layer.effect(
    Store,
    Effect.map(
      Store,
      (store): StoreService =>
        new Proxy(store, {
          get: (target, key) => {
            if (key === "claim") {
              const claim: StoreService["claim"] = (runId, run) =>
                Effect.map(target.claim(runId, run), (claimed) =>
                  "journal" in claimed ? { ...claimed, journal: watched(claimed.journal) } : claimed,
                );
              return claim;
            }
            const value = Reflect.get(target, key) as unknown;
            return typeof value === "function" ? value.bind(target) : value;
          },
        }),
    ),
  ).pipe(Layer.provide(storeAt(file)));
};

describe("A crash after any commit", () => {
  test("is recovered by a resume: the same outputs, and no recorded step runs again", async () => {
    const ran = new Ran();
    const note = (path: string): void => ran.note(path);
    const p = pipeline("p")
      .step("ids", [], (_, { path }) => {
        note(path);
        return [1, 2, 3];
      })
      .map("twice", "ids", [], async (id, _, { path }) => {
        note(path);
        return id * 2;
      })
      .map("grown", "ids", [], (id) =>
        pipeline("item").step("grown", [], async (_, { path }) => {
          note(path);
          return id + 1;
        }),
      )
      .dynamic("sum", ["twice"], ({ twice }) =>
        pipeline("sub")
          .addAll(
            twice.map((value, i) =>
              step(`part_${i}`, [], (_, { path }) => {
                note(path);
                return value;
              }),
            ),
          )
          .dynamic("sum", ["part_*"], (parts) =>
            pipeline("inner").step("sum", [], (_, { path }) => {
              note(path);
              return Object.values(parts["part_*"]).reduce((a, b) => a + b, 0);
            }),
          ),
      )
      .sleep("pause", 5, { after: ["sum"] })
      .step("end", ["sum", "grown", "pause"], ({ sum, grown }, { path }) => {
        note(path);
        return sum + grown.length;
      })
      .returns("end", "twice");

    const copies: Array<string> = [];
    const right = await Effect.runPromise(p.run({}, { runId: "r", store: copying(newFile(), copies) }));
    expect(right).toEqual({ end: 15, twice: [2, 4, 6] });
    const all = ran.since;
    expect(copies.length).toBeGreaterThan(15);
    for (const file of copies) {
      const { runs, recorded } = await outcomes(file);
      expect(runs).toBe("crashed");
      expect(await Effect.runPromise(resume(p, "r", { store: storeAt(file) }))).toEqual(right);
      const again = ran.since;
      // Exactly the paths that were not recorded ran.
      expect(again).toEqual(all.filter((path) => !recorded.has(path)));
    }
  });
});

const outcomes = (file: string) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const run = (yield* (yield* Store).find("r"))!;
      return {
        runs: run.status,
        recorded: new Set(run.entries.filter(({ kind }) => kind === 1).map(({ path }) => path)),
      };
    }).pipe(Effect.provide(storeAt(file))),
  );
