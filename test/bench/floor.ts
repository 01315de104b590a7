/** The time of a run as a multiple of its floor, the same user code with no library, by CPU time in one process. */
import { median } from "./clock.ts";
import type { Shape } from "./floor-shapes.ts";
import { shapes } from "./floor-shapes.ts";
import { table } from "./table.ts";

export interface FloorEffort {
  readonly rounds: number;
  readonly warmUpMillis: number;
  readonly sampleMillis: number;
}

export interface OfFloor {
  readonly shape: Shape;
  /** Microseconds of CPU for each step. */
  readonly floor: number;
  readonly library: number;
  /** The median ratio of neighbouring samples. */
  readonly ratio: number;
}

const cpuMillis = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** CPU time in milliseconds of one of `repeat` runs. */
const sample = async (run: () => Promise<unknown>, repeat: number): Promise<number> => {
  await new Promise((resolve) => setImmediate(resolve));
  const began = cpuMillis();
  for (let i = 0; i < repeat; i++) await run();
  return (cpuMillis() - began) / repeat;
};

/** The number of runs that a sample needs, found while warming up. */
const repeatsOf = async (
  run: () => Promise<unknown>,
  { warmUpMillis, sampleMillis }: FloorEffort,
): Promise<number> => {
  const began = cpuMillis();
  let runs = 0;
  do {
    await run();
    runs++;
  } while (cpuMillis() - began < warmUpMillis);
  return Math.max(1, Math.round((sampleMillis * runs) / (cpuMillis() - began)));
};

export const measureFloor = async (shape: Shape, effort: FloorEffort): Promise<OfFloor> => {
  const { library, floor, steps } = shape;
  const [expected, value] = [await floor(), await library()];
  if (expected !== value)
    throw new Error(`${shape.title}: the floor returned ${String(expected)}, the library ${String(value)}`);
  const repeats = [await repeatsOf(floor, effort), await repeatsOf(library, effort)] as const;
  const pairs: Array<readonly [floor: number, library: number]> = [];
  for (let round = 0; round < effort.rounds; round++) {
    if (round % 2 === 0) {
      const before = await sample(floor, repeats[0]);
      pairs.push([before, await sample(library, repeats[1])]);
    } else {
      const before = await sample(library, repeats[1]);
      pairs.push([await sample(floor, repeats[0]), before]);
    }
  }
  const micros = (millis: number): number => (millis * 1000) / steps;
  return {
    shape,
    floor: micros(median(pairs.map(([of]) => of))),
    library: micros(median(pairs.map(([, of]) => of))),
    ratio: median(pairs.map(([of, by]) => by / of)),
  };
};

export const floorTable = async (
  effort: FloorEffort,
  chosen: ReadonlyArray<Shape> = shapes,
): Promise<string> => {
  const all: Array<OfFloor> = [];
  for (const shape of chosen) all.push(await measureFloor(shape, effort));
  return table(
    ["CPU for each step", "floor, µs", "Espalier, µs", "times the floor", "at most"],
    all.map(({ shape, floor, library, ratio }) => [
      shape.title,
      floor.toFixed(3),
      library.toFixed(3),
      `${ratio.toFixed(2)}×`,
      `${shape.target}× ${ratio <= shape.target ? "✓" : "✗"}`,
    ]),
  );
};
