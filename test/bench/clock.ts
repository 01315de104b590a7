/** Time as the benchmark counts it. */
import { performance } from "node:perf_hooks";

/**
 * Milliseconds of the main thread's CPU time plus its event loop's idle time. On a quiet machine that is the elapsed
 * time; on a shared one, the time that other programs take does not count.
 */
export const ownMillis = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000 + performance.eventLoopUtilization().idle;
};

/** A quarter of the values is smaller: steadier than the median while other programs come and go. */
export const lowerQuartile = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[values.length >> 2]!;

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
