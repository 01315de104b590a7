/**
 * The penguins job with `async` functions only: no Effect anywhere, a zod schema for the settings, and a Promise for the
 * result. The functions that count and train are those of the first example.
 */
import { readFile } from "node:fs/promises";
import { pipeline, step } from "espalier";
import * as z from "zod";
import { bestOf, constantGuess, leaderboardText, ranked } from "../penguins/compare.ts";
import { columnsOf, foldOf, oneHot, scaled, tableOf } from "../penguins/features.ts";
import { accuracyOf, crossValidated, kinds } from "../penguins/models.ts";
import { heldOut } from "../penguins/split.ts";

const Model = z.object({
  model: z.enum(["decision tree", "random forest", "nearest neighbours", "logistic regression"]),
  values: z.array(z.int()).min(1),
});
const Settings = z.object({ seed: z.int(), testShare: z.number(), models: z.array(Model).min(1) });
const Rows = z.array(z.record(z.string(), z.union([z.string(), z.number(), z.null()])));

const penguinsFile = new URL("../data/penguins.json", import.meta.resolve("vega-datasets"));
const settingsFile = new URL("../penguins/settings.json", import.meta.url);

const penguins = pipeline("penguins with async functions")
  .input("settings", Settings)
  .step(
    "rows",
    [],
    // The signal stops the reading when the run is stopped, or when an attempt takes too long.
    async (_, { signal }) => {
      const rows = Rows.parse(JSON.parse(await readFile(penguinsFile, { encoding: "utf8", signal })));
      console.log(`${rows.length} rows`);
      return rows;
    },
    { retry: { times: 2, delay: "100 millis", factor: 2 }, timeout: "10 seconds" },
  )
  .step(
    "split",
    ["rows", "settings"],
    async ({ rows, settings }) => {
      const known = rows.map(({ Species, ...cells }) => ({
        species: String(Species),
        cells: { ...cells, Sex: cells["Sex"] === "." ? null : (cells["Sex"] ?? null) },
      }));
      return heldOut(known, settings.testShare, settings.seed);
    },
    { outputs: ["train", "test"] },
  )
  .dynamic("features", ["train", "test"], async ({ train, test }) =>
    pipeline("columns to numbers")
      .addAll(
        columnsOf(train).map((column) =>
          step(`feature ${column.name}`, [], async () => {
            console.log(
              `${column.name}: ${column.kind === "number" ? "scaled" : "one number for each value"}`,
            );
            return column.kind === "number" ? scaled(column) : oneHot(column);
          }),
        ),
      )
      .step("features", ["feature *"], (found) => tableOf(Object.values(found["feature *"]), train, test)),
  )
  .switch("folds", ["features"], ({ features }) => (features.train.rows.length < 2_000 ? "few" : "many"), {
    few: ({ features }) => [0, 1, 2, 3, 4].map((part) => foldOf(features.train, part, 5)),
    many: async ({ features }) => [foldOf(features.train, 0, 10)],
  })
  .step("models", ["settings"], ({ settings }) => settings.models)
  .map("entries", "models", ["features", "folds"], async ({ model, values }, { features, folds }) =>
    pipeline("one model")
      .dynamic("best", [], async () =>
        pipeline("search")
          .addAll(
            values.map((value) =>
              step(`with ${kinds[model].parameter} ${value}`, [], async () => ({
                value,
                validated: crossValidated(model, value, folds),
              })),
            ),
          )
          .step("best", ["with *"], async (trials) => bestOf(Object.values(trials["with *"]))),
      )
      .step("entries", ["best"], async ({ best }, { path }) => {
        const accuracy = accuracyOf(kinds[model].train(features.train, best.value), features.test);
        console.log(`${path}: ${accuracy.toFixed(3)} on the rows held out`);
        return { ...best, model, tried: values.length, accuracy };
      }),
  )
  .step("leaderboard", ["entries"], async ({ entries }) => ranked(entries))
  .step("guess", ["features"], async ({ features }) => constantGuess(features.train, features.test))
  .returns("leaderboard", "guess");

const settings = Settings.parse(JSON.parse(await readFile(settingsFile, "utf8")));
const { guess, leaderboard } = await penguins.runPromise({ settings }, { concurrency: 4 });
console.log(`\n${leaderboardText(leaderboard, guess)}`);
