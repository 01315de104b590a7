import * as Data from "effect/Data";
import type { Drawing } from "./draw.ts";
import type { LawName } from "./laws/index.ts";
import { shortText } from "./words.ts";

/** What Node shows of an object: for an error of Effect's, all of its fields and not its message. */
const inspected = Symbol.for("nodejs.util.inspect.custom");

/**
 * Makes an error that any test runner shows well. Some send it to another process, where only what is its own arrives:
 * so its message is. And some list all fields beneath the message, which says them already: so they are not listed.
 */
const shown = (error: Error, fields: object): void => {
  const { message, name } = error;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  const stack = [`${name}: ${message}`, ...frames].join("\n");
  const own = { message, stack, ...fields, [inspected]: () => stack };
  for (const key of Reflect.ownKeys(own)) {
    const value: unknown = Reflect.get(own, key);
    Object.defineProperty(error, key, { value, enumerable: false, configurable: true, writable: true });
  }
};

/**
 * What a `LawViolation` tells.
 *
 * @public
 */
export interface Violation {
  /** Which law. */
  readonly law: LawName;
  /** The law in one sentence. */
  readonly sentence: string;
  /** The name of the step or pipeline that was checked. */
  readonly subject: string;
  /** The smallest input that was found. */
  readonly input: unknown;
  /** What ought to be. */
  readonly declared: string;
  /** What was. */
  readonly actual: string;
  /** More of what was, such as the steps in which two runs differ. */
  readonly details: ReadonlyArray<string>;
  /** The path of the step at which it shows. */
  readonly step: string | undefined;
  /** The graph, with the failing step marked. */
  readonly drawing: Drawing | undefined;
  /** For a law about order: at each choice, which of the steps that were ready was taken; 0 is the first. */
  readonly interleaving: ReadonlyArray<number> | undefined;
  /** With `seed` and `path` as options, a check begins with this very input. */
  readonly seed: number;
  /** Where among the inputs it was. */
  readonly path: string;
  /** A test to paste. */
  readonly regression: string;
}

/**
 * A law that does not hold: the smallest input for which it does not, what was declared beside what happened, the
 * graph, and how to see it again.
 *
 * @public
 */
export class LawViolation extends Data.TaggedError("LawViolation")<Violation> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_LAW_VIOLATION";
  constructor(fields: Violation) {
    super(fields);
    shown(this, fields);
  }
  /** What went wrong, as a sentence. */
  override get message(): string {
    const lines = [
      `"${this.subject}" breaks the law ${this.law}: ${this.sentence}`,
      "",
      `  input     ${shortText(this.input)}`,
      `  declared  ${this.declared}`,
      `  actual    ${this.actual}`,
    ];
    for (const line of this.details) lines.push(`            ${line}`);
    if (this.interleaving !== undefined) {
      lines.push(
        `  order     the ready steps taken were number ${this.interleaving.join(", ")} (0: the first)`,
      );
    }
    if (this.drawing !== undefined) lines.push("", this.drawing.text);
    lines.push(
      "",
      `Seed ${this.seed}, path "${this.path}". A test to paste:`,
      "",
      ...this.regression.split("\n").map((line) => (line === "" ? "" : `  ${line}`)),
    );
    return lines.join("\n");
  }
}

/**
 * What a `CheckFailed` tells.
 *
 * @public
 */
export interface Obstruction {
  /** Which law. */
  readonly law: LawName;
  /** The name of the step or pipeline that was checked. */
  readonly subject: string;
  /** The obstacle, in a sentence. */
  readonly reason: string;
  /** The input with which it was seen. */
  readonly input: unknown;
  /** What the inputs were drawn by. */
  readonly seed: number;
  /** Where among the inputs it was. */
  readonly path: string;
}

/**
 * A check that could not be made: an arbitrary that throws, an input that the schema refuses, a service that is not
 * given, a step that never settles, a deadline that has passed. It says nothing of the law.
 *
 * @public
 */
export class CheckFailed extends Data.TaggedError("CheckFailed")<Obstruction> {
  /** The code that the reference explains. */
  readonly code = "ESPALIER_CHECK_FAILED";
  constructor(fields: Obstruction) {
    super(fields);
    shown(this, fields);
  }
  /** What went wrong, as a sentence. */
  override get message(): string {
    const input = this.input === undefined ? "" : ` Input: ${shortText(this.input)}.`;
    return `The law ${this.law} could not be checked on "${this.subject}": ${this.reason}${input} (seed ${this.seed}, path "${this.path}")`;
  }
}
