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

/** The process, if any: this also runs in browsers. */
const surroundings = (): Surroundings => (globalThis as { readonly process?: Surroundings }).process ?? {};

/**
 * Options of `Progress.layerWith`.
 *
 * @public
 */
export interface ProgressOptions {
  /** The output to write to; standard error by default. */
  readonly output?: ProgressOutput | undefined;
  /** A tree that updates in place, or plain lines; by default a tree if the output is a terminal. */
  readonly style?: "tree" | "lines" | undefined;
  /** Whether to use colors; by default, if the output is a terminal and `NO_COLOR` is not set. */
  readonly colors?: boolean | undefined;
}

/** Additional options for commands. */
interface ViewOptions extends ProgressOptions {
  /** Does the tree end with the reason for the run's failure? Not if other code prints it. */
  readonly tellsFailure?: boolean;
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "";

/** Terminals that cannot move their cursor, and the pseudo-terminals of build servers, get plain lines. */
export const canChange = (output: ProgressOutput, env: NonNullable<Surroundings["env"]>): boolean =>
  output.isTTY === true && env["TERM"] !== "dumb" && (!isSet(env["CI"]) || env["CI"] === "false");

export const openView = (options: ViewOptions, plan?: Plan): View => {
  const { stdout, stderr, env = {} } = surroundings();
  const output = options.output ?? stderr ?? { write: (text) => globalThis.console.error(text.trimEnd()) };
  if ((options.style ?? (canChange(output, env) ? "tree" : "lines")) === "lines") {
    const lines = plainLines((line) => void output.write(`${line}\n`));
    return { event: lines.event, close: () => {} };
  }
  // Output to the same terminal through another stream must not land in the middle of the tree.
  const others = output === stderr && stdout?.isTTY === true ? [stdout] : [];
  const hasColours = options.colors ?? (output.isTTY === true && !isSet(env["NO_COLOR"]));
  return terminalView(output, others, { hasColours, tellsFailure: options.tellsFailure ?? true, plan });
};
