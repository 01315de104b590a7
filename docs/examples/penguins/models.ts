/** The classifiers, each with one hyper-parameter. Training is a function from rows to a function. */
import { DecisionTreeClassifier } from "ml-cart";
import NearestNeighbours from "ml-knn";
import LogisticRegression from "ml-logistic-regression";
import { Matrix } from "ml-matrix";
// Named by its file, since the package's own type declarations do not compile.
import { RandomForestClassifier } from "ml-random-forest/random-forest.js";
import type { ModelSettings } from "./data.ts";
import type { Fold, Table } from "./features.ts";

export type ModelName = ModelSettings["model"];

type Rows = Table["rows"];
type Predict = (rows: Rows) => ReadonlyArray<number>;

interface Kind {
  /** What the hyper-parameter is called. */
  readonly parameter: string;
  readonly train: (table: Table, value: number) => Predict;
}

const matrix = (rows: Rows): Matrix => new Matrix(rows.map((row) => [...row]));

export const kinds: Readonly<Record<ModelName, Kind>> = {
  "decision tree": {
    parameter: "depth",
    train: ({ rows, labels }, maxDepth) => {
      const tree = new DecisionTreeClassifier({ maxDepth });
      tree.train(rows, labels);
      return (unseen) => tree.predict(unseen);
    },
  },
  "random forest": {
    parameter: "trees",
    train: ({ rows, labels }, nEstimators) => {
      const forest = new RandomForestClassifier({ nEstimators, seed: 7, noOOB: true });
      forest.train(rows, labels);
      return (unseen) => forest.predict(unseen);
    },
  },
  "nearest neighbours": {
    parameter: "neighbours",
    train: ({ rows, labels }, k) => {
      const neighbours = new NearestNeighbours(rows, labels, { k });
      return (unseen) => neighbours.predict(unseen);
    },
  },
  "logistic regression": {
    parameter: "rounds",
    train: ({ rows, labels }, numSteps) => {
      const regression = new LogisticRegression({ numSteps, learningRate: 0.005 });
      regression.train(matrix(rows), Matrix.columnVector([...labels]));
      return (unseen) => regression.predict(matrix(unseen));
    },
  },
};

/** The share of rows whose species the model says rightly. */
export const accuracyOf = (predict: Predict, { rows, labels }: Table): number => {
  const said = predict(rows);
  return labels.filter((label, i) => label === said[i]).length / labels.length;
};

/** The mean accuracy on what each fold holds back. */
export const crossValidated = (model: ModelName, value: number, folds: ReadonlyArray<Fold>): number =>
  folds.reduce((sum, { train, judge }) => sum + accuracyOf(kinds[model].train(train, value), judge), 0) /
  folds.length;
