/** Functions that add steps to any pipeline that has the outputs they read. */
import type { OutputsOf, Pipeline } from "espalier";
import { pipeline, step } from "espalier";
import { same } from "../same.ts";

/** Any pipeline that has rows, whatever else it has. */
type WithRows = Pipeline<any, { readonly rows: ReadonlyArray<number> }, any, any>;

export const counted = <P extends WithRows>(p: P) => p.step("count", ["rows"], ({ rows }) => rows.length);
export const counted2 = <I, O extends { readonly rows: ReadonlyArray<number> }, E, R>(
  p: Pipeline<I, O, E, R>,
) => p.step("count", ["rows"], ({ rows }) => rows.length);
export const halves = <P extends WithRows>(p: P) =>
  p.dynamic("half", ["rows"], ({ rows }) => pipeline("half").step("half", [], () => rows.slice(1)));
export const doubled = <P extends WithRows>(p: P) =>
  p.map("doubles", "rows", ["rows"], (row, { rows }) => [row.toFixed(), rows.length] as const);
export const sized = <P extends WithRows>(p: P) =>
  p.switch("size", ["rows"], ({ rows }) => (rows.length > 10 ? "large" : "small"), {
    large: () => "large" as const,
    small: ({ rows }) => rows.length,
  });
export const summed = <P extends WithRows>(p: P) =>
  p.add(step("sum", ["rows"], ({ rows }: { readonly rows: ReadonlyArray<number> }) => rows.length));

const more = pipeline("more")
  .step("rows", [], (): ReadonlyArray<number> => [1])
  .step("other", [], () => "text");
const large = Array.from({ length: 1 }).reduce<typeof more>((made) => made, more);

export const n = counted(more)
  .runPromise()
  .then((out) => out.count.toFixed() + out.other);
export const m = counted2(more)
  .runPromise()
  .then((out) => out.count.toFixed() + out.other);

const all = summed(sized(doubled(halves(counted(large)))));
same<
  OutputsOf<typeof all>,
  {
    readonly rows: ReadonlyArray<number>;
    readonly other: string;
    readonly count: number;
    readonly half: Array<number>;
    readonly doubles: ReadonlyArray<readonly [string, number]>;
    readonly size: number | "large";
    readonly sum: number;
  }
>(true);

// More than sixteen outputs are held in another way.
const seventeen = all
  .step("a1", [], () => 1)
  .step("a2", [], () => 2)
  .step("a3", [], () => 3)
  .step("a4", [], () => 4)
  .step("a5", [], () => 5)
  .step("a6", [], () => 6)
  .step("a7", [], () => 7)
  .step("a8", [], () => 8)
  .step("a9", [], () => 9)
  .step("a10", [], () => "ten");
const added = <P extends Pipeline<any, { readonly a10: string }, any, any>>(p: P) =>
  p.step("eleven", ["a10"], ({ a10 }) => a10.toUpperCase());
same<OutputsOf<ReturnType<typeof added<typeof seventeen>>>["eleven"], string>(true);
same<OutputsOf<ReturnType<typeof added<typeof seventeen>>>["count"], number>(true);
export const eleven = added(seventeen).step("twelve", ["eleven", "count"], ({ eleven, count }) =>
  eleven.repeat(count),
);

// What has no rows, or rows of another type, is refused.
// @ts-expect-error
export const none = counted(pipeline("none").step("other", [], () => 1));
// @ts-expect-error
export const texts = counted(pipeline("texts").step("rows", [], () => ["a"]));
// In the function a row is what it must be at least.
export const wrong = <P extends WithRows>(p: P) =>
  // @ts-expect-error
  p.step("wrong", ["rows"], ({ rows }) => rows.at(0).toUpperCase());
export const misspelt = <P extends WithRows>(p: P) =>
  // @ts-expect-error
  p.step("wrong", ["row"], ({ rwo }) => rwo);
