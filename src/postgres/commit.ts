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
import type { Names, Table } from "./schema.ts";

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

type Type = "bigint" | "int" | "text";
type Cell = string | number;

/** Collects parameters, and returns the SQL that refers to them. */
class Parameters {
  readonly values: Array<Parameter> = [];

  of(value: Cell, type: Type): string {
    return `$${this.values.push(String(value))}::${type}`;
  }

  list(values: ReadonlyArray<Cell>, type: Type): string {
    const list = type === "text" ? values.map(String) : numbers(values as ReadonlyArray<number>);
    return `$${this.values.push(list)}::${type}[]`;
  }

  /** A table `u` of these rows. Postgres does not plan the statement of a single row again each time. */
  rows(columns: Readonly<Record<string, Type>>, rows: ReadonlyArray<ReadonlyArray<Cell>>): string {
    const names = Object.keys(columns);
    const types = Object.values(columns);
    const [first] = rows;
    const source =
      rows.length === 1
        ? `(VALUES (${types.map((type, i) => this.of(first![i]!, type)).join(", ")}))`
        : `unnest(${types
            .map((type, i) =>
              this.list(
                rows.map((row) => row[i]!),
                type,
              ),
            )
            .join(", ")})`;
    return `${source} AS u (${names.join(", ")})`;
  }
}

/**
 * Locks the runs that still have their epoch, one index lookup each: joined as tables, they would be found by reading all
 * runs whenever Postgres has no statistics yet. In the order of their numbers, so that two processes cannot block each other.
 */
const locked = (parts: ReadonlyArray<Part>, p: Parameters, table: Names["table"]): string => {
  const found = (run: string, epoch: string): string =>
    `SELECT r.run FROM ${table("runs")} AS r WHERE r.run = ${run} AND r.epoch = ${epoch} FOR NO KEY UPDATE OF r`;
  const [first, second] = parts;
  if (second === undefined) return found(p.of(first!.run, "bigint"), p.of(first!.epoch, "int"));
  const owned = parts.map(({ run, epoch }) => [run, epoch]).toSorted(([a], [b]) => a! - b!);
  const rows = p.rows({ run: "bigint", epoch: "int" }, owned);
  return `SELECT r.run FROM ${rows} CROSS JOIN LATERAL (${found("u.run", "u.epoch")}) AS r`;
};

export const commitStatement = (
  parts: ReadonlyArray<Part>,
  { table }: Names,
): { readonly text: string; readonly parameters: ReadonlyArray<Parameter> } => {
  const p = new Parameters();
  const withs = [`me AS MATERIALIZED (${locked(parts, p, table)})`];
  const rowsOf = <Item>(
    items: (part: Part) => Iterable<Item>,
    row: (item: Item, part: Part) => ReadonlyArray<Cell>,
  ): ReadonlyArray<ReadonlyArray<Cell>> =>
    parts.flatMap((part) => Array.from(items(part), (item) => [part.run, ...row(item, part)]));
  const insert = (
    name: string,
    into: Table,
    columns: Readonly<Record<string, Type>>,
    rows: ReadonlyArray<ReadonlyArray<Cell>>,
    onConflict = "ON CONFLICT DO NOTHING",
  ): void => {
    if (rows.length === 0) return;
    const all = { run: "bigint", ...columns } as const;
    withs.push(`${name} AS (INSERT INTO ${table(into)} (${Object.keys(all).join(", ")})
      SELECT u.* FROM ${p.rows(all, rows)} JOIN me ON me.run = u.run ${onConflict})`);
  };

  insert(
    "chunk",
    "chunks",
    { seq: "int", count: "int", time: "bigint", lines: "text", crc: "bigint" },
    rowsOf(
      ({ chunks }) => chunks,
      ({ seq, count, time, lines, crc }) => [seq, count, time, lines, crc],
    ),
  );
  insert(
    "event",
    "events",
    { epoch: "int", number: "int", time: "bigint", type: "text", path: "text", detail: "text" },
    rowsOf(
      ({ events }) => events,
      ({ number, time, type, path, detail }, { epoch }) => [epoch, number, time, type, path, detail],
    ),
  );
  insert(
    "hold",
    "holds",
    { hash: "text" },
    rowsOf(
      ({ holds }) => holds,
      (hash) => [hash],
    ),
  );
  insert(
    "waiting",
    "waits",
    { key: "text", path: "text", since: "bigint", text: "text" },
    rowsOf(
      ({ waits }) => waits,
      ([path, { since, text }]) => [hashOf(path), path, since, text],
    ),
    "ON CONFLICT (run, key) DO UPDATE SET since = excluded.since, text = excluded.text",
  );
  withs.push(...unwaited(parts, p, table));
  const messages = parts.flatMap(({ taken }) => taken);
  const taken = messages.length === 0 ? undefined : p.list(messages, "bigint");
  if (taken !== undefined) {
    withs.push(`took AS (UPDATE ${table("messages")} AS m SET taken = true FROM me
      WHERE m.run = me.run AND m.message = ANY (${taken}))`);
  }
  const surviving = parts.filter(({ survives, end }) => survives && end === undefined);
  if (surviving.length > 0) {
    withs.push(`survived AS (UPDATE ${table("runs")} AS r SET crashes = 0 FROM me
      WHERE r.run = me.run AND ${isOneOf("r.run", surviving, p)})`);
  }
  withs.push(...ended(parts, p, taken, table));
  return {
    text: `WITH ${withs.join(",\n")}\nSELECT run::float8 AS run FROM me`,
    parameters: p.values,
  };
};

