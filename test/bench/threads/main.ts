/**
 * The gain from worker threads: 400 steps that compute 25 ms each, in the event loop, on one thread and on two, and steps that do
 * nothing. `node --conditions=espalier-source test/bench/threads/main.ts` prints one table. On a machine with other work, the CPU
 * time in each second shows how many cores were available.
 */
import type { WorkersLayer } from "espalier";
import { ThreadWorkers } from "espalier/threads";
import { busy } from "../../threads/fixtures/pipelines.ts";

const module = new URL("../../threads/fixtures/pipelines.ts", import.meta.url);

interface Measured {
  readonly millis: number;
  /** CPU time of the process, in each second. */
  readonly cores: number;
  /** The maximum delay of a timer of 10 ms. */
  readonly lag: number;
}

const measured = async (run: () => Promise<unknown>): Promise<Measured> => {
  let last = performance.now();
  let lag = 0;
  const timer = setInterval(() => {
    lag = Math.max(lag, performance.now() - last - 10);
    last = performance.now();
  }, 10);
  const used = process.cpuUsage();
  const began = performance.now();
  await run();
  const millis = performance.now() - began;
  lag = Math.max(lag, performance.now() - last - 10);
  clearInterval(timer);
  const { user, system } = process.cpuUsage(used);
  return { millis, cores: (user + system) / 1e3 / millis, lag };
};

const print = (name: string, { millis, cores, lag }: Measured, count: number): void =>
  console.log(
    `${name.padEnd(34)} ${Math.round(millis).toString().padStart(7)} ms  ${Math.round((count / millis) * 1e3)
      .toString()
      .padStart(6)}/s  ${cores.toFixed(2)} cores  timers late by ${Math.round(lag)} ms`,
  );

const run = (count: number, millis: number, workers: WorkersLayer | undefined): Promise<unknown> =>
  busy.runPromise({ count, millis }, workers === undefined ? {} : { workers });

print("400 x 25 ms in the event loop", await measured(() => run(400, 25, undefined)), 400);
for (const threads of [1, 2]) {
  const workers = ThreadWorkers.layer({ module, threads });
  await run(threads * 2, 5, workers); // Starts the threads.
  print(`400 x 25 ms on ${threads} thread(s)`, await measured(() => run(400, 25, workers)), 400);
  print(`5,000 x nothing on ${threads} thread(s)`, await measured(() => run(5_000, 0, workers)), 5_000);
}
