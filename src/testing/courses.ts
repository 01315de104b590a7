/**
 * Courses that a run with waiting steps may take: the values sent and their times, the crash, and the downtime
 * after it. The plain ones come first, so that their findings are reported as simply as possible.
 */
import { randomOf, seedFor } from "./random.ts";
import type { Schedule } from "./world.ts";
import { firstInFirstOut } from "./world.ts";

/** A value to send. */
export interface Planned {
  readonly path: string;
  /** The index of the value among the step's values. */
  readonly nth: number;
  readonly when: string;
  /** The delay in turns, from the beginning of the run or of the wait. */
  readonly yields: number;
  /** The delay in milliseconds from the beginning of the wait; -1 counts from the beginning of the run instead. */
  readonly millis: number;
  /** Sent after the crash, before the run is resumed. */
  readonly isWhileDown: boolean;
}

export const isAtWait = ({ isWhileDown, millis }: Planned): boolean => !isWhileDown && millis >= 0;

export interface Course {
  readonly schedule: Schedule;
  readonly sends: ReadonlyArray<Planned>;
  /** The paths of steps that receive no answer. */
  readonly silent: ReadonlySet<string>;
  /** The number of the store's write right after which the process crashes. */
  readonly crashAt: number | undefined;
  readonly downMillis: number;
}

interface Waiting {
  readonly limit: number | undefined;
  readonly count: number;
}

type Next = (count: number) => number;

const early = (path: string, count: number): Planned => ({
  path,
  nth: 0,
  when: count === 0 ? "as the run began" : `${count} turns after the run began`,
  yields: count,
  millis: -1,
  isWhileDown: false,
});

const atWait = (path: string, turns: number, millis: number, nth = 0): Planned => ({
  path,
  nth,
  when:
    millis > 0
      ? `${millis} ms after it began to wait`
      : turns === 0
        ? "as it began to wait"
        : `${turns} turns after it began to wait`,
  yields: turns,
  millis,
  isWhileDown: false,
});

const whileDown = (path: string): Planned => ({
  path,
  nth: 0,
  when: "while no one ran it",
  yields: 0,
  millis: -1,
  isWhileDown: true,
});

/** The maximum delay of an early value, in turns. */
const mostTurns = 40;

const drawn = (
  path: string,
  { count, limit }: Waiting,
  next: Next,
  crashes: boolean,
): ReadonlyArray<Planned> => {
  const moments: Array<() => ReadonlyArray<Planned>> = [
    () => [early(path, next(mostTurns))],
    () => [atWait(path, next(6), 0)],
    // Two senders, one of which is refused. The values in doubt after a crash must not depend on which one.
    () =>
      crashes || count > 1
        ? [atWait(path, 0, 0)]
        : [early(path, next(mostTurns)), atWait(path, next(6), 0, 1)],
  ];
  if (crashes) moments.push(() => [whileDown(path)]);
  if (limit !== undefined) {
    moments.push(
      () => [atWait(path, 0, Math.max(0, limit - 1 + next(3)))],
      () => [],
    );
  }
  return moments[next(moments.length)]!();
};

/** Plain courses that treat all steps alike, and reveal the most common faults. */
const plain = (waits: ReadonlyMap<string, Waiting>): ReadonlyArray<ReadonlyArray<Planned>> => {
  const paths = [...waits.keys()];
  const timed = paths.some((path) => waits.get(path)!.limit !== undefined);
  const each = (send: (path: string, limit: number | undefined) => ReadonlyArray<Planned>) =>
    paths.flatMap((path) => send(path, waits.get(path)!.limit));
  return [
    each((path) => [early(path, 0)]),
    each((path) => [atWait(path, 0, 0)]),
    ...(timed
      ? [
          each((path, limit) => [atWait(path, 0, limit ?? 0)]),
          each((path, limit) => (limit === undefined ? [atWait(path, 0, 0)] : [])),
        ]
      : []),
  ];
};

export const coursesOf = (
  waits: ReadonlyMap<string, Waiting>,
  { count, seed, writes }: { readonly writes: number; readonly count: number; readonly seed: number },
): ReadonlyArray<Course> => {
  const courses: Array<Course> = [];
  const add = (course: Omit<Course, "silent">): void => {
    const sentTo = new Set(course.sends.map(({ path }) => path));
    const silent = new Set(
      [...waits].flatMap(([path, { limit }]) => (limit === undefined || sentTo.has(path) ? [] : [path])),
    );
    courses.push({ ...course, silent });
  };
  for (const sends of plain(waits))
    add({ schedule: firstInFirstOut, sends, crashAt: undefined, downMillis: 0 });
  const limits = [...waits.values()].flatMap(({ limit }) => limit ?? []);
  for (let i = courses.length; i < count; i++) {
    const random = randomOf(seedFor(seed, i));
    const next: Next = (most) => Math.floor(random() * most);
    const crashes = i % 2 === 0 && writes > 0;
    const sends = [...waits].flatMap(([path, waiting]) => drawn(path, waiting, next, crashes));
    const downs = [0, 1, ...limits.flatMap((limit) => [limit - 1, limit, limit + 1])];
    add({
      schedule: { seed: seedFor(seed, -1 - i) },
      sends,
      crashAt: crashes ? 1 + next(writes) : undefined,
      downMillis: crashes ? Math.max(0, downs[next(downs.length)]!) : 0,
    });
  }
  return courses;
};
