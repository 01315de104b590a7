/**
 * Depth before breadth: expansions that have begun to grow end before other steps begin to, so memory holds only those under way.
 */
import * as Effect from "effect/Effect";
import { dynamic, pipeline } from "espalier";
import { describe, expect, test } from "vitest";

type Style = "value" | "promise" | "effect";

/** Records which step of which expansion runs. */
class Log {
  readonly #style: Style;
  steps = 0;
  /** The number of steps that had run when the first expansion ended. */
  first: number | undefined;
  readonly #open = new Set<number>();
  mostOpen = 0;
  readonly ended: Array<number> = [];

  constructor(style: Style) {
    this.#style = style;
  }

  step(of: number, isLast: boolean): any {
    const run = (): number => {
      this.steps++;
      this.#open.add(of);
      this.mostOpen = Math.max(this.mostOpen, this.#open.size);
      if (isLast) {
        this.first ??= this.steps;
        this.#open.delete(of);
        this.ended.push(of);
      }
      return of;
    };
    switch (this.#style) {
      case "value":
        return run();
      case "promise":
        return Promise.resolve().then(run);
      case "effect":
        return Effect.andThen(Effect.sleep(0), Effect.sync(run));
    }
  }

  /** Three consecutive steps, the last of which provides `name`. */
  grown(name: string, of: number): any {
    return (pipeline("grown") as any)
      .step("a", [], () => this.step(of, false))
      .step("b", ["a"], () => this.step(of, false))
      .step(name, ["b"], () => this.step(of, true));
  }
}

const count = 2000;
const items = Array.from({ length: count }, (_, i) => i);

const shapes: Readonly<Record<string, (log: Log) => any>> = {
  "items of a map": (log) =>
    pipeline("p")
      .step("items", [], () => items)
      .map("each", "items", [], (of) => log.grown("each", of)),
  "items of a map that are switches": (log) =>
    pipeline("p")
      .step("items", [], () => items)
      .map("each", "items", [], (of) =>
        (pipeline("item") as any).switch("each", [], () => "one", { one: () => log.grown("each", of) }),
      ),
  "items of a map with a step before a switch": (log) =>
    pipeline("p")
      .step("items", [], () => items)
      .map("each", "items", [], (of) =>
        (pipeline("item") as any)
          .step("a", [], () => log.step(of, false))
          .switch("each", ["a"], () => "one", {
            one: () =>
              (pipeline("case") as any)
                .step("b", [], () => log.step(of, false))
                .step("each", ["b"], () => log.step(of, true)),
          }),
      ),
  "dynamic steps side by side": (log) =>
    (pipeline("p") as any).addAll(items.map((of) => dynamic(`d${of}`, [], () => log.grown(`d${of}`, of)))),
  "dynamic steps that wait for one step": (log) =>
    (pipeline("p") as any)
      .step("before", [], () => 1)
      .addAll(items.map((of) => dynamic(`d${of}`, ["before"] as any, () => log.grown(`d${of}`, of)))),
  "switches side by side": (log) =>
    items.reduce(
      (made: any, of) => made.switch(`s${of}`, [], () => "one", { one: () => log.grown(`s${of}`, of) }),
      pipeline("p"),
    ),
  "races side by side": (log) =>
    items.reduce(
      (made: any, of) => made.race(`r${of}`, [], { one: () => log.grown(`r${of}`, of) }),
      pipeline("p"),
    ),
};

describe.each(["value", "promise", "effect"] as const)(
  "With steps that return a %s and 16 at once",
  (style) => {
    test.each(Object.keys(shapes))(
      "the first of 2,000 %s ends in the first twentieth of the run",
      async (name) => {
        const log = new Log(style);
        await shapes[name]!(log).runPromise({}, { concurrency: 16 });
        expect(log.steps).toBe(3 * count);
        expect(log.first!).toBeLessThan(log.steps / 20);
        // At worst, each running step belongs to a different expansion, and a few more have room.
        expect(log.mostOpen).toBeLessThanOrEqual(40);
        // Promises and Effects end in the order of their timers.
        expect(style === "value" ? log.ended : items).toEqual(items);
      },
    );
  },
);

test("A tree of dynamic steps grows branch by branch", async () => {
  const order: Array<string> = [];
  const grown = (path: string, depth: number): any =>
    depth === 0
      ? order.push(path)
      : [0, 1, 2]
          .reduce(
            (made: any, branch) =>
              made.dynamic(`${path}${branch}`, [], () =>
                pipeline("inner")
                  .dynamic("in", [], () => grown(`${path}${branch}`, depth - 1))
                  .step(`${path}${branch}`, [], () => 1),
              ),
            pipeline("tree"),
          )
          .step("in", [], () => 1);
  await grown("", 3).runPromise();
  expect(order).toEqual(order.toSorted());
  expect(order).toHaveLength(27);
});
