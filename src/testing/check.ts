/** Checks a step or a pipeline against laws, and reports the result of each. */
import type * as Context from "effect/Context";
import * as Duration from "effect/Duration";
import * as fc from "fast-check";
import type { Given, Subject } from "./observe.ts";
import { Answers } from "./answers.ts";
import { confusable } from "./arbitrary/confusable.ts";
import type { CheckOptions, LawReport, Report } from "./checking.ts";
import { drawingOf } from "./draw.ts";
import { earlierInputs } from "./earlier.ts";
import type { Broken, Law } from "./law.ts";
import type { LawName } from "./laws/index.ts";
import { defaultLaws, laws } from "./laws/index.ts";
import { unhandledText } from "./laws/leaves-nothing.ts";
import { withMocks } from "./mock.ts";
import { sameText } from "./outcome.ts";
import type { Outcome, PassOptions, Tally } from "./pass.ts";
import { Pass } from "./pass.ts";
import { Patience } from "./patience.ts";
import type { Unhandled } from "./place.ts";
import { newSeed } from "./random.ts";
import { regressionOf } from "./regression.ts";
import { Findings } from "./findings.ts";
import { sourceOf } from "./source.ts";
import { outgrown } from "./grow.ts";
import { inControl } from "./surroundings.ts";
import { copied } from "./values.ts";
import { CheckFailed, LawViolation } from "./violation.ts";

type NamedLaw = Law & { readonly name: LawName };

const millisOf = (duration: Duration.Input | undefined, otherwise: number): number =>
  duration === undefined ? otherwise : Duration.toMillis(Duration.fromInputUnsafe(duration));

/** The requested laws without duplicates; those that read the first run are grouped. */
const asked = ({
  expect,
  laws: names = defaultLaws,
}: CheckOptions<any>): ReadonlyArray<ReadonlyArray<NamedLaw>> => {
  const all = new Set<LawName>(names);
  for (const name of all) {
    if (!Object.hasOwn(laws, name))
      throw new TypeError(`There is no law "${name}". The laws are ${Object.keys(laws).join(", ")}.`);
  }
  if (expect !== undefined) all.add("expect");
  const inOrder = Object.values(laws).filter((law): law is NamedLaw => all.has(law.name as LawName));
  const together = inOrder.filter(({ looksAtFirst }) => looksAtFirst === true);
  const alone = inOrder.filter(({ looksAtFirst }) => looksAtFirst !== true);
  return [...(together.length === 0 ? [] : [together]), ...alone.map((law) => [law])];
};

interface FoundBroken {
  readonly law: LawName;
  readonly verdict: Broken;
  readonly input: unknown;
  readonly path: string;
  /** The value that the regression test shows instead of the input. */
  readonly shown?: unknown;
}

class Check {
  readonly #options: CheckOptions<any>;
  readonly #seed: number;
  readonly #deadline: number;
  readonly #until: number;
  readonly #subject: Subject;
  readonly #findings = new Findings();
  /** Unhandled errors that arrived after their run had been examined. */
  readonly #late: Array<{ readonly problem: Unhandled; readonly input: Given }> = [];
  readonly #passes: ReadonlyArray<ReadonlyArray<NamedLaw>>;

