/** Picks how runs are shown: as trees on a terminal, and as plain lines anywhere else. */
import type { Plan } from "../../types/plan.ts";
import { plainLines } from "./plain-lines.ts";
import type { ProgressOutput, View } from "./terminal.ts";
import { terminalView } from "./terminal.ts";

interface Surroundings {
  readonly stdout?: ProgressOutput;
  readonly stderr?: ProgressOutput;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The process, where there is one: this runs in browsers too. */
const surroundings = (): Surroundings => (globalThis as { readonly process?: Surroundings }).process ?? {};

/**
 * Options of `Progress.layerWith`.
 *
 * @public
 */
export interface ProgressOptions {
  /** Where to; standard error by default. */
  readonly output?: ProgressOutput;
  /** A tree that changes in place, or plain lines; by default a tree where the output is a terminal. */
  readonly style?: "tree" | "lines";
  /** By default, where the output is a terminal and `NO_COLOR` is not set. */
  readonly colors?: boolean;
}

/** What a command asks for beside that. */
interface ViewOptions extends ProgressOptions {
  /** Does the tree end with the reason why the run failed? Not if other code prints it. */
  readonly tellsFailure?: boolean;
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "";

/** A terminal that cannot move its cursor, and one that a build server pretends to have, get plain lines. */
export const canChange = (output: ProgressOutput, env: NonNullable<Surroundings["env"]>): boolean =>
  output.isTTY === true && env["TERM"] !== "dumb" && (!isSet(env["CI"]) || env["CI"] === "false");

export const openView = (options: ViewOptions, plan?: Plan): View => {
  const { stdout, stderr, env = {} } = surroundings();
  const output = options.output ?? stderr ?? { write: (text) => globalThis.console.error(text.trimEnd()) };
  if ((options.style ?? (canChange(output, env) ? "tree" : "lines")) === "lines") {
    const lines = plainLines((line) => void output.write(`${line}\n`));
    return { event: lines.event, close: () => {} };
  }
  // What goes to the same terminal by another stream must not land in the middle of the tree.
  const others = output === stderr && stdout?.isTTY === true ? [stdout] : [];
  const hasColours = options.colors ?? (output.isTTY === true && !isSet(env["NO_COLOR"]));
  return terminalView(output, others, { hasColours, tellsFailure: options.tellsFailure ?? true, plan });
};
