/** The building blocks of store laws: the type of a law, and helpers that its check uses to query a store and compare. */
import type { Effect } from "effect/Effect";
import * as Effects from "effect/Effect";
import type { Entry } from "../journal/records.ts";
import { Kind } from "../journal/records.ts";
import type { Answer, Claim, Journal, Message, NewRun, RunDetails, StoreService } from "../journal/store.ts";

/** One law: the rule, and the check, which throws if the rule is broken. */
export interface StoreLaw {
  readonly name: string;
  readonly sentence: string;
  readonly check: (store: StoreService) => Promise<void>;
}

export const ask = <Value>(effect: Effect<Value, unknown>): Promise<Value> => Effects.runPromise(effect);

export const must = (condition: boolean, otherwise: string): void => {
  if (!condition) throw new Error(otherwise);
};

export const same = (actual: unknown, expected: unknown, what: string): void => {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  must(a === b, `${what}: expected ${b?.slice(0, 300)}, and got ${a?.slice(0, 300)}`);
};

export const newRun = (id: string, time = Date.now()): NewRun => ({
  id,
  pipeline: "p",
  shape: '{"steps":[]}',
  inputs: "{}",
  origin: undefined,
  time,
});

export const claimed = async (
  store: StoreService,
  id: string,
  run?: NewRun,
): Promise<Extract<Claim, { journal: Journal }>> => {
  const claim = await ask(store.claim(id, run));
  if ("journal" in claim) return claim;
  throw new Error(`run "${id}" could not be claimed: it is ${claim.type}`);
};

export const begin = async (store: StoreService, id: string, time?: number): Promise<Journal> =>
  (await claimed(store, id, newRun(id, time))).journal;

export const entry = (path: string, text: string, more: Partial<Entry> = {}): Entry => ({
  kind: Kind.outcome,
  path,
  text,
  began: 1_000,
  ended: 2_000,
  attempt: 1,
  ...more,
});

export const append = (journal: Journal, one: Entry): Promise<void> =>
  new Promise((resolve) => {
    journal.append(one, resolve);
  });

export const end = (
  journal: Journal,
  status: Parameters<Journal["end"]>[0],
  error?: string,
  time = Date.now(),
): Promise<void> =>
  new Promise((resolve, reject) => {
    journal.end(status, error, time, (problem) => (problem === undefined ? resolve() : reject(problem)));
  });

export const found = async (store: StoreService, id: string): Promise<RunDetails> => {
  const run = await ask(store.find(id));
  must(run !== undefined, `run "${id}" is not found`);
  return run!;
};

/** Waits long enough for a store to deliver its messages. */
export const soon = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 150);
  });

/** Texts that a careless store corrupts: marks, escapes, separators, halves of characters, sizes. */
export const texts: ReadonlyArray<string> = [
  '""',
  '"#abc"',
  '"$x"',
  "null",
  '~[null,[[[],"undefined"]]]',
  JSON.stringify('tab\t line\n nul\u0000 quote" back\\ é 日本 🎈'),
  JSON.stringify("\ud800"),
  JSON.stringify("x".repeat(300_000)),
  JSON.stringify("ü".repeat(300_000)),
];

export const paths: ReadonlyArray<string> = [
  "a",
  "a/b",
  "map[0]",
  "map[key with = and \u202e]/x",
  "日本/é",
  "O'Brien\"--",
];

export const signalTo = (runId: string, path: string, text: string) => ({
  runId,
  type: "signal" as const,
  path,
  text,
  time: Date.now(),
});

export const cancelOf = (runId: string) => ({ ...signalTo(runId, "", "null"), type: "cancel" as const });

/** An owner that records each signal, as a run does. Returns the messages it received. */
export const hears = async (journal: Journal): Promise<ReadonlyArray<Message>> => {
  const got: Array<Message> = [];
  journal.onMessage = async (message): Promise<Answer> => {
    got.push(message);
    if (message.type === "signal") {
      await append(journal, entry(message.path, message.text, { kind: Kind.signal, message: message.id }));
    }
    return { type: "delivered" };
  };
  await journal.receive();
  return got;
};
