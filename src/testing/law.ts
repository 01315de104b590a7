/** What a law is: a sentence, and a check of it for one input. */

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
 * How large an expansion may be: steps in the whole run, and how deep they nest.
 *
 * @public
 */
export interface Bound {
  /** How many steps all expansions of a run have together. */
  readonly steps: number;
  /** How deep expansions nest. */
  readonly depth: number;
}

/** What a law is given beside the input. */
export interface LawTools {
  /** How many other orders are tried where order matters. */
  readonly interleavings: number;
  readonly bound: (given: any) => Bound;
  /** What `stable` compares with: an input, and the shape that it must give. */
  readonly recorded: ReadonlyArray<{ readonly input: Given; readonly shape: string }>;
  /** For what the law draws itself: its own for each input, and the same whenever that is checked again. */
  readonly seed: number;
  /** How outputs are compared. */
  readonly same: Same;
  /** What the user expects of the outputs of an input. */
  readonly expect: ((given: any, outputs: any) => unknown) | undefined;
  /** Other inputs, for runs that came before one with this. */
  readonly earlier: (given: Given) => ReadonlyArray<Given>;
  /** A plain run with this input, which all laws that look at one share. */
  readonly first: () => Promise<Observed>;
}

export interface Broken {
  readonly type: "broken";
  /** What ought to be. */
  readonly declared: string;
  /** What was. */
  readonly actual: string;
  /** The step at which it shows. */
  readonly path?: string | undefined;
  readonly plan?: Plan | undefined;
  /** In which order things happened: which of how many, at each choice. */
  readonly picks?: ReadonlyArray<number> | undefined;
  /** More lines for the report, such as the steps in which two runs differ. */
  readonly details?: ReadonlyArray<string> | undefined;
  /** The inputs of runs before it, without which it does not show. */
  readonly earlier?: ReadonlyArray<Given> | undefined;
}

export type Verdict =
  | {
      readonly type: "held";
      /** What is wrong if no input has another verdict, such as a run that fails as it may. */
      readonly unlessOthers?: Broken;
    }
  /** There was nothing that the law could have found wrong. */
  | { readonly type: "vacuous"; readonly reason: string }
  | Broken;

export interface Law {
  readonly name: string;
  /** It looks at the first plain run with an input: these laws are checked together, each input by all of them. */
  readonly looksAtFirst?: boolean;
  /** What it says, in one sentence. */
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

/** A check that could not be made, and so says nothing of a law. */
export class Obstacle extends Error {
  /** Whether it depends on the input, so that a smaller one is worth looking for. */
  readonly isOfInput: boolean;
  constructor(message: string, isOfInput = false) {
    super(message);
    this.isOfInput = isOfInput;
  }
}

const missingService = /Service not found: ([^\s]+)/;

/** Why a run says nothing of the step that is checked, or undefined. */
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
  return new Obstacle(`${at} the service ${service}, which was not given. Give it in the option "services".`);
};

/** Which steps had begun and not ended, and which could not begin. */
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
        : `"${path}" waits for a slot, which a limit on concurrency gives to others`,
    ];
  });

/** A run that has come to its end, however it did. */
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
