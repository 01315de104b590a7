/** The process of the worker is killed at any moment, repeatedly, with any store. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Runs, Signal, Store } from "espalier";
import { expect } from "vitest";
import type { Entry } from "../../src/journal/records.ts";
import { isOutcome, Kind } from "../../src/journal/records.ts";
import { isAtOrUnderAny } from "../../src/path.ts";
import { storeOf } from "../sqlite/fixtures/store-of.ts";
import { built } from "./built.ts";

const worker = "sqlite/fixtures/worker.ts";

/** Builds the worker for the tests of a file. */
export const buildWorker = (): void => {
  workerFile = built(worker);
};

let workerFile: (program: string) => string = () => "";

const isLong = process.env["ESPALIER_LONG"] !== undefined;
const largeLength = isLong ? 50_000_000 : 1_000_000;

interface Ended {
  readonly wasKilled: boolean;
  /** Its output except for the dot of each step. */
  readonly printed: string;
}

/** The time limit in milliseconds, for when fewer steps are left than expected. */
const latest = 500;

/** Runs the worker, calls `act` once `acting` steps have begun, or after a while, and kills it a moment after `steps`. */
const killedAfter = (
  steps: number,
  acting: number,
  act: () => void,
  parameters: ReadonlyArray<string>,
): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, ESPALIER_LARGE: String(largeLength) };
    const child = spawn(process.execPath, [workerFile(worker), ...parameters], { env });
    let said = "";
    const doom = (): void => {
      setTimeout(() => child.kill("SIGKILL"), Math.random() * 8);
    };
    const due: Array<readonly [number, () => void]> = [
      [acting, act],
      [steps, doom],
    ];
    let late: NodeJS.Timeout | undefined;
    const lookAt = (begun: number): void => {
      for (const each of due.slice()) {
        if (begun < each[0]) continue;
        due.splice(due.indexOf(each), 1);
        each[1]();
      }
    };
    child.stdout.on("data", (data: Buffer) => {
      said += String(data);
      if (!said.startsWith("ready")) return;
      late ??= setTimeout(() => {
        if (due[0]?.[1] === act) due.shift()![1]();
      }, latest);
      lookAt(said.split(".").length - 1);
    });
    child.stderr.on("data", (data: Buffer) => (said += String(data)));
    child.on("close", (_, signal) => {
      clearTimeout(late);
      resolve({ wasKilled: signal === "SIGKILL", printed: said.replaceAll(".", "") });
    });
  });

/** The valid records of a run. */
const recorded = (address: string, runId: string): Promise<ReadonlyArray<Entry>> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const layer = yield* Effect.promise(() => storeOf(address));
        const store = Context.get(yield* Layer.build(layer), Store);
        const run = yield* store.find(runId);
        return run?.entries ?? [];
      }),
    ),
  );

