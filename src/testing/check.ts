/** Checks a step or a pipeline against laws, each with inputs of its own, and says what came of each. */
import type * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as fc from "fast-check";
import { describe } from "../values/describe.ts";
import type { CheckOptions, LawReport, Report } from "./checking.ts";
import { drawingOf } from "./draw.ts";
import type { Law, LawTools, Verdict } from "./law.ts";
import { Obstacle } from "./law.ts";
import type { LawName } from "./laws/index.ts";
import { defaultLaws, laws } from "./laws/index.ts";
import { withMocks } from "./mock.ts";
import type { Given, Subject } from "./observe.ts";
import { hashOf, newSeed, seedFor } from "./random.ts";
import { regressionOf } from "./regression.ts";
import { CheckFailed, LawViolation } from "./violation.ts";
import { textOf } from "./words.ts";

/** The verdict that a property ends with, thrown so that fast-check looks for a smaller input. */
class BrokenLaw extends Error {
  readonly verdict: Extract<Verdict, { type: "broken" }>;
  constructor(verdict: Extract<Verdict, { type: "broken" }>) {
    super(verdict.actual);
    this.verdict = verdict;
  }
}

interface Plan {
  readonly runs: number;
  readonly seed: number;
  readonly path: string | undefined;
  readonly until: number;
  readonly deadline: number;
  readonly tools: LawTools;
}

/** What stopped a check: it is not shrunk, since the next input would be stopped by the same. */
interface Stopped {
  readonly reason: string;
  readonly input: unknown;
}

const late = ({ deadline }: Plan): string => `it took longer than its deadline of ${deadline} ms.`;

/** Waits no longer than until the deadline, whatever the user's code does with promises. */
const inTime = <Value>(plan: Plan, promise: Promise<Value>): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Obstacle(late(plan))), Math.max(0, plan.until - Date.now()));
  });
  return Promise.race([promise, deadline]).finally(() => clearTimeout(timer));
};

const checkLaw = async (
  law: Law & { readonly name: string },
  subject: Subject,
  arbitrary: fc.Arbitrary<Given>,
  plan: Plan,
): Promise<LawReport> => {
  const name = law.name as LawName;
  const { path, runs, seed } = plan;
  let stopped: Stopped | undefined;
  let checked = 0;
  let withSignal = 0;
  let reason = "";
  const property = fc.asyncProperty(arbitrary, async (given) => {
    if (stopped !== undefined) return;
    if (Date.now() > plan.until) {
      stopped = { reason: late(plan), input: given };
      return;
    }
    let verdict: Verdict;
    try {
      verdict = await inTime(
        plan,
        law.check(subject, given, { ...plan.tools, seed: seedFor(seed, hashOf(textOf(given))) }),
      );
    } catch (thrown) {
      if (thrown instanceof Obstacle) stopped = { reason: thrown.message, input: given };
      else stopped = { reason: `the check itself failed: ${describe(thrown)}`, input: given };
      return;
    }
    checked++;
    if (verdict.type === "broken") throw new BrokenLaw(verdict);
    if (verdict.type === "held") withSignal++;
    else reason ||= verdict.reason;
  });
  const details = await runProperty(
    property,
    { seed, numRuns: runs, ...(path === undefined ? {} : { path }), endOnFailure: false },
    name,
    subject,
  );
  const found = details.errorInstance;
  const at = details.counterexamplePath ?? path ?? "0";
  if (found instanceof BrokenLaw) {
    const { actual, declared, path: step, picks, plan: graph } = found.verdict;
    const [input] = details.counterexample!;
    throw new LawViolation({
      law: name,
      sentence: law.sentence,
      subject: subject.name,
      input,
      declared,
      actual,
      step,
      drawing: graph === undefined ? undefined : drawingOf(graph, step),
      interleaving: picks,
      seed,
      path: at,
      regression: regressionOf({
        check: subject.check,
        subject: subject.name,
        law: name,
        input,
        seed,
        path: at,
      }),
    });
  }
  if (stopped !== undefined) {
    const { input, reason } = stopped;
    throw new CheckFailed({ law: name, subject: subject.name, reason, input, seed, path: String(checked) });
  }
  if (details.failed) {
    const reason = `the arbitrary threw: ${describe(found ?? details.errorInstance)}`;
    throw new CheckFailed({ law: name, subject: subject.name, reason, input: undefined, seed, path: at });
  }
  const base = { law: name, sentence: law.sentence, runs: checked, seed };
  return withSignal > 0
    ? { ...base, result: "passed", runsWithSignal: withSignal }
    : { ...base, result: "vacuous", reason };
};

/** An arbitrary that throws makes fast-check throw, in whatever words. */
const runProperty = async (
  property: fc.IAsyncProperty<[Given]>,
  parameters: fc.Parameters<[Given]>,
  law: LawName,
  subject: Subject,
): Promise<fc.RunDetails<[Given]>> => {
  try {
    return await fc.check(property, parameters);
  } catch (thrown) {
    const reason = `the arbitrary threw: ${describe(thrown)}`;
    const seed = parameters.seed!;
    throw new CheckFailed({
      law,
      subject: subject.name,
      reason,
      input: undefined,
      seed,
      path: parameters.path ?? "0",
    });
  }
};

const millisOf = (deadline: Duration.Input | undefined): number =>
  deadline === undefined ? 60_000 : Duration.toMillis(Duration.fromInputUnsafe(deadline));

/** Checks all laws that are asked for, one after another. */
export const checkSubject = async (
  unmocked: Pick<Subject, "name" | "check" | "graph">,
  options: CheckOptions<any>,
): Promise<Report> => {
  const seed = options.seed ?? newSeed();
  const deadline = millisOf(options.deadline);
  const plan: Plan = {
    runs: options.path === undefined ? (options.runs ?? 100) : 1,
    seed,
    path: options.path,
    deadline,
    until: Date.now() + deadline,
    tools: {
      interleavings: options.interleavings ?? 20,
      bound: options.bound ?? (() => ({ steps: 10_000, depth: 16 })),
      recorded: options.recorded ?? [],
      seed,
    },
  };
  const subject: Subject = {
    ...unmocked,
    graph: withMocks(unmocked.graph, options.mocks ?? []),
    options: options.run ?? {},
    world: {
      patience: Math.min(deadline, 2000),
      services: options.services as Context.Context<any> | undefined,
    },
  };
  const reports: Array<LawReport> = [];
  for (const name of options.laws ?? defaultLaws) {
    const law = laws[name] as Law | undefined;
    if (law === undefined)
      throw new TypeError(`There is no law "${name}". The laws are ${Object.keys(laws).join(", ")}.`);
    const report = await checkLaw(law, subject, options.input, plan);
    if (report.result === "vacuous" && options.vacuous === "fail") {
      const reason = `it had no signal, since ${report.reason}.`;
      throw new CheckFailed({ law: name, subject: subject.name, reason, input: undefined, seed, path: "" });
    }
    reports.push(report);
  }
  return { subject: subject.name, seed, laws: reports };
};