/** SQL: whether a column is the number of one of these runs. */
const isOneOf = (column: string, parts: ReadonlyArray<Part>, p: Parameters): string =>
  parts.length === 1
    ? `${column} = ${p.of(parts[0]!.run, "bigint")}`
    : `${column} = ANY (${p.list(
        parts.map(({ run }) => run),
        "bigint",
      )})`;

/** Steps stop waiting, unless the same commit records that they wait again. */
const unwaited = (
  parts: ReadonlyArray<Part>,
  p: Parameters,
  table: Names["table"],
): ReadonlyArray<string> => {
  const paths = parts.flatMap(({ run, unwaits }) => unwaits.map((path) => [run, path]));
  if (paths.length === 0) return [];
  const waits = parts.flatMap((part) =>
    [...part.waits.keys()].map((path) => [part.run, hashOf(path)] as const),
  );
  const kept =
    waits.length === 0
      ? ""
      : `AND NOT EXISTS (SELECT FROM unnest(${p.list(
          waits.map(([run]) => run),
          "bigint",
        )}, ${p.list(
          waits.map(([, key]) => key),
          "text",
        )}) AS k (run, key) WHERE k.run = w.run AND k.key = w.key)`;
  return [
    `unwaited AS (DELETE FROM ${table("waits")} AS w USING ${p.rows({ run: "bigint", path: "text" }, paths)}, me
      WHERE me.run = u.run AND w.run = u.run
        AND (w.path = u.path OR starts_with(w.path, u.path || '/') OR starts_with(w.path, u.path || '[')) ${kept})`,
  ];
};

const ended = (
  parts: ReadonlyArray<Part>,
  p: Parameters,
  taken: string | undefined,
  table: Names["table"],
): ReadonlyArray<string> => {
  const ending = parts.filter(({ end }) => end !== undefined);
  if (ending.length === 0) return [];
  const rows = ending.map(({ run, end }) => {
    const { status, error, time, records } = end!;
    return [run, status ?? "", error ?? "", Math.round(time), records, Date.now()];
  });
  const columns = {
    run: "bigint",
    status: "text",
    error: "text",
    ended: "bigint",
    records: "int",
    active: "bigint",
  } as const;
  const withs = [
    `ended AS (UPDATE ${table("runs")} AS r SET
       status = CASE WHEN u.status = '' THEN r.status ELSE u.status END,
       error = nullif(u.error, ''),
       ended = CASE WHEN u.status = '' THEN NULL ELSE u.ended END,
       records = CASE WHEN u.status = '' THEN NULL ELSE u.records END,
       crashes = CASE WHEN u.status = '' THEN r.crashes ELSE 0 END,
       active = u.active, owner = NULL, claim = NULL
     FROM me, ${p.rows(columns, rows)}
     WHERE r.run = me.run AND u.run = me.run AND ${isOneOf("r.run", ending, p)})`,
    `uncancelled AS (DELETE FROM ${table("messages")} AS m USING me
     WHERE m.run = me.run AND m.type = 'cancel' AND ${isOneOf("m.run", ending, p)})`,
  ];
  const succeeded = ending.filter(({ end }) => end!.status === "succeeded");
  if (succeeded.length === 0) return withs;
  withs.push(
    `refused AS (UPDATE ${table("messages")} AS m SET taken = true, answer = ${p.of(JSON.stringify(endedAnswer), "text")}
     FROM me WHERE m.run = me.run AND ${isOneOf("m.run", succeeded, p)} AND NOT m.taken AND m.type = 'signal'
       ${taken === undefined ? "" : `AND NOT m.message = ANY (${taken})`})`,
    `unwaited_all AS (DELETE FROM ${table("waits")} AS w USING me
     WHERE w.run = me.run AND ${isOneOf("w.run", succeeded, p)})`,
  );
  return withs;
};