/** Waits until the store knows that the process that executed a run is gone. */
const untilUnowned = async (address: string, runId: string): Promise<void> => {
  const store = await storeOf(address);
  for (;;) {
    const [run] = (await Runs.listPromise({ store })).filter(({ id }) => id === runId);
    if (run?.status !== "running") return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** The paths whose outcomes are recorded: outputs, and errors of collected items. */
const outcomes = (entries: ReadonlyArray<Entry>): ReadonlySet<string> =>
  new Set(entries.filter(isOutcome).map(({ path }) => path));

const linesOf = (log: string): ReadonlyArray<string> => readFileSync(log, "utf8").split("\n").slice(0, -1);

const ids = Array.from({ length: 30 }, (_, i) => i);
const squares = ids.map((id) => `squares[${id}]`);
const result = JSON.stringify({
  sum: ids.reduce((sum, id) => sum + id * id, 0),
  tried: 21,
  turns: 34,
  large: largeLength,
  odd: ids.filter((id) => id % 2 === 1),
});

/** The contents of each record, except for its time and the stack of an error. */
const historyOf = (entries: ReadonlyArray<Entry>): ReadonlyArray<string> =>
  entries
    .filter(({ kind }) => kind !== Kind.deadline && kind !== Kind.waiting)
    .map(({ kind, path, text }) =>
      [kind, path, kind === Kind.failure ? "Odd" : text.length > 1000 ? text.length : text].join(" "),
    )
    .toSorted();

/** All repetitions of a line, sorted. */
const repeated = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  const seen = new Set<string>();
  return lines.filter((line) => seen.size === seen.add(line).size).toSorted();
};

/** The steps of a failed attempt no longer count: they are not recorded, and not run again either. */
const isExact = (path: string): boolean => !path.startsWith("tried/");

/** The inputs of a step. */
const readBy = (path: string): ReadonlyArray<string> => {
  if (path.startsWith("squares[")) return ["ids"];
  if (/^(sum\/part_|evens\[)/.test(path)) return squares;
  if (/^turns\[[1-9]/.test(path)) return [`turns[${Number(/\d+/.exec(path)![0]) - 1}]`];
  if (path === "large") return ["approval", "pause"];
  return path === "sum/sum/sum" ? ["sum/sum/half"] : [];
};

/**
 * Sends the value that the run waits for, before it exists, while it waits, or once it is killed. Returns the sender's answer.
 */
const send = async (address: string, runId: string): Promise<string> => {
  const store = await storeOf(address);
  return Signal.sendPromise(runId, "approval", "x", { store }).catch(
    (error: { readonly _tag: string }) => error._tag,
  );
};

const some = (most: number): number => Math.floor(Math.random() * most);

/**
 * Kills a run and resumes it, repeatedly until it ends by itself, and checks that nothing is lost or runs twice.
 * Returns the number of kills.
 */
export const killedToItsEnd = async (
  address: string,
  log: string,
  runId: string,
  /** Called at each kill; when it returns true, the run continues undisturbed. */
  wasKilledOnce: () => boolean = () => false,
): Promise<number> => {
  writeFileSync(log, "");
  let before: ReadonlySet<string> = new Set();
  let seen = 0;
  const everLost: Array<string> = [];
  const accepted: Array<string> = [];
  let isEnough = false;
  for (let killed = 0; ; killed++) {
    let sending: Promise<string> | undefined;
    const act = (): void => {
      sending = send(address, runId);
    };
    // A run that has its value is sometimes sent another one, which it must refuse.
    const sends = accepted.length === 0 || some(3) === 0;
    const { wasKilled, printed } = await killedAfter(
      isEnough ? Infinity : some(16),
      some(20),
      sends ? act : () => {},
      [address, log, runId],
    );
    // If it was killed earlier, no process executes it.
    const told = await (sending ?? (sends ? send(address, runId) : undefined));
    if (wasKilled) isEnough = wasKilledOnce();
    if (told === "delivered" || told === "kept") accepted.push(told);
    // A store that asks a server whether an owner lives does not learn it at once.
    if (wasKilled) await untilUnowned(address, runId);
    if (!wasKilled && printed.includes("RunExists")) {
      killed--;
      continue;
    }
    const ran = linesOf(log).slice(seen);
    seen += ran.length;
    for (const path of ran) expect(isAtOrUnderAny(path, before), `"${path}" ran again`).toBe(false);
    expect(repeated(ran), "what a process has run twice").toEqual([]);
    // A run that was killed three times before its first commit is failed for that, once.
    if (!wasKilled && printed.includes("RunCrashed")) continue;
    const entries = await recorded(address, runId);
    if (!wasKilled) {
      expect(printed).toBe(`ready\n${result}\n`);
      expect(repeated(linesOf(log)).filter(isExact)).toEqual(everLost.filter(isExact).toSorted());
      // The run has ended with the value, so one was accepted; it takes only one, so no other was.
      expect(accepted).toHaveLength(1);
      expect(historyOf(entries)).toEqual(await undisturbed(address, `${log}.plain`));
      return killed;
    }
    const after = outcomes(entries);
    // A step's inputs were recorded before it started, and no record is lost except those of a failed attempt.
    for (const path of before) if (!path.startsWith("tried/")) expect(after).toContain(path);
    for (const path of ran.flatMap(readBy)) expect(after).toContain(path);
    // A step frees its slot before its record is committed, so the concurrency does not limit these. Their inputs are
    // recorded, so none of them reads another; and each of them runs exactly once more.
    everLost.push(...ran.filter((path) => !isAtOrUnderAny(path, after)));
    before = after;
  }
};

let plain: Promise<ReadonlyArray<string>> | undefined;

/** The history of an undisturbed run. */
const undisturbed = (address: string, log: string): Promise<ReadonlyArray<string>> => {
  const run = async (): Promise<ReadonlyArray<string>> => {
    const runId = `undisturbed ${process.pid}`;
    writeFileSync(log, "");
    const act = async (): Promise<void> => {
      // On a busy machine it may be called before the run is there.
      while ((await send(address, runId)) === "RunNotFound");
    };
    await killedAfter(Infinity, 1, () => void act(), [address, log, runId]);
    return historyOf(await recorded(address, runId));
  };
  return (plain ??= run());
};
