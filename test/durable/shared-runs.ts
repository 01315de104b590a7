/** Several runners on one store: they share the runs, and despite any fault no run is lost and nothing runs twice. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { Runs } from "espalier";
import { Cluster } from "espalier/cluster";
import { afterEach, describe, expect, test } from "vitest";
import { asking, deadly, shared } from "../sqlite/fixtures/sharing.ts";
import { storeOf } from "../sqlite/fixtures/store-of.ts";
import { built } from "./built.ts";

const fixture = "sqlite/fixtures/sharing.ts";

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

/** The faults of a runner, or of its connection to the store. */
export type Fault = "kill" | "stop" | "freeze" | "terminate" | "block" | "cut" | "restart";

interface Runner {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
}

/** Runners that are restarted when they end, until they are closed. */
class Runners {
  readonly #program: string;
  readonly #address: string;
  readonly #log: string;
  #isClosed = false;
  readonly all: Array<Runner> = [];
  said = "";

  constructor(program: string, address: string, log: string, count: number) {
    this.#program = program;
    this.#address = address;
    this.#log = log;
    for (let i = 0; i < count; i++) this.#start(i);
  }

  #start(place: number): void {
    const child = spawn(process.execPath, [this.#program, this.#address, this.#log], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ready = new Promise<void>((resolve) => {
      const hear = (data: Buffer): void => {
        this.said += String(data);
        if (String(data).includes("ready")) resolve();
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("close", () => {
        resolve();
        if (!this.#isClosed) this.#start(place);
      });
    });
    this.all[place] = { child, ready };
  }

  signal(place: number, signal: NodeJS.Signals): void {
    this.all[place]!.child.kill(signal);
  }

  close(): void {
    this.#isClosed = true;
    for (const { child } of this.all) child.kill("SIGKILL");
  }
}

/** Numbers that look random but are the same for a seed. */
const randomOf = (seed: number) => {
  let state = seed >>> 0;
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

interface Line {
  readonly runId: string;
  readonly what: string;
  readonly path: string;
  readonly token: string;
}

const linesOf = (log: string): ReadonlyArray<Line> =>
  existsSync(log)
    ? readFileSync(log, "utf8")
        .trim()
        .split("\n")
        .map((line) => {
          const [runId = "", what = "", path = "", token = ""] = line.split(" ");
          return { runId, what, path, token };
        })
    : [];

/** All readers of a committed step's output always see the same value, and the step returned that value. */
const checkLog = (lines: ReadonlyArray<Line>, runId: string, recorded: ReadonlyArray<string>): void => {
  const own = lines.filter((line) => line.runId === runId);
  const made = new Set(own.filter(({ what }) => what === "made").map(({ token }) => token));
  expect(recorded.filter((token) => !made.has(token))).toEqual([]);
  for (const { what, path, token } of own) {
    if (what !== "read") continue;
    const index = Number(/\[(\d+)\]/.exec(path)![1]);
    expect(`${path} ${token}`).toBe(`${path} ${recorded[index]}`);
  }
};

/** Repeats a request to a store while it is busy: a process that is frozen within a commit keeps a file locked. */
const asked = async <Value>(ask: () => Promise<Value>): Promise<Value> => {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if ((error as { readonly kind?: string }).kind !== "busy") throw error;
    }
  }
};

interface Setting {
  readonly newAddress: () => string | Promise<string>;
  readonly newFile: () => string;
  readonly faults: ReadonlyArray<Fault>;
  /** Cuts the connections of all runners to their store. */
  readonly cut: () => Promise<void>;
  /** Stops the server of the store abruptly, and starts it again. */
  readonly restart?: () => Promise<void>;
}

/** A promise that should resolve soon: no test should only report that something hung. */
const soon = async <Value>(what: string, coming: Promise<Value>): Promise<Value> => {
  let guard: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    guard = setTimeout(() => reject(new Error(`It waited for two minutes for ${what}.`)), 120_000);
  });
  return Promise.race([coming, late]).finally(() => clearTimeout(guard));
};

const open: Array<Runners> = [];

