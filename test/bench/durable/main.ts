/**
 * The cost of a durable run, compared with the same run in memory and with the naive way: an insert and a commit for each
 * step. `node --conditions=espalier-source test/bench/durable/main.ts` prints one table.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import * as Effect from "effect/Effect";
import { pipeline, resume, type } from "espalier";
import { SqliteStore } from "espalier/sqlite";

const folder = mkdtempSync(join(tmpdir(), "espalier-bench-"));
let files = 0;
const newFile = (): string => join(folder, `${files++}.db`);

const items = Array.from({ length: 100_000 }, (_, i) => i);

/** 100,000 items, 512 running at once. */
const fan = (record: (path: string, value: number) => void) =>
  pipeline("fan")
    .input("items", type<ReadonlyArray<number>>())
    .map(
      "done",
      "items",
      [],
      async (item, _, { path }) => {
        await Promise.resolve();
        record(path, item);
        return item;
      },
      { concurrency: 512 },
    )
    .step("sum", ["done"], ({ done }) => done.reduce((a, b) => a + b, 0))
    .returns("sum");

const length = 2000;

const chain = () => {
  let built: any = pipeline("chain").step("s0", [], () => 0);
  for (let i = 1; i < length; i++) {
    const before = `s${i - 1}`;
    built = built.step(`s${i}`, [before], (inputs: Readonly<Record<string, number>>) => inputs[before]! + 1);
  }
  return built.returns(`s${length - 1}`);
};

const timed = async (run: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await run();
  return performance.now() - began;
};

const naiveTable = (file: string) => {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec("CREATE TABLE steps (path TEXT PRIMARY KEY, value TEXT)");
  const insert = database.prepare("INSERT INTO steps (path, value) VALUES (?, ?)");
  return { insert, database };
};

const nothing = (): void => {};

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;

const fans = { memory: [] as Array<number>, durable: [] as Array<number>, naive: [] as Array<number> };
const chains = { raw: [] as Array<number>, durable: [] as Array<number> };
const replays: Array<number> = [];
let bytes = 0;
const built = chain();

for (let round = 0; round < 5; round++) {
  fans.memory.push(await timed(() => fan(nothing).runPromise({ items })));

  const file = newFile();
  await Effect.runPromise(
    Effect.gen(function* () {
      const p = fan(nothing);
      fans.durable.push(
        yield* Effect.promise(async () => 0).pipe(
          Effect.flatMap(() => {
            const began = performance.now();
            return Effect.map(p.run({ items }, { runId: "fan" }), () => performance.now() - began);
          }),
        ),
      );
    }).pipe(Effect.provide(SqliteStore.layer({ filename: file }))),
  );
  bytes = statSync(file).size / items.length;
  replays.push(
    await timed(() =>
      Effect.runPromise(resume(fan(nothing), "fan", { store: SqliteStore.layer({ filename: file }) })),
    ),
  );

  // The naive way is slow: a tenth of the steps is enough to find its rate.
  const { insert, database } = naiveTable(newFile());
  const some = items.slice(0, 10_000);
  const naive = fan((path, value) => insert.run(path, String(value)));
  fans.naive.push((await timed(() => naive.runPromise({ items: some }))) * 10);
  database.close();

  const raw = naiveTable(newFile());
  chains.raw.push(
    await timed(async () => {
      for (let i = 0; i < length; i++) raw.insert.run(`s${i}`, String(i));
    }),
  );
  raw.database.close();
  await Effect.runPromise(
    Effect.gen(function* () {
      const began = performance.now();
      yield* built.run({}, {}) as Effect.Effect<unknown>;
      chains.durable.push(performance.now() - began);
    }).pipe(Effect.provide(SqliteStore.layer({ filename: newFile() }))),
  );
}

const rate = (count: number, millis: number): string => `${Math.round(count / millis)} k/s`;
const fanMedian = {
  memory: median(fans.memory),
  durable: median(fans.durable),
  naive: median(fans.naive),
};
const chainMedian = { raw: median(chains.raw), durable: median(chains.durable) };
console.log(`fan-out of 100,000, 512 running
  memory        ${rate(items.length, fanMedian.memory)}
  durable       ${rate(items.length, fanMedian.durable)}   ${(fanMedian.durable / fanMedian.memory).toFixed(2)} times the time of memory (at most 3)
  naive         ${rate(items.length, fanMedian.naive)}   durable is ${(fanMedian.naive / fanMedian.durable).toFixed(1)} times as fast (at least 15)
chain of ${length}
  raw commits   ${Math.round((length / chainMedian.raw) * 1000)} /s
  durable       ${Math.round((length / chainMedian.durable) * 1000)} /s   ${(chainMedian.raw / chainMedian.durable).toFixed(2)} of raw (at least 0.8)
replay of 100,000 recorded steps
  ${Math.round(median(replays))} ms (under 2,000)
file
  ${bytes.toFixed(0)} bytes a step, its output of about 5 among them (under 200)`);
rmSync(folder, { recursive: true });
