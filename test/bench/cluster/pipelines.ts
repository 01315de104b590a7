/** The measured pipelines: no-op steps in three shapes, steps that compute, and a step that waits. */
import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { pipeline, type } from "espalier";

export const fanSize = 10_000;
export const chainLength = 500;

const numbers = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i);

export const fan = pipeline("fan")
  .step("numbers", [], () => numbers(fanSize))
  .map("values", "numbers", [], (number) => number)
  .step("count", ["values"], ({ values }) => values.length)
  .returns("count");

const chainOf = (name: string, length: number) => {
  let built: any = pipeline(name).step("s0", [], () => 0);
  for (let i = 1; i < length; i++) {
    const before = `s${i - 1}`;
    built = built.step(`s${i}`, [before], (inputs: Readonly<Record<string, number>>) => inputs[before]! + 1);
  }
  return built.returns(`s${length - 1}`) as ReturnType<typeof oneStep>;
};

const oneStep = () => pipeline("one").step("s0", [], () => 0);

export const chain = chainOf("chain", chainLength);
export const small = chainOf("small", 3);

/** Computes until the thread has used `millis` of CPU time: two threads that share a core take twice as long. */
const compute = (millis: number): void => {
  if (millis === 0) return;
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const until = used() + millis;
  while (used() < until);
};

/** Steps for the least busy runner. */
export const spread = pipeline("spread")
  .input("count", type<number>())
  .input("millis", type<number>())
  .step("numbers", ["count"], ({ count }) => numbers(count))
  .map(
    "values",
    "numbers",
    ["millis"],
    (number, { millis }) => {
      compute(millis);
      return number;
    },
    { where: "worker" },
  )
  .step("sum", ["values"], ({ values }) => values.length)
  .returns("sum");

/** Ends once it has its answer, and returns the time at which the answer arrived. */
export const asked = pipeline("asked")
  .await("answer", type<number>())
  .step("came", ["answer"], () => performance.timeOrigin + performance.now())
  .returns("came");

/** Writes the process id of its owner each time a process takes it over. */
export const held = pipeline("held")
  .input("file", type<string>())
  .step("before", [], () => 0)
  .step("held", ["before", "file"], async ({ file }, { signal }) => {
    writeFileSync(file, `${process.pid}\n`, { flag: "a" });
    await sleep(600_000, undefined, { signal });
    return 0;
  });
