/** The cost of loops and races, each compared with what a user would write instead, by CPU time in one process. */
import { pipeline } from "espalier";
import * as Effect from "effect/Effect";
import type { FloorEffort } from "./floor.ts";
import { measureFloor } from "./floor.ts";
import { table } from "./table.ts";

const count = 5_000;
const numbers: ReadonlyArray<number> = Array.from({ length: count }, (_, i) => i);

interface Untyped {
  readonly dynamic: (
    name: string,
    reads: ReadonlyArray<string>,
    run: (inputs: Readonly<Record<string, number>>) => unknown,
  ) => Untyped;
  readonly race: (
    name: string,
    reads: ReadonlyArray<string>,
    contenders: Readonly<Record<string, () => unknown>>,
  ) => Untyped;
  readonly returns: (name: string) => Untyped;
  readonly run: (inputs: object, options?: object) => Effect.Effect<Record<string, number>>;
}

/** A chain of `count` steps, each of which reads the previous one. */
const chained = (add: (built: Untyped, name: string, reads: ReadonlyArray<string>) => Untyped): Untyped => {
  let built = pipeline("chained") as unknown as Untyped;
  for (let i = 0; i < count; i++) built = add(built, `s${i}`, i === 0 ? [] : [`s${i - 1}`]);
  return built.returns(`s${count - 1}`);
};

const running = (built: { readonly run: unknown }): (() => Promise<unknown>) => {
  const program = (built as Untyped).run({}, { maxSteps: 1_000_000 });
  return () => Effect.runPromise(Effect.map(program, (outputs) => Object.values(outputs)[0]));
};

const turns = (turn: (state: number) => number): (() => Promise<unknown>) =>
  running(pipeline("loop").loop("n", [], () => 0, turn, { until: (n) => n === count, maxTurns: count }));

const items = running(
  pipeline("map")
    .step("list", [], () => numbers)
    .map("items", "list", [], (item) => item + 1)
    .step("n", ["items"], ({ items }) => items.at(-1))
    .returns("n"),
);

/** The pipeline of one step that a turn or a dynamic step expands to. */
const expanded = (name: string, before: number): unknown =>
  (pipeline("body") as any).step(name, [], () => before + 1);

const dynamicSteps = running(
  chained((built, name, reads) =>
    built.dynamic(name, reads, (inputs) => expanded(name, reads.length === 0 ? 0 : inputs[reads[0]!]!)),
  ),
);

const races = running(
  chained((built, name, reads) =>
    built.race(name, reads, { wins: () => Effect.succeed(1), waits: () => Effect.never }),
  ),
);

const raceByHand = Effect.suspend(() => {
  let last = 0;
  let left = count;
  return Effect.as(
    Effect.whileLoop({
      while: () => left-- > 0,
      body: () => Effect.raceFirst(Effect.succeed(1), Effect.never as Effect.Effect<number>),
      step: (value) => {
        last = value;
      },
    }),
    1,
  ).pipe(Effect.map((value) => (last === 1 ? value : 0)));
});

const rows = [
  {
    title: "a turn of a loop, a direct value · an item of a map",
    library: turns((n) => n + 1),
    floor: items,
    target: 1.5,
  },
  {
    title: "a turn of a loop, a pipeline · a dynamic step",
    library: turns((n) => expanded("n", n) as number),
    floor: dynamicSteps,
    target: 1,
  },
  {
    title: "a race of two Effects · Effect.raceFirst",
    library: races,
    floor: () => Effect.runPromise(raceByHand),
    target: undefined,
  },
];

export const controlFlowTable = async (effort: FloorEffort): Promise<string> => {
  const lines: Array<ReadonlyArray<string>> = [];
  for (const { title, library, floor, target } of rows) {
    const shape = { key: title, title, steps: count, target: target ?? Infinity, library, floor };
    const { ratio, ...micros } = await measureFloor(shape, effort);
    const limit = target === undefined ? "–" : `${target}× ${ratio <= target ? "✓" : "✗"}`;
    lines.push([title, micros.library.toFixed(3), micros.floor.toFixed(3), `${ratio.toFixed(2)}×`, limit]);
  }
  return table(["CPU", "the first, µs", "the second, µs", "ratio", "at most"], lines);
};
