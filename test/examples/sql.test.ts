/** The SQL models: the graph follows from the files, and a check that finds a row fails the run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { warehouse } from "../../docs/examples/sql/pipeline.ts";
import { root } from "./example.ts";

const folder = mkdtempSync(join(tmpdir(), "espalier-sql-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A project with these models and checks, by name. */
const project = (name: string, models: Record<string, string>, checks: Record<string, string>): string => {
  for (const [kind, queries] of Object.entries({ models, checks })) {
    const inside = join(folder, name, kind);
    mkdirSync(inside, { recursive: true });
    for (const [query, sql] of Object.entries(queries)) writeFileSync(join(inside, `${query}.sql`), sql);
  }
  return join(folder, name);
};

test("each file becomes a step, which reads the models that its SQL refers to", async () => {
  const run = await warehouse.startPromise({ folder: join(root, "docs/examples/sql") });
  const { rows, hubs } = await run.result;
  expect(rows).toMatchObject({ "model airports": 3376, "model flights": 10_000, "model states": 51 });
  expect(hubs).toHaveLength(3);
  const steps = run.plan.steps.find(({ name }) => name === "rows")?.expansions?.[0]?.plan?.steps ?? [];
  const readBy = Object.fromEntries(
    steps.map(({ name, inputs }) => [name, inputs.map((input) => input.name)]),
  );
  expect(readBy).toMatchObject({
    "model airports": [],
    "model hubs": ["model routes", "model airports"],
    "model states": ["model hubs"],
    "check no-flight-is-lost": ["model routes", "model flights"],
  });
});

test("a check that finds a row fails the run, with its name", async () => {
  const one = project(
    "checked",
    { one: "select 1 as n" },
    { positive: "select n from {{ one }} where n > 0" },
  );
  await expect(warehouse.runPromise({ folder: one })).rejects.toThrow(
    'Step "rows/check positive" failed: It found the row {"n":1}',
  );
});

test("a check that finds a row interrupts the queries under way", { timeout: 60_000 }, async () => {
  const endless = "select sum(a.range + b.range) as n from range(10000000) as a, range(10000000) as b";
  const both = project("interrupted", { one: "select 1 as n", endless }, { none: "from {{ one }}" });
  const interrupted: Array<string> = [];
  const run = await warehouse.startPromise(
    { folder: both },
    { onEvent: (event) => event.type === "step.interrupted" && interrupted.push(event.path) },
  );
  await expect(run.result).rejects.toThrow('Step "rows/check none" failed');
  expect(interrupted).toContain("rows/model endless");
  expect(run.report.leaked).toEqual([]);
});

test("a reference to a missing model, or in a cycle, fails before any SQL runs", async () => {
  const missing = project("missing", { one: "select * from {{ two }}" }, {});
  await expect(warehouse.runPromise({ folder: missing })).rejects.toThrow('It reads "model two"');
  const cycle = project("cycle", { a: "select * from {{ b }}", b: "select * from {{ a }}" }, {});
  await expect(warehouse.runPromise({ folder: cycle })).rejects.toThrow("These steps form a cycle");
});
