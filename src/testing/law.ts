/** The definition of a law: a sentence, and a check of it for one input. */

import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import type { Plan, PlanStep } from "../../types/plan.ts";
import { InvalidInput, StepFailed } from "../errors.ts";
import { isAtTop } from "../path.ts";
import { describe } from "../values/describe.ts";
import type { Given, Observed, ObserveOptions, Subject } from "./observe.ts";
import { observe } from "./observe.ts";
import type { Same } from "./outcome.ts";

/**
 * The maximum size of an expansion: the number of steps in the whole run, and their depth of nesting.
 *
 * @public
 */
export interface Bound {
  /** The total number of steps in all expansions of a run. */
  readonly steps: number;
  /** The depth to which expansions nest. */
  readonly depth: number;
}

/** The arguments of a law, in addition to the input. */
export interface LawTools {
  /** The number of other orders to try where order matters. */
  readonly interleavings: number;
  readonly bound: (given: any) => Bound;
  /** The recorded shapes for `stable`: an input, and its expected shape. */
  readonly recorded: ReadonlyArray<{ readonly input: Given; readonly shape: string }>;
  /** The seed for the law's own draws: different for each input, and the same each time that input is checked. */
  readonly seed: number;
  /** Compares outputs. */
  readonly same: Same;
  /** The user's own check of the outputs for an input. */
  readonly expect: ((given: any, outputs: any) => unknown) | undefined;
  /** Other inputs, for runs before the one with this input. */
  readonly earlier: (given: Given) => ReadonlyArray<Given>;
  /** A plain run with this input, shared by all laws that need one. */
  readonly first: () => Promise<Observed>;
}

export interface Broken {
  readonly type: "broken";
  /** The expected result. */
  readonly declared: string;
  /** The observed result. */
  readonly actual: string;
  /** The path of the step where the violation appears. */
  readonly path?: string | undefined;
  readonly plan?: Plan | undefined;
  /** The order of events: which of the possible tasks was picked, at each choice. */
  readonly picks?: ReadonlyArray<number> | undefined;
  /** More lines for the report, such as the steps in which two runs differ. */
  readonly details?: ReadonlyArray<string> | undefined;
  /** The inputs of the earlier runs that are needed to reproduce it. */
  readonly earlier?: ReadonlyArray<Given> | undefined;
}

export type Verdict =
  | {
      readonly type: "held";
      /** A violation to report only if no input has another verdict, such as a run that fails as it may. */
      readonly unlessOthers?: Broken;
    }
  /** Nothing could have broken the law. */
  | { readonly type: "vacuous"; readonly reason: string }
  | Broken;

export interface Law {
  readonly name: string;
  /** It reads the first plain run with an input. Such laws are checked together, all of them on each input. */
  readonly looksAtFirst?: boolean;
  /** The law in one sentence. */
  readonly sentence: string;
  readonly check: (subject: Subject, given: Given, tools: LawTools) => Promise<Verdict>;
}

export const held: Verdict = { type: "held" };

export const vacuous = (reason: string): Verdict => ({ type: "vacuous", reason });

export const broken = (
  declared: string,
  actual: string,
  where: Omit<Broken, "type" | "declared" | "actual"> = {},
): Broken => ({ type: "broken", declared, actual, ...where });

/** A check that could not be made, and so has no verdict on a law. */
export class Obstacle extends Error {
  /** Whether it depends on the input, so that shrinking is worthwhile. */
  readonly isOfInput: boolean;
  constructor(message: string, isOfInput = false) {
    super(message);
    this.isOfInput = isOfInput;
  }
}

const missingService = /Service not found: ([^\s]+)/;

/** The reason why a run has no verdict on the checked step, or undefined. */
const obstacleOf = (observed: Observed): Obstacle | undefined => {
  const { ended } = observed;
  if ("stuck" in ended)
    return new Obstacle(`The run never settled: ${ended.stuck}. ${waitingText(observed)}`, true);
  if (Exit.isSuccess(ended.exit)) return undefined;
  const error = Cause.squash(ended.exit.cause);
  if (error instanceof InvalidInput) {
    const schema = `the arbitrary returned an input that the schema refuses: ${error.message}`;
    if (error.path === "" || isAtTop(error.path))
      return new Obstacle(`${schema} Is arbitrary.fromSchema what you want?`);
  }
  const thrown = error instanceof StepFailed ? error.cause : error;
  const service = missingService.exec(describe(thrown))?.[1];
  if (service === undefined) return undefined;
  const at = error instanceof StepFailed ? `"${error.path}" needs` : "it needs";
  return new Obstacle(
    `${at} the service ${service}, which was not provided. Pass it in the option "services".`,
  );
};

/** The steps that had begun and not ended, and those that could not begin. */
const waitingText = ({ events, plan, unfinished }: Observed): string => {
  const list = (paths: ReadonlyArray<string>): string => paths.map((path) => `"${path}"`).join(", ");
  const begun = new Set(
    events.flatMap((event) =>
      event.type === "step.started" || event.type === "expansion.started" ? [event.path] : [],
    ),
  );
  const ended = new Set(
    events.flatMap((event) =>
      event.type === "step.succeeded" || event.type === "expansion.succeeded" ? [event.path] : [],
    ),
  );
  const waiting = waitingSteps(plan.steps, begun, ended);
  const underWay = unfinished.length === 0 ? "No step was under way." : `Under way: ${list(unfinished)}.`;
  if (waiting.length === 0) return underWay;
  const shown = waiting.slice(0, 8);
  const more = waiting.length - shown.length;
  return `${underWay} Not begun: ${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}.`;
};

const waitingSteps = (
  steps: ReadonlyArray<PlanStep>,
  begun: ReadonlySet<string>,
  ended: ReadonlySet<string>,
): ReadonlyArray<string> =>
  steps.flatMap(({ expansions = [], inputs, path }) => {
    if (begun.has(path))
      return expansions.flatMap((each) => waitingSteps(each.plan?.steps ?? [], begun, ended));
    const reads = [...new Set(inputs.map(({ from }) => from))].filter((from) => from !== "");
    const missing = reads.filter((from) => !ended.has(from));
    return [
      missing.length > 0
        ? `"${path}" waits for ${missing.map((from) => `"${from}"`).join(" and ")}`
        : `"${path}" waits for a concurrency slot that other steps hold`,
    ];
  });

/** A run that has ended, whatever its result. */
export const settled = async (
  subject: Subject,
  given: Given,
  options: ObserveOptions = {},
): Promise<Observed> => {
  const observed = await observe(subject, given, options);
  const obstacle = obstacleOf(observed);
  if (obstacle !== undefined) throw obstacle;
  return observed;
};
