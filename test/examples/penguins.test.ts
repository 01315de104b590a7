/** The complete example: it finds the species, its graph depends on its data and settings, and every run does the same. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PlanStep } from "espalier";
import { Plan } from "espalier/draw";
import { afterAll, describe, expect, test } from "vitest";
import { constantGuess } from "../../docs/examples/penguins/compare.ts";
import { columnsOf, foldOf, oneHot, scaled, tableOf } from "../../docs/examples/penguins/features.ts";
import { penguins } from "../../docs/examples/penguins/pipeline.ts";
import { heldOut } from "../../docs/examples/penguins/split.ts";
import { example, heldOutAccuracies } from "./example.ts";

const folder = mkdtempSync(join(tmpdir(), "penguins-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Each runs in a separate process, on machines that may have other work. */
const timeout = 60_000;

const fourModels = ["decision tree", "logistic regression", "nearest neighbours", "random forest"];

/** The held-out accuracies: of the constant guess, of the worst model, and the models' names. */
const judged = (printed: string) => {
  const accuracies = new Map(heldOutAccuracies(printed));
  const guess = accuracies.get("a constant guess");
  accuracies.delete("a constant guess");
  return { guess, worst: Math.min(...accuracies.values()), models: [...accuracies.keys()].toSorted() };
};

const stepOf = (plan: Plan | undefined, name: string): PlanStep | undefined =>
  plan?.steps.find((step) => step.name === name);

describe("npm start", { timeout }, () => {
  const printed = example("penguins/main.ts", folder);
  const graph = async (): Promise<Plan> => {
    await printed;
    return JSON.parse(readFileSync(join(folder, "graph.json"), "utf8")) as Plan;
  };

  test("each model reaches over 0.95 on the rows held out, and a constant guess 0.44", async () => {
    const { guess, models, worst } = judged(await printed);
    expect(models).toEqual(fourModels);
    expect(worst).toBeGreaterThan(0.95);
    expect(guess).toBe(0.442);
  });

  test("a second run prints the same, except for the order in which independent steps end", async () => {
    const again = await example("penguins/main.ts", folder);
    const lines = (text: string) => text.split("\n").filter((line) => !line.startsWith("The run computed "));
    expect(lines(again).toSorted()).toEqual(lines(await printed).toSorted());
    expect(await printed).toMatch(
      /^The run computed [\d.]+ s in [\d.]+ s: the threads kept [\d.]+ cores busy\.$/m,
    );
  });

  test("it prints its progress, with the path of each step", async () => {
    const lines = (await printed).split("\n");
    expect(lines).toContain("  penguins: 344 rows, 11 of them with gaps");
    expect(lines).toContain("  features/feature Island: one number for each of Biscoe, Dream, Torgersen");
    expect(lines).toContain("+ entries[random forest]/best grew 4 steps: search");
    expect(lines).toContain("  entries[logistic regression]/best: one value only: no search");
  });

  test("the graph that it writes contains a step for each column, model and value", async () => {
    const plan = await graph();
    expect(stepOf(plan, "features")?.expansions?.[0]?.plan?.steps.map(({ name }) => name)).toEqual([
      "feature Island",
      "feature Beak Length (mm)",
      "feature Beak Depth (mm)",
      "feature Flipper Length (mm)",
      "feature Body Mass (g)",
      "feature Sex",
      "features",
    ]);
    const models = stepOf(plan, "entries")?.expansions ?? [];
    expect(models.map(({ path }) => path)).toEqual([
      "entries[decision tree]",
      "entries[random forest]",
      "entries[nearest neighbours]",
      "entries[logistic regression]",
    ]);
    const searches = models.map((model) => stepOf(model.plan, "best")?.expansions?.[0]?.plan?.steps.length);
    expect(searches).toEqual([6, 4, 6, undefined]);
    expect(stepOf(plan, "folds")?.expansions?.[0]?.plan?.name).toBe("five folds");
  });

  test("Mermaid and DOT are written too", async () => {
    const plan = await graph();
    expect(readFileSync(join(folder, "graph.mmd"), "utf8")).toBe(Plan.toMermaid(plan));
    expect(readFileSync(join(folder, "graph.dot"), "utf8")).toBe(Plan.toDot(plan));
    const picture = readFileSync(join(folder, "graph.svg"), "utf8");
    expect(picture).toBe(Plan.toSvg(plan));
    expect(readFileSync("docs/pictures/penguins.svg", "utf8")).toBe(picture);
  });
});

