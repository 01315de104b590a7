/**
 * Measures one workload on all contenders in one process: each is warmed up, then every round visits them in a new
 * random order, and the lower quartile counts. Each result is checked, and so is the number of steps that ran.
 */
import { lowerQuartile, ownMillis } from "./clock.ts";
import type { Contender } from "./contender.ts";
import type { Graph, Workload } from "./workloads.ts";
import { counter, evaluate } from "./workloads.ts";

export interface Measured {
  /** Microseconds for each step. */
  readonly construct: number;
  readonly run: number;
}

export interface Results {
  readonly key: string;
  readonly title: string;
  readonly steps: number;
  readonly idealMillis: number | undefined;
  /** By contender; for one that did not take part, the reason. */
  readonly of: ReadonlyMap<string, Measured | string>;
}

export interface Effort {
  readonly rounds: number;
  readonly warmUpMillis: number;
  readonly sampleMillis: number;
}

interface Sample {
  readonly construct: number;
  readonly run: number;
  readonly elapsed: number;
}

/** Constructs and runs `repeat` times. Returns milliseconds for one repetition. */
const sample = async (
  contender: Contender,
  graph: Graph,
  expected: number,
  repeat: number,
): Promise<Sample> => {
  await new Promise((resolve) => setImmediate(resolve));
  let construct = 0;
  let run = 0;
  const began = ownMillis();
  for (let i = 0; i < repeat; i++) {
    counter.executed = 0;
    const begin = performance.now();
    const start = contender.prepare(graph);
    const built = performance.now();
    const value = await start();
    const ended = performance.now();
    if (value !== expected)
      throw new Error(`${contender.name} gave ${value}, and ${expected} would be right`);
    if (counter.executed !== graph.steps) {
      throw new Error(`${contender.name} ran ${counter.executed} steps of ${graph.steps}`);
    }
    construct += built - begin;
    run += ended - built;
  }
  // The processor's clock is too coarse for a part: the parts share its total by elapsed time.
  const elapsed = construct + run;
  const scale = (ownMillis() - began) / elapsed / repeat;
  return { construct: construct * scale, run: run * scale, elapsed: elapsed / repeat };
};

interface Active {
  readonly contender: Contender;
  readonly repeat: number;
  readonly samples: Array<Sample>;
}

const warmUp = async (
  contender: Contender,
  graph: Graph,
  expected: number,
  { warmUpMillis, sampleMillis }: Effort,
): Promise<Active> => {
  const began = performance.now();
  let fastest = (await sample(contender, graph, expected, 1)).elapsed;
  while (performance.now() - began < warmUpMillis) {
    fastest = Math.min(fastest, (await sample(contender, graph, expected, 1)).elapsed);
  }
  return { contender, repeat: Math.max(1, Math.round(sampleMillis / fastest)), samples: [] };
};

const shuffled = <Value>(values: ReadonlyArray<Value>): ReadonlyArray<Value> =>
  values
    .map((value) => ({ value, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);

export const measure = async (
  { key, title, build, ideal }: Workload,
  contenders: ReadonlyArray<Contender>,
  effort: Effort,
): Promise<Results> => {
  const graph = build();
  const expected = evaluate(graph);
  const of = new Map<string, Measured | string>();
  const active: Array<Active> = [];
  for (const contender of contenders) {
    const reason = contender.skip?.[key];
    if (reason === undefined) active.push(await warmUp(contender, graph, expected, effort));
    else of.set(contender.name, reason);
  }
  for (let round = 0; round < effort.rounds; round++) {
    for (const { contender, repeat, samples } of shuffled(active)) {
      // One run of the slowest takes tens of seconds: one must be enough.
      if (samples.length === 0 || samples[0]!.elapsed < 2500) {
        samples.push(await sample(contender, graph, expected, repeat));
      }
    }
  }
  for (const { contender, samples } of active) {
    of.set(contender.name, {
      construct: (lowerQuartile(samples.map(({ construct }) => construct)) * 1000) / graph.steps,
      run: (lowerQuartile(samples.map(({ run }) => run)) * 1000) / graph.steps,
    });
  }
  return { key, title, steps: graph.steps, idealMillis: ideal?.(graph), of };
};
