import * as Data from "effect/Data";
import type { Drawing } from "./draw.ts";
import type { LawName } from "./laws/index.ts";
import { shortText } from "./words.ts";

/** Controls how Node prints an object. By default it prints all fields of an Effect error, and not its message. */
const inspected = Symbol.for("nodejs.util.inspect.custom");

/**
 * Makes an error that any test runner prints well. Some send it to another process, where only own properties arrive,
 * so its message is one. Some list all fields below the message, which includes them already, so they are hidden.
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
 * The fields of a `LawViolation`.
 *
 * @public
 */
export interface Violation {
  /** The name of the law. */
  readonly law: LawName;
  /** The law in one sentence. */
  readonly sentence: string;
  /** The name of the step or pipeline that was checked. */
  readonly subject: string;
  /** The smallest input found. */
  readonly input: unknown;
  /** The expected result. */
  readonly declared: string;
  /** The observed result. */
  readonly actual: string;
  /** Further observations, such as the steps in which two runs differ. */
  readonly details: ReadonlyArray<string>;
  /** The path of the step where the violation appears. */
  readonly step: string | undefined;
  /** The graph, with the failing step marked. */
  readonly drawing: Drawing | undefined;
  /** For a law about order: at each choice, which of the steps that were ready was taken; 0 is the first. */
  readonly interleaving: ReadonlyArray<number> | undefined;
  /** The seed of the inputs. With `seed` and `path` as options, a check begins with this very input. */
  readonly seed: number;
  /** Its path among the inputs. */
  readonly path: string;
  /** A regression test to paste. */
  readonly regression: string;
}

/**
 * A broken law: the smallest input that breaks it, the expected and the observed result, the graph, and
 * how to reproduce it.
 *
 * @public
 */
export class LawViolation extends Data.TaggedError("LawViolation")<Violation> {
  /** The error code explained in the reference. */
  readonly code = "ESPALIER_LAW_VIOLATION";
  constructor(fields: Violation) {
    super(fields);
    shown(this, fields);
  }
  /** The message, as a sentence. */
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
 * The fields of a `CheckFailed`.
 *
 * @public
 */
export interface Obstruction {
  /** The name of the law. */
  readonly law: LawName;
  /** The name of the step or pipeline that was checked. */
  readonly subject: string;
  /** The obstacle, in a sentence. */
  readonly reason: string;
  /** The input of the check. */
  readonly input: unknown;
  /** The seed of the inputs. */
  readonly seed: number;
  /** Its path among the inputs. */
  readonly path: string;
}

/**
 * A check that could not be made: an arbitrary that throws, an input that the schema rejects, a service that is not
 * provided, a step that never settles, a deadline that has passed. It says nothing about the law.
 *
 * @public
 */
export class CheckFailed extends Data.TaggedError("CheckFailed")<Obstruction> {
  /** The error code explained in the reference. */
  readonly code = "ESPALIER_CHECK_FAILED";
  constructor(fields: Obstruction) {
    super(fields);
    shown(this, fields);
  }
  /** The message, as a sentence. */
  override get message(): string {
    const input = this.input === undefined ? "" : ` Input: ${shortText(this.input)}.`;
    return `The law ${this.law} could not be checked on "${this.subject}": ${this.reason}${input} (seed ${this.seed}, path "${this.path}")`;
  }
}