test("with async functions only, it finds the species just as well", { timeout }, async () => {
  const { guess, models, worst } = judged(await example("penguins-async/main.ts"));
  expect(models).toEqual(fourModels);
  expect(worst).toBeGreaterThan(0.95);
  expect(guess).toBe(0.442);
});

describe("the parts of the job", () => {
  test("invalid settings are refused before any step runs", async () => {
    const settings = {
      seed: 1,
      testShare: 0.2,
      models: [{ model: "decision tree", values: [2.5] }] as const,
    };
    await expect(penguins.runPromise({ settings })).rejects.toMatchObject({
      _tag: "InvalidInput",
      input: "settings",
      issuePath: ["models", 0, "values", 0],
    });
  });

  test("a model with one value is returned directly, without a search", async () => {
    const settings = { seed: 1, testShare: 0.2, models: [{ model: "decision tree", values: [3] }] } as const;
    const { leaderboard } = await penguins.runPromise({ settings });
    expect(leaderboard).toMatchObject([{ model: "decision tree", value: 3, tried: 1 }]);
  });

  const rows = Array.from({ length: 40 }, (_, i) => ({
    species: i < 12 ? "rare" : "common",
    cells: { "Size (mm)": i === 3 ? null : i, Place: i === 5 ? null : i % 2 === 0 ? "east" : "west" },
  }));

  test("the rows held out include all species in proportion, and none is trained on", () => {
    const { test: held, train } = heldOut(rows, 0.25, 1);
    expect([held.length, train.length]).toEqual([10, 30]);
    expect(held.filter(({ species }) => species === "rare")).toHaveLength(3);
    expect(new Set([...held, ...train]).size).toBe(40);
    expect(heldOut(rows, 0.25, 1)).toEqual({ test: held, train });
  });

  test("columns are scaled or one-hot encoded by their contents, and a gap becomes the mean or no value", () => {
    const columns = columnsOf(rows);
    expect(columns).toMatchObject([
      { name: "Size (mm)", kind: "number" },
      { name: "Place", kind: "category", values: ["east", "west"] },
    ]);
    const features = columns.map((column) => (column.kind === "number" ? scaled(column) : oneHot(column)));
    const { columns: labels, species, train } = tableOf(features, rows, []);
    expect(labels).toEqual(["Size (mm)", "Place = east", "Place = west"]);
    expect(species).toEqual(["common", "rare"]);
    expect(train.rows[3]).toEqual([0, 0, 1]);
    expect(train.rows[5]?.slice(1)).toEqual([0, 0]);
    const sizes = train.rows.flatMap(([size]) => size ?? []);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeCloseTo(0);
  });

  test("the folds together test each row once", () => {
    const table = { rows: rows.map((_, i) => [i]), labels: rows.map(() => 0) };
    const judged = [0, 1, 2].flatMap((part) => foldOf(table, part, 3).judge.rows.flat());
    expect(judged.toSorted((a, b) => a - b)).toEqual(rows.map((_, i) => i));
    expect(foldOf(table, 0, 3).train.rows.flat()).not.toContain(0);
  });

  test("a constant guess is as accurate as the share of the most frequent species", () => {
    expect(constantGuess({ rows: [], labels: [1, 1, 0] }, { rows: [], labels: [1, 0, 0, 1, 0] })).toBe(0.4);
  });
});
