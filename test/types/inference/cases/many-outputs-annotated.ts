/** 18 outputs: annotated, returned, in any order, by OutputsOf. */
import type { OutputsOf, Pipeline } from "espalier";
import { pipeline } from "espalier";
interface All {
  readonly orders: number;
  readonly users: number;
  readonly items: number;
  readonly carts: number;
  readonly stock: number;
  readonly prices: number;
  readonly taxes: number;
  readonly sales: number;
  readonly joined: number;
  readonly cleaned: number;
  readonly features: number;
  readonly train: number;
  readonly test: number;
  readonly baseline: number;
  readonly forest: number;
  readonly scores: number;
  readonly report: number;
  readonly chart: number;
}
export const annotated: Pipeline<{}, All, never, never> = pipeline("p")
  .step("orders", [], () => 0)
  .step("users", [], () => 1)
  .step("items", [], () => 2)
  .step("carts", [], () => 3)
  .step("stock", [], () => 4)
  .step("prices", [], () => 5)
  .step("taxes", [], () => 6)
  .step("sales", [], () => 7)
  .step("joined", [], () => 8)
  .step("cleaned", [], () => 9)
  .step("features", [], () => 10)
  .step("train", [], () => 11)
  .step("test", [], () => 12)
  .step("baseline", [], () => 13)
  .step("forest", [], () => 14)
  .step("scores", [], () => 15)
  .step("report", [], () => 16)
  .step("chart", [], () => 17);
export const make = (): Pipeline<{}, All, never, never> =>
  pipeline("p")
    .step("chart", [], () => 0)
    .step("report", [], () => 1)
    .step("scores", [], () => 2)
    .step("forest", [], () => 3)
    .step("baseline", [], () => 4)
    .step("test", [], () => 5)
    .step("train", [], () => 6)
    .step("features", [], () => 7)
    .step("cleaned", [], () => 8)
    .step("joined", [], () => 9)
    .step("sales", [], () => 10)
    .step("taxes", [], () => 11)
    .step("prices", [], () => 12)
    .step("stock", [], () => 13)
    .step("carts", [], () => 14)
    .step("items", [], () => 15)
    .step("users", [], () => 16)
    .step("orders", [], () => 17);
const made = pipeline("p")
  .step("orders", [], () => 0)
  .step("users", [], () => 1)
  .step("items", [], () => 2)
  .step("carts", [], () => 3)
  .step("stock", [], () => 4)
  .step("prices", [], () => 5)
  .step("taxes", [], () => 6)
  .step("sales", [], () => 7)
  .step("joined", [], () => 8)
  .step("cleaned", [], () => 9)
  .step("features", [], () => 10)
  .step("train", [], () => 11)
  .step("test", [], () => 12)
  .step("baseline", [], () => 13)
  .step("forest", [], () => 14)
  .step("scores", [], () => 15)
  .step("report", [], () => 16)
  .step("chart", [], () => 17);
const permuted = pipeline("p")
  .step("chart", [], () => 0)
  .step("report", [], () => 1)
  .step("scores", [], () => 2)
  .step("forest", [], () => 3)
  .step("baseline", [], () => 4)
  .step("test", [], () => 5)
  .step("train", [], () => 6)
  .step("features", [], () => 7)
  .step("cleaned", [], () => 8)
  .step("joined", [], () => 9)
  .step("sales", [], () => 10)
  .step("taxes", [], () => 11)
  .step("prices", [], () => 12)
  .step("stock", [], () => 13)
  .step("carts", [], () => 14)
  .step("items", [], () => 15)
  .step("users", [], () => 16)
  .step("orders", [], () => 17);
export const again: Pipeline<{}, OutputsOf<typeof made>, never, never> = permuted;
declare const flag: boolean;
export const either = (flag ? made : permuted).step("z", ["chart"], ({ chart }) => chart.toFixed());
