/** What a law is: a sentence, and a check of it for one input. */

import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import type { Plan } from "../../types/plan.ts";
import { InvalidInput, StepFailed } from "../errors.ts";
import { describe } from "../values/describe.ts";
import type { Given, Observed, ObserveOptions, Subject } from "./observe.ts";
import { observe } from "./observe.ts";
import { isAtTop } from "../path.ts";

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
}

export type Verdict =
  | { readonly type: "held" }
  /** There was nothing that the law could have found wrong. */
  | { readonly type: "vacuous"; readonly reason: string }
  | Broken;

export interface Law {
  readonly name: string;
  /** What it says, in one sentence. */
  readonly sentence: string;
  readonly check: (subject: Subject, given: Given, tools: LawTools) => Promise<Verdict>;
}

export const held: Verdict = { type: "held" };

export const vacuous = (reason: string): Verdict => ({ type: "vacuous", reason });

export const broken = (
  declared: string,
  actual: string,
  where: Pick<Broken, "path" | "plan" | "picks"> = {},
): Broken => ({ type: "broken", declared, actual, ...where });

/** A check that could not be made, and so says nothing of a law. */
export class Obstacle extends Error {}

const missingService = /Service not found: ([^\s]+)/;

/** Why a run says nothing of the step that is checked, or undefined. */
const obstacleOf = (observed: Observed): string | undefined => {
  const { ended } = observed;
  if ("stuck" in ended) return `The run never settled: ${ended.stuck}. ${whereOf(observed)}`;
  if (Exit.isSuccess(ended.exit)) return undefined;
  const error = Cause.squash(ended.exit.cause);
  if (error instanceof InvalidInput) {
    const schema = `the arbitrary gave an input that the schema refuses: ${error.message}`;
    if (error.path === "" || isAtTop(error.path)) return `${schema} Is arbitrary.fromSchema what you want?`;
  }
  const thrown = error instanceof StepFailed ? error.cause : error;
  const service = missingService.exec(describe(thrown))?.[1];
  if (service === undefined) return undefined;
  const at = error instanceof StepFailed ? `"${error.path}" needs` : "it needs";
  return `${at} the service ${service}, which was not given. Give it in the option "services".`;
};

const whereOf = ({ unfinished }: Observed): string =>
  unfinished.length === 0
    ? "No step was under way."
    : `Under way: ${unfinished.map((path) => `"${path}"`).join(", ")}.`;

/** A run that has come to its end, however it did. */
export const settled = async (
  subject: Subject,
  given: Given,
  options: ObserveOptions = {},
): Promise<Observed> => {
  const observed = await observe(subject, given, options);
  const obstacle = obstacleOf(observed);
  if (obstacle !== undefined) throw new Obstacle(obstacle);
  return observed;
};
