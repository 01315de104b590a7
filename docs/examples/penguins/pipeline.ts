/**
 * From the penguins file to a leaderboard of classifiers. Which columns there are, how many models are compared and
 * how many values each tries is known only when the data and the settings have been read: the pipeline grows by them.
 */
import { pipeline, step } from "espalier";
import { bestOf, constantGuess, ranked } from "./compare.ts";
import { readPenguins, Settings } from "./data.ts";
import type { ModelSettings } from "./data.ts";
import type { Column, Features, Fold } from "./features.ts";
import { columnsOf, foldOf, oneHot, scaled, tableOf } from "./features.ts";
import { accuracyOf, crossValidated, kinds } from "./models.ts";
import { heldOut } from "./split.ts";

const file = new URL("../data/penguins.json", import.meta.resolve("vega-datasets"));

/** One step for a column, by what the column holds. */
const featureStep = (column: Column) =>
  column.kind === "number"
    ? step(`feature ${column.name}`, [], (_, { log }) => {
        log(`scaled: mean ${column.mean.toFixed(1)}, deviation ${column.deviation.toFixed(1)}`);
        return scaled(column);
      })
    : step(`feature ${column.name}`, [], (_, { log }) => {
        log(`one number for each of ${column.values.join(", ")}`);
        return oneHot(column);
      });

/**
 * The hyper-parameter search of one model: one training step for each value, and one that compares them. Where there is
 * one value only there is nothing to search, and a direct value does. Training computes, so it is done on worker threads,
 * where the run has some.
 */
const oneModel = ({ model, values }: ModelSettings, features: Features, folds: ReadonlyArray<Fold>) => {
  const { parameter, train } = kinds[model];
  return pipeline("one model")
    .dynamic("best", [], (_, { log }) => {
      if (values.length === 1) {
        log("one value only: no search");
        return { value: values[0], validated: crossValidated(model, values[0], folds) };
      }
      return pipeline("search")
        .addAll(
          values.map((value) =>
            step(
              `with ${parameter} ${value}`,
              [],
              (_, { log }) => {
                const validated = crossValidated(model, value, folds);
                log(`${validated.toFixed(3)} in cross-validation`);
                return { value, validated };
              },
              { where: "worker" },
            ),
          ),
        )
        .step("best", ["with *"], (trials) => bestOf(Object.values(trials["with *"])));
    })
    .step(
      "entries",
      ["best"],
      ({ best }, { log }) => {
        const accuracy = accuracyOf(train(features.train, best.value), features.test);
        log(`${parameter} ${best.value}: ${accuracy.toFixed(3)} on the rows held out`);
        return { ...best, model, tried: values.length, accuracy };
      },
      { where: "worker" },
    );
};

export const penguins = pipeline("penguins")
  .input("settings", Settings)
  .step("penguins", [], async (_, { log }) => {
    const rows = await readPenguins(file);
    const gaps = rows.filter(({ cells }) => Object.values(cells).includes(null)).length;
    log(`${rows.length} rows, ${gaps} of them with gaps`);
    return rows;
  })
  .step(
    "split",
    ["penguins", "settings"],
    ({ penguins, settings }, { log }) => {
      const parts = heldOut(penguins, settings.testShare, settings.seed);
      log(`${parts.train.length} rows to train on, ${parts.test.length} held out`);
      return parts;
    },
    { outputs: ["train", "test"] },
  )
  .step("columns", ["train"], ({ train }) => columnsOf(train))
  // Feature engineering by the data: a step for each column, then one that reads them all with a glob.
  .dynamic("features", ["columns", "train", "test"], ({ columns, train, test }) =>
    pipeline("columns to numbers")
      .addAll(columns.map(featureStep))
      .step("features", ["feature *"], (found) => tableOf(Object.values(found["feature *"]), train, test)),
  )
  // Fan-out by the size of the data: few rows are cut into five folds, of many rows a tenth is enough to judge by.
  .switch("folds", ["features"], ({ features }) => (features.train.rows.length < 2_000 ? "few" : "many"), {
    few: ({ features }) =>
      pipeline("five folds")
        .step("parts", [], () => [0, 1, 2, 3, 4])
        .map("folds", "parts", [], (part) => foldOf(features.train, part, 5)),
    many: ({ features }) => [foldOf(features.train, 0, 10)],
  })
  // One model for each entry of the settings, each with a search nested inside.
  .step("models", ["settings"], ({ settings }) => settings.models)
  .map(
    "entries",
    "models",
    ["features", "folds"],
    (asked, { features, folds }) => oneModel(asked, features, folds),
    {
      key: ({ model }) => model,
    },
  )
  .step("leaderboard", ["entries"], ({ entries }) => ranked(entries))
  .step("guess", ["features"], ({ features }) => constantGuess(features.train, features.test))
  .returns("leaderboard", "guess");