export const sharedRuns = ({ newAddress, newFile, faults, cut, restart = cut }: Setting): void => {
  const program = built(fixture);
  afterEach(() => {
    for (const runners of open.splice(0)) runners.close();
  });

  describe("Runs submitted to several runners", {
    timeout: Math.max(600_000, faults.length * 15_000),
  }, () => {
    test(`are each executed to their end, through ${faults.length} faults; a run that kills its process is failed`, async () => {
      const seed = Number(process.env["ESPALIER_SEED"] ?? Date.now() % 1_000_000);
      const random = randomOf(seed);
      const [address, log] = [await newAddress(), newFile()];
      const store = await storeOf(address);
      const client = Cluster.client({ store });
      const runners = new Runners(program(fixture), address, log, 3);
      open.push(runners);
      await Promise.all(runners.all.map(({ ready }) => ready));
      const ids: Array<string> = [];
      const submit = async (): Promise<void> => {
        const runId = `run-${ids.length}`;
        await asked(() => client.startPromise(shared, { count: 12 }, { runId }));
        ids.push(runId);
      };
      await client.startPromise(deadly, {}, { runId: "deadly" });
      const waiting = await client.startPromise(asking, {}, { runId: "asking" });
      const happening: Record<Fault, (place: number) => Promise<void>> = {
        kill: async (place) => runners.signal(place, "SIGKILL"),
        terminate: async (place) => runners.signal(place, "SIGTERM"),
        stop: async (place) => {
          runners.signal(place, "SIGSTOP");
          await pause(300);
          runners.signal(place, "SIGCONT");
        },
        freeze: async (place) => {
          const { child } = runners.all[place]!;
          child.kill("SIGSTOP");
          setTimeout(() => child.kill("SIGCONT"), 7_000);
        },
        block: async (place) => runners.signal(place, "SIGUSR2"),
        cut: () => cut(),
        restart: () => restart(),
      };
      try {
        for (const fault of faults) {
          await soon("a run to be submitted", submit());
          await soon("a run to be submitted", submit());
          const place = random(3);
          await soon("a runner to be ready", runners.all[place]!.ready);
          await pause(random(250));
          await soon(`the fault "${fault}"`, happening[fault](place));
        }
        for (const id of ids) {
          const run = asked(() => client.runPromise(shared, { count: 12 }, { runId: id }));
          const { second } = await soon(`the end of the run "${id}"`, run);
          expect(second).toBe(12);
        }
        const died = soon('the end of the run "deadly"', client.runPromise(deadly, {}, { runId: "deadly" }));
        await expect(died).rejects.toMatchObject({
          _tag: "SubmittedRunFailed",
          reason: expect.stringContaining("3 times in a row"),
        });
        // It has waited through all of it; now it receives its value, and then it is cancelled.
        await soon("an answer to the signal", client.signalPromise(waiting.id, "ok", "yes"));
        const isHeard = (): boolean =>
          linesOf(log).some(({ runId, what }) => runId === "asking" && what === "ok");
        const heard = async (): Promise<void> => {
          while (!isHeard()) await pause(10);
        };
        await soon("the value to reach its step", heard());
        await soon("an answer to the cancellation", client.cancelPromise(waiting.id));
        const cancelled = soon(
          'the end of the run "asking"',
          client.runPromise(asking, {}, { runId: "asking" }),
        );
        await expect(cancelled).rejects.toMatchObject({
          _tag: "SubmittedRunFailed",
          status: "interrupted",
        });
        const lines = linesOf(log);
        for (const id of ids) {
          const tokens = await Promise.all(
            Array.from({ length: 12 }, (_, i) => Runs.valuePromise(id, `tokens[${i}]`, { store })),
          );
          checkLog(lines, id, tokens as ReadonlyArray<string>);
        }
      } catch (error) {
        const states = await soon("the list of runs", Runs.listPromise({ store })).catch((reason) => reason);
        const told = JSON.stringify(states, ["id", "status", "error", "message"], 1);
        throw new Error(
          `With ESPALIER_SEED=${seed}: ${String(error)}\n${told}\n${runners.said.slice(-6_000)}`,
          {
            cause: error,
          },
        );
      }
    });
  });
};