  constructor(unmocked: Pick<Subject, "name" | "check" | "graph">, options: CheckOptions<any>) {
    this.#options = options;
    this.#passes = asked(options);
    this.#seed = options.seed ?? newSeed();
    this.#deadline = millisOf(options.deadline, 60_000);
    this.#until = Date.now() + this.#deadline;
    const patience = millisOf(options.patience, Math.min(this.#deadline, 2000));
    const timers = millisOf(options.patience, Math.min(this.#deadline, 60_000));
    const isReported = this.#passes.flat().some(({ name }) => name === "leavesNothing");
    const bound = options.bound;
    this.#subject = {
      ...unmocked,
      graph: withMocks(unmocked.graph, options.mocks ?? []),
      options: options.run ?? {},
      // Leaves room for expansions that `bounded` itself must see and report.
      limits: (given) => {
        const { depth, steps } = bound?.(given) ?? usualBound;
        return { steps: Math.max(2 * steps, usualBound.steps), depth: Math.max(depth, usualBound.depth) };
      },
      world: {
        patience: new Patience(patience, timers),
        services: options.services as Context.Context<any> | undefined,
        answers: new Answers(
          options.answers ?? {},
          (options.mocks ?? []).map(({ name }) => name),
          this.#seed,
        ),
        onUncopied: (value) => this.#findings.keptAsIs(value),
        onUnhandled: isReported
          ? (problem, input) => {
              this.#late.push({ problem, input });
            }
          : undefined,
      },
    };
  }

  async run(): Promise<Report> {
    const reports: Array<LawReport> = [];
    const began = Date.now();
    const passes = [...this.#passes];
    for (let pass = passes.shift(); pass !== undefined; pass = passes.shift()) {
      // The remaining time is shared by the laws still to be checked.
      const left = Math.max(0, Math.min(this.#until, began + usualMillis) - Date.now());
      const until = Date.now() + left / (1 + passes.length);
      reports.push(...(await this.#check(pass, until)));
    }
    await this.#lookForLate();
    // In the requested order; `expect` is added by its option.
    const order = [...(this.#options.laws ?? defaultLaws), "expect"];
    reports.sort((one, other) => order.indexOf(one.law) - order.indexOf(other.law));
    return this.#findings.report(this.#subject.name, this.#seed, reports, this.#options);
  }

  async #check(named: ReadonlyArray<NamedLaw>, until: number): Promise<ReadonlyArray<LawReport>> {
    const { expect, interleavings = 20, path, recorded = [], runs = 100, same } = this.#options;
    const options: PassOptions = {
      runs: path === undefined ? runs : 1,
      seed: this.#seed,
      path,
      until,
      deadline: { until: this.#until, text: `it took longer than its deadline of ${this.#deadline} ms.` },
      tools: {
        interleavings,
        bound: this.#options.bound ?? (() => usualBound),
        recorded,
        same: same ?? sameText,
        earlier: (given) => this.#options.earlier ?? earlierInputs(this.#options.input, given, this.#seed),
        expect,
      },
      onFirst: (observed, given) => this.#findings.ran(observed, given),
    };
    const pass = new Pass(this.#subject, named, options);
    const outcome = await pass.run(confusable(this.#options.input));
    if (outcome.type === "broken")
      throw this.#violation({ ...outcome, shown: await this.#simplest(outcome, options) });
    if (outcome.type === "stopped") this.#fail(outcome);
    if (path === undefined && named.includes(laws.bounded as NamedLaw)) await this.#grow(options);
    return pass.tallies.map((tally) => this.#reportOf(tally, outcome.isCutShort));
  }

  async #grow({ tools: { bound } }: PassOptions): Promise<void> {
    const found = await outgrown(this.#subject, this.#options.input, {
      bound,
      seed: this.#seed,
      onRun: (observed, given) => this.#findings.grew(observed, given),
    });
    if (found !== undefined) throw this.#violation({ law: "bounded", path: "", ...found });
  }

  #reportOf(tally: Tally, isCutShort: boolean): LawReport {
    const { checked, law, reason, withSignal } = tally;
    const base = {
      law: law.name,
      sentence: law.sentence,
      runs: checked,
      seed: this.#seed,
      ...(isCutShort ? { isCutShort } : {}),
    };
    if (withSignal > 0) return { ...base, result: "passed", runsWithSignal: withSignal };
    if (this.#options.vacuous === "fail") {
      this.#fail({
        type: "stopped",
        law: law.name,
        reason: `it had no signal, since ${reason}.`,
        input: undefined,
        path: "",
      });
    }
    return { ...base, result: "vacuous", reason };
  }

  /**
   * The input for the regression test. fast-check also draws records without a prototype; the test needs them only if
   * ordinary ones do not break the law.
   */
  async #simplest({ input, law }: FoundBroken, options: PassOptions): Promise<unknown> {
    const usual = copied(input, { usualPrototypes: true });
    if (sourceOf(usual) === sourceOf(input)) return input;
    const again = new Pass(this.#subject, [laws[law] as NamedLaw], {
      ...options,
      path: undefined,
      runs: 1,
      until: this.#until,
      onFirst: () => {},
    });
    const outcome = await again.run(fc.constant(usual as Given));
    return outcome.type === "broken" && outcome.law === law ? usual : input;
  }

  #fail({ input, law, path, reason }: Extract<Outcome, { type: "stopped" }>): never {
    throw new CheckFailed({ law, subject: this.#subject.name, reason, input, seed: this.#seed, path });
  }

  #violation({ input, law, path, shown = input, verdict }: FoundBroken): LawViolation {
    const { actual, declared, details = [], earlier, path: step, picks, plan } = verdict;
    const { check, name } = this.#subject;
    const seed = this.#seed;
    return new LawViolation({
      law,
      sentence: laws[law].sentence,
      subject: name,
      input,
      declared,
      actual,
      details,
      step,
      drawing: plan === undefined ? undefined : drawingOf(plan, step),
      interleaving: picks,
      seed,
      path,
      regression: regressionOf({
        check,
        subject: name,
        law,
        input: shown,
        seed,
        path,
        options: earlier === undefined ? this.#options : { ...this.#options, earlier },
      }),
    });
  }

  /** Rejections of runs that were over long ago arrive in the next turns. */
  async #lookForLate(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    const [late] = this.#late;
    if (late === undefined) return;
    const { actual, path } = unhandledText(late.problem);
    const declared = "a run leaves nothing behind";
    const verdict: Broken = { type: "broken", declared, actual, path };
    throw this.#violation({ law: "leavesNothing", verdict, input: late.input, path: "0" });
  }
}

/** After this time, each law is checked with few inputs only: no test should take a minute. */
const usualMillis = 10_000;

const usualBound = { steps: 10_000, depth: 16 };

/** Checks all requested laws. */
export const checkSubject = (
  unmocked: Pick<Subject, "name" | "check" | "graph">,
  options: CheckOptions<any>,
): Promise<Report> => inControl(() => new Check(unmocked, options).run());
