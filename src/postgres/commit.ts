/**
 * One commit: everything that the runs of this process have to record, as one statement. It first locks the rows of those runs
 * that still have the epoch they were claimed with; it writes nothing for the others. Sent twice, it writes once.
 */
import type { RunStatus } from "../journal/store.ts";
import { endedAnswer } from "../stores/messages.ts";
import type { ChunkRow } from "../stores/rows.ts";
import { hashOf } from "../stores/texts.ts";
import type { Parameter } from "./database.ts";
import { numbers } from "./database.ts";
import type { Names } from "./schema.ts";

export interface EventRow {
  readonly number: number;
  readonly time: number;
  readonly type: string;
  readonly path: string;
  readonly detail: string;
}

export interface EndRow {
  /** Undefined: the run is released for others to take over. */
  readonly status: Exclude<RunStatus, "running" | "crashed"> | undefined;
  readonly error: string | undefined;
  readonly time: number;
  readonly records: number;
}

/** The records of one run. */
export interface Part {
  readonly run: number;
  readonly epoch: number;
  readonly chunks: ReadonlyArray<ChunkRow>;
  readonly events: ReadonlyArray<EventRow>;
  /** The steps that start to wait, by path, and those that stop waiting, including all beneath them. */
  readonly waits: ReadonlyMap<string, { readonly since: number; readonly text: string }>;
  readonly unwaits: ReadonlyArray<string>;
  /** The messages that are recorded. */
  readonly taken: ReadonlyArray<number>;
  /** The texts that are stored separately and that these records refer to. */
  readonly holds: ReadonlyArray<string>;
  /** The first record since a claim that followed a crash. */
  readonly survives: boolean;
  readonly end: EndRow | undefined;
}

/** Collects columns of arrays: `of` returns the placeholder of a parameter. */
class Parameters {
  readonly values: Array<Parameter> = [];

  text(value: string): string {
    return `$${this.values.push(value)}`;
  }

  ints(values: ReadonlyArray<number>, type: "int" | "bigint"): string {
    return `${this.text(numbers(values))}::${type}[]`;
  }

  texts(values: ReadonlyArray<string>): string {
    return `$${this.values.push(values)}::text[]`;
  }
}

const flat = <Item, Value>(
  parts: ReadonlyArray<Part>,
  items: (part: Part) => Iterable<Item>,
  value: (item: Item, part: Part) => Value,
): ReadonlyArray<Value> => parts.flatMap((part) => Array.from(items(part), (item) => value(item, part)));

