/** `where` is an option of every kind of step that has a function, and its two values are all that it takes. */
import type { OutputsOf, StepOptions } from "espalier";
import { pipeline, step } from "espalier";
import { same } from "../same.ts";

declare const place: "here" | "worker";

const placed = pipeline("placed")
  .step("numbers", [], () => [1, 2], { where: "worker" })
  .map("squares", "numbers", [], (number) => number ** 2, { where: place })
  .switch(
    "size",
    ["numbers"],
    ({ numbers }) => (numbers.length > 1 ? "many" : "few"),
    {
      many: () => 2,
      few: () => 1,
    },
    { where: "worker" },
  )
  .loop(
    "sum",
    [],
    () => 0,
    (state) => state + 1,
    { until: (state) => state > 2, where: "worker" },
  )
  .race("first", [], { one: () => 1, two: () => "2" }, { where: "worker" })
  .add(step("alone", [], async () => true, { where: "here" }));
same<
  OutputsOf<typeof placed>,
  {
    readonly numbers: Array<number>;
    readonly squares: ReadonlyArray<number>;
    readonly size: number;
    readonly sum: number;
    readonly first: number | string;
    readonly alone: boolean;
  }
>(true);

// @ts-expect-error Type '"thread"' is not assignable
pipeline("elsewhere").step("a", [], () => 1, { where: "thread" });

const given: Pick<StepOptions, "where"> = { where: "worker" };
pipeline("given").step("a", [], () => 1, given);
