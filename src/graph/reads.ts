/**
 * Resolves the names that a step reads to slots of the graph so far. Takes a builder and the step that is added to it;
 * returns slots and families, or refuses with a sentence that says what is missing.
 */
import { didYouMean } from "../values/nearest.ts";
import { acceptsUndefined } from "../values/schema.ts";
import { typed } from "../values/specification.ts";
import type { StepDefinition } from "./definition.ts";
import { globMatcher, isGlob, keyOf, nameProblem, optionalName } from "./names.ts";
import type { GlobRead } from "./node.ts";
import { lateSlot, maybeSlot } from "./node.ts";

/** The graph so far: a builder, as far as reading needs it. */
interface Reader {
  readonly openCount: number;
  readonly hasEmptyFamily: boolean;
  readonly visibleSlot: (name: string) => number | undefined;
  readonly visibleNames: () => ReadonlyArray<string>;
  readonly returned: () => { readonly names: ReadonlyArray<string>; readonly slots: ReadonlyArray<number> };
  readonly isSure: (slot: number) => boolean;
  readonly refusal: (step: unknown, reason: string) => Error;
}

/** Does `name` stand somewhere among `names`, or close to one of them? Says so in half a sentence. */
export const available = (names: ReadonlyArray<string>): string => {
  if (names.length === 0) return "nothing is provided before it";
  const shown = names.slice(0, 10).map((name) => `"${name}"`);
  return `provided before it: ${shown.join(", ")}${names.length > 10 ? `, and ${names.length - 10} more` : ""}`;
};

/** Refuses a plain read of an output that may be missing, unless a schema allows that. */
export const checkSure = (
  builder: Reader,
  slot: number,
  input: string,
  { name, schemas }: StepDefinition,
): void => {
  if (builder.isSure(slot) || (schemas !== undefined && acceptsUndefined(schemas[input]))) return;
  throw builder.refusal(
    name,
    `It reads "${input}", which exists only under a condition. Read "${input}?" instead: it is undefined where nothing provides it.`,
  );
};

/** The slot that a name refers to. */
export const slotFor = (builder: Reader, input: string, step: string, isOptional = false): number => {
  if (typeof input !== "string") throw builder.refusal(step, `over must be a name; got ${typed(input)}.`);
  const slot = builder.visibleSlot(input);
  if (slot !== undefined) {
    if (!isOptional && !builder.isSure(slot)) {
      throw builder.refusal(
        step,
        `It reads "${input}", which exists only under a condition. Read it in a step as "${input}?", and use what that provides.`,
      );
    }
    return slot;
  }
  if (!isOptional && (isGlob(input) || optionalName(input) !== undefined)) {
    throw builder.refusal(
      step,
      `It reads "${input}", but over must be the name of one output that is always there. Read "${input}" in a step that provides a list, and map over that.`,
    );
  }
  const problem = nameProblem(input);
  if (problem !== undefined && (isOptional || builder.openCount > 0)) throw builder.refusal(step, problem);
  if (isOptional) return maybeSlot;
  if (builder.openCount > 0) return lateSlot;
  const names = builder.visibleNames();
  throw builder.refusal(
    step,
    `It reads "${input}", and nothing provides that; ${available(names)}.${didYouMean(input, names)} Add an input or a step "${input}" before it, or read "${input}?" if it may be missing.`,
  );
};

/** The slot that a step's input refers to: `"b?"`, and what a schema allows to be undefined, may be missing. */
export const slotOf = (builder: Reader, input: string, { name, schemas }: StepDefinition): number => {
  const optional = optionalName(input);
  if (optional !== undefined) return slotFor(builder, optional, name, true);
  const slot = builder.visibleSlot(input);
  if (slot !== undefined) return slot;
  return slotFor(builder, input, name, schemas !== undefined && acceptsUndefined(schemas[input]));
};

const familyOf = (builder: Reader, glob: string): GlobRead => {
  const matches = globMatcher(glob);
  const visible = builder.returned();
  const names: Array<string> = [];
  const slots: Array<number> = [];
  for (let i = 0; i < visible.names.length; i++) {
    const name = visible.names[i]!;
    if (!matches(name)) continue;
    names.push(name);
    slots.push(visible.slots[i]!);
  }
  return { glob, names, slots };
};

/** The inputs of a step with globs: the names, their slots, and the families. */
export const readsOf = (
  builder: Reader,
  definition: StepDefinition,
): [keys: ReadonlyArray<string>, slots: ReadonlyArray<number>, globs: ReadonlyArray<GlobRead>] => {
  const { name, inputs } = definition;
  const plain = inputs.filter((input) => !isGlob(input));
  const globs = inputs.filter(isGlob).map((glob) => {
    const read = familyOf(builder, glob);
    if (read.slots.length > 0 || builder.openCount > 0 || builder.hasEmptyFamily) return read;
    throw builder.refusal(
      name,
      `The glob "${glob}" matches no output; ${available(builder.visibleNames())}. Name the outputs so that it matches, or fix the glob.`,
    );
  });
  return [plain.map(keyOf), plain.map((input) => slotOf(builder, input, definition)), globs];
};
