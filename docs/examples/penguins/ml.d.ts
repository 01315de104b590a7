/** What the examples use of four packages that bring no types, or none that a strict compiler accepts. */
declare module "ml-cart" {
  export class DecisionTreeClassifier {
    constructor(options: { readonly maxDepth: number; readonly minNumSamples?: number });
    train(rows: ReadonlyArray<ReadonlyArray<number>>, labels: ReadonlyArray<number>): void;
    predict(rows: ReadonlyArray<ReadonlyArray<number>>): Array<number>;
  }
}

declare module "ml-random-forest/random-forest.js" {
  export class RandomForestClassifier {
    constructor(options: { readonly nEstimators: number; readonly seed: number; readonly noOOB?: boolean });
    train(rows: ReadonlyArray<ReadonlyArray<number>>, labels: ReadonlyArray<number>): void;
    predict(rows: ReadonlyArray<ReadonlyArray<number>>): Array<number>;
  }
}

declare module "ml-knn" {
  export default class KNN {
    constructor(
      rows: ReadonlyArray<ReadonlyArray<number>>,
      labels: ReadonlyArray<number>,
      options: { readonly k: number },
    );
    predict(rows: ReadonlyArray<ReadonlyArray<number>>): Array<number>;
  }
}

declare module "ml-logistic-regression" {
  import type { Matrix } from "ml-matrix";
  export default class LogisticRegression {
    constructor(options: { readonly numSteps: number; readonly learningRate: number });
    train(rows: Matrix, labels: Matrix): void;
    predict(rows: Matrix): Array<number>;
  }
}
