/** Promises about loops and compensations in recorded runs whose process is killed at each write. */
import type { RunOptions } from "espalier";
import { pipeline, resumePromise, Runs } from "espalier";
import * as fc from "fast-check";
import type { MemoryStore } from "../src/testing/memory-store.ts";
import { newStore } from "../src/testing/stored.ts";
import type { EngineLaw } from "./engine-laws.ts";
import { booking, tasks } from "./flow-laws.ts";
import { same, yes } from "./support.ts";

type Ended = "killed" | { readonly value: unknown } | { readonly error: unknown };

/** Runs it until the process is killed right after a write, or to its end if it makes fewer writes. */
const killedAt = async (
  store: MemoryStore,
  point: number,
  run: (options: RunOptions) => Promise<unknown>,
): Promise<Ended> => {
  const dying = new AbortController();
  let isKilled = false;
  store.crashAfter(point, () => {
    isKilled = true;
    dying.abort(new Error("killed"));
  });
  const ended = await run({ store: store.layer, signal: dying.signal, gracePeriod: 0 }).then(
    (value): Ended => ({ value }),
    (error: unknown): Ended => ({ error }),
  );
  store.restart();
  return isKilled ? "killed" : ended;
};

const lastOf = (list: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(list.toReversed())].toReversed();

const undo = { onFailure: "compensate", runId: "r" } as const;

/** Each waits for the previous one, so that there is only one order. */
const chained = tasks.map(({ all }) => all.slice(0, 3).map((task) => ({ ...task, millis: 0, waits: true })));

export const durableFlowLaws: Readonly<Record<string, EngineLaw>> = {
  "killed at any write, a run that fails undoes all that has succeeded, and what is recorded as undone once":
    async (seed, runs) => {
      for (const all of fc.sample(chained, { seed, numRuns: Math.ceil(runs / 30) })) {
        let isOver = false;
        for (let point = 1; !isOver; point++) {
          const { made, done, undone } = booking({ all, failsAfter: 15 });
          const store = newStore();
          const first = await killedAt(store, point, (options) =>
            made.runPromise({}, { ...options, ...undo }),
          );
          isOver = first !== "killed";
          const before = undone.length;
          // Without any record there is nothing to resume.
          const isThere = await Runs.getPromise("r", { store: store.layer }).then(
            ({ status }) => status !== "failed",
            () => false,
          );
          const ended =
            isOver || !isThere
              ? first
              : await killedAt(store, Infinity, (options) =>
                  resumePromise(made, "r", { ...options, ...undo }),
                );
          if (!isOver && !isThere) continue;
          same(`the error, killed at write ${point}`, ended, { error: "refused" });
          same(`what was undone, killed at write ${point}`, lastOf(undone), lastOf(done).toReversed());
          const again = undone.slice(before).filter((path) => undone.slice(0, before).includes(path));
          yes(`killed at write ${point}, it undid ${again.join(" and ")} again`, again.length <= 1);
        }
      }
    },

  "killed at any write, a loop resumes from its recorded state: no recorded turn runs again, and the first reads one state":
    async () => {
      let isOver = false;
      for (let point = 1; !isOver; point++) {
        let starts = 0;
        const seen: Array<string> = [];
        const made = pipeline("looped").loop(
          "n",
          [],
          () => ({ first: ++starts, turns: 0 }),
          async ({ first, turns }, _, { index }) => {
            seen.push(`${index} of ${first}`);
            return { first, turns: turns + 1 };
          },
          { until: ({ turns }) => turns === 4 },
        );
        const store = newStore();
        const options = { runId: "r" };
        const first = await killedAt(store, point, (own) => made.runPromise({}, { ...own, ...options }));
        isOver = first !== "killed";
        const before = seen.length;
        const isThere = await Runs.getPromise("r", { store: store.layer }).then(
          ({ status }) => status !== "succeeded",
          () => false,
        );
        if (isOver || !isThere) continue;

        const ended = await killedAt(store, Infinity, (own) => resumePromise(made, "r", own));
        same(`calls of start, killed at write ${point}`, starts, 1);
        const firstSeen = seen.filter((one) => one.startsWith("0 "));
        same(`the first state, killed at write ${point}`, new Set(firstSeen).size, 1);
        const last = { first: Number(firstSeen.at(-1)!.slice(5)), turns: 4 };
        same(`the state, killed at write ${point}`, ended, { value: { n: last } });
        const again = seen.slice(before).filter((one) => seen.slice(0, before).includes(one));
        yes(`killed at write ${point}, turns ${again.join(" and ")} ran again`, again.length <= 1);
      }
    },
};