export const commitStatement = (
  parts: ReadonlyArray<Part>,
  { table }: Names,
): { readonly text: string; readonly parameters: ReadonlyArray<Parameter> } => {
  const p = new Parameters();
  const of = flat.bind(undefined, parts) as <Item, Value>(
    items: (part: Part) => Iterable<Item>,
    value: (item: Item, part: Part) => Value,
  ) => ReadonlyArray<Value>;
  const runsOf = <Item>(items: (part: Part) => Iterable<Item>): string =>
    p.ints(
      of(items, (_, part) => part.run),
      "bigint",
    );
  const withs = [
    `me AS MATERIALIZED (SELECT r.run FROM ${table("runs")} AS r JOIN unnest(${p.ints(
      parts.map(({ run }) => run),
      "bigint",
    )}, ${p.ints(
      parts.map(({ epoch }) => epoch),
      "int",
    )}) AS o (run, epoch) ON o.run = r.run AND o.epoch = r.epoch ORDER BY r.run FOR NO KEY UPDATE OF r)`,
  ];
  const has = (items: (part: Part) => { readonly length: number }): boolean =>
    parts.some((part) => items(part).length > 0);

  if (has(({ chunks }) => chunks)) {
    const chunks = (part: Part) => part.chunks;
    withs.push(`chunk AS (INSERT INTO ${table("chunks")} (run, seq, count, time, lines, crc)
      SELECT u.* FROM unnest(${runsOf(chunks)}, ${p.ints(
        of(chunks, ({ seq }) => seq),
        "int",
      )}, ${p.ints(
        of(chunks, ({ count }) => count),
        "int",
      )}, ${p.ints(
        of(chunks, ({ time }) => time),
        "bigint",
      )}, ${p.texts(of(chunks, ({ lines }) => lines))}, ${p.ints(
        of(chunks, ({ crc }) => crc),
        "bigint",
      )}) AS u (run, seq, count, time, lines, crc) JOIN me ON me.run = u.run ON CONFLICT DO NOTHING)`);
  }
  if (has(({ events }) => events)) {
    const events = (part: Part) => part.events;
    withs.push(`event AS (INSERT INTO ${table("events")} (run, epoch, number, time, type, path, detail)
      SELECT u.* FROM unnest(${runsOf(events)}, ${p.ints(
        of(events, (_, { epoch }) => epoch),
        "int",
      )}, ${p.ints(
        of(events, ({ number }) => number),
        "int",
      )}, ${p.ints(
        of(events, ({ time }) => time),
        "bigint",
      )}, ${p.texts(of(events, ({ type }) => type))}, ${p.texts(of(events, ({ path }) => path))}, ${p.texts(
        of(events, ({ detail }) => detail),
      )}) AS u (run, epoch, number, time, type, path, detail) JOIN me ON me.run = u.run ON CONFLICT DO NOTHING)`);
  }
  if (has(({ holds }) => holds)) {
    const holds = (part: Part) => part.holds;
    withs.push(`hold AS (INSERT INTO ${table("holds")} (run, hash)
      SELECT u.* FROM unnest(${runsOf(holds)}, ${p.texts(of(holds, (hash) => hash))}) AS u (run, hash)
      JOIN me ON me.run = u.run ON CONFLICT DO NOTHING)`);
  }
  const waits = ({ waits: all }: Part) => [...all];
  const isWaiting = has(waits);
  if (isWaiting) {
    withs.push(`waiting AS (INSERT INTO ${table("waits")} (run, key, path, since, text)
      SELECT u.* FROM unnest(${runsOf(waits)}, ${p.texts(of(waits, ([path]) => hashOf(path)))}, ${p.texts(
        of(waits, ([path]) => path),
      )}, ${p.ints(
        of(waits, ([, { since }]) => since),
        "bigint",
      )}, ${p.texts(of(waits, ([, { text }]) => text))}) AS u (run, key, path, since, text)
      JOIN me ON me.run = u.run
      ON CONFLICT (run, key) DO UPDATE SET since = excluded.since, text = excluded.text)`);
  }
  if (has(({ unwaits }) => unwaits)) {
    const unwaits = (part: Part) => part.unwaits;
    const kept = isWaiting
      ? `AND NOT EXISTS (SELECT FROM unnest(${runsOf(waits)}, ${p.texts(
          of(waits, ([path]) => hashOf(path)),
        )}) AS k (run, key) WHERE k.run = w.run AND k.key = w.key)`
      : "";
    withs.push(`unwaited AS (DELETE FROM ${table("waits")} AS w
      USING unnest(${runsOf(unwaits)}, ${p.texts(of(unwaits, (path) => path))}) AS u (run, path), me
      WHERE me.run = u.run AND w.run = u.run
        AND (w.path = u.path OR starts_with(w.path, u.path || '/') OR starts_with(w.path, u.path || '[')) ${kept})`);
  }
  const messages = of(
    (part) => part.taken,
    (message) => message,
  );
  const taken = messages.length === 0 ? undefined : p.ints(messages, "bigint");
  if (taken !== undefined) {
    withs.push(`took AS (UPDATE ${table("messages")} AS m SET taken = true FROM me
      WHERE m.run = me.run AND m.message = ANY (${taken}))`);
  }
  const ending = parts.filter(({ end }) => end !== undefined);
  const surviving = parts.filter(({ survives, end }) => survives && end === undefined);
  if (surviving.length > 0) {
    withs.push(`survived AS (UPDATE ${table("runs")} AS r SET crashes = 0 FROM me
      WHERE r.run = me.run AND r.run = ANY (${p.ints(
        surviving.map(({ run }) => run),
        "bigint",
      )}))`);
  }
  if (ending.length > 0) withs.push(...endings(ending, p, taken, table));
  return {
    text: `WITH ${withs.join(",\n")}\nSELECT run::float8 AS run FROM me`,
    parameters: p.values,
  };
};

const endings = (
  ending: ReadonlyArray<Part>,
  p: Parameters,
  taken: string | undefined,
  table: Names["table"],
): ReadonlyArray<string> => {
  const runs = p.ints(
    ending.map(({ run }) => run),
    "bigint",
  );
  const ends = ending.map(({ end }) => end!);
  const succeeded = ending.filter(({ end }) => end!.status === "succeeded");
  const withs = [
    `ended AS (UPDATE ${table("runs")} AS r SET
       status = CASE WHEN u.status = '' THEN r.status ELSE u.status END,
       error = nullif(u.error, ''),
       ended = CASE WHEN u.status = '' THEN NULL ELSE u.ended END,
       records = CASE WHEN u.status = '' THEN NULL ELSE u.records END,
       crashes = CASE WHEN u.status = '' THEN r.crashes ELSE 0 END,
       active = u.active, owner = NULL, claim = NULL
     FROM me, unnest(${runs}, ${p.texts(ends.map(({ status }) => status ?? ""))}, ${p.texts(
       ends.map(({ error }) => error ?? ""),
     )}, ${p.ints(
       ends.map(({ time }) => Math.round(time)),
       "bigint",
     )}, ${p.ints(
       ends.map(({ records }) => records),
       "int",
     )}, ${p.ints(
       ends.map(() => Date.now()),
       "bigint",
     )}) AS u (run, status, error, ended, records, active)
     WHERE r.run = me.run AND u.run = me.run)`,
    `uncancelled AS (DELETE FROM ${table("messages")} AS m USING me
     WHERE m.run = me.run AND m.type = 'cancel' AND m.run = ANY (${runs}))`,
  ];
  if (succeeded.length === 0) return withs;
  const over = p.ints(
    succeeded.map(({ run }) => run),
    "bigint",
  );
  withs.push(
    `refused AS (UPDATE ${table("messages")} AS m SET taken = true, answer = ${p.text(JSON.stringify(endedAnswer))}
     FROM me WHERE m.run = me.run AND m.run = ANY (${over}) AND NOT m.taken AND m.type = 'signal'
       ${taken === undefined ? "" : `AND NOT m.message = ANY (${taken})`})`,
    `unwaited_all AS (DELETE FROM ${table("waits")} AS w USING me WHERE w.run = me.run AND w.run = ANY (${over}))`,
  );
  return withs;
};
