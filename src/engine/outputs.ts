/**
 * The inputs that a node reads from its frame, and the outputs that it provides to it. After its last read, a value is dropped.
 */

import * as Result from "effect/Result";
import { ExpansionError, InvalidOutput, NotProvided, StepFailed } from "../errors.ts";
import type { StepDefinition } from "../graph/definition.ts";
import type { GraphNode } from "../graph/node.ts";
import { lateSlot, maybeSlot } from "../graph/node.ts";
import { globMatcher, nameProblem } from "../graph/names.ts";
import { stepKinds } from "../graph/kinds.ts";
import { quoted } from "../values/listed.ts";
import { withoutText } from "../values/specification.ts";
import type { Frame, Late } from "./frame.ts";
import { State } from "./frame.ts";
import { emptyFamily, emptyInputs, emptyRecord } from "./reads.ts";

/** Reads a slot, for one of its readers. */
const take = (frame: Frame, slot: number): unknown => {
  const value = frame.values[slot];
  if (--frame.reads[slot]! === 0) frame.values[slot] = undefined;
  return value;
};

const unprovided = (name: string): string =>
  `It reads "${name}", and none of the earlier steps with outputs "all" provided that in this run. Provide it in each branch, or read "${name}?", which is undefined where it is missing.`;

/** The output of an "all" step, if it is one of those that the node waits for: others can still be running. */
const lateFor = (frame: Frame, node: GraphNode, name: string): Late | undefined => {
  const late = frame.late?.get(name);
  return late !== undefined && node.waitsFor.includes(late.by) ? late : undefined;
};

/** The inputs of a node by name; a sentence if an earlier "all" step should have provided one and did not. */
export const readInputs = (frame: Frame, node: GraphNode): Record<string, unknown> | string => {
  if (node.definition.kind === "finally") return readResults(frame, node);
  const inputs = emptyInputs(node.keys.length + node.globs.length);
  const { keys, slots, globs } = node;
  for (let i = 0; i < slots.length; i++) {
    const key = keys[i]!;
    const slot = slots[i]!;
    if (slot >= 0) {
      inputs[key] = take(frame, slot);
    } else {
      const late = lateFor(frame, node, key);
      if (late === undefined && slot === lateSlot) return unprovided(key);
      inputs[key] = late?.value;
    }
  }
  for (const { glob, names, slots: members } of globs) {
    const family = emptyFamily(members.length);
    for (let i = 0; i < members.length; i++) {
      const value = take(frame, members[i]!);
      if (isProvided(frame, members[i]!)) family[names[i]!] = value;
    }
    inputs[glob] =
      node.waitsFor.length > 0 && frame.late !== undefined
        ? withLate(frame, node, glob, family, members)
        : family;
  }
  return inputs;
};

/** Is there an output at a slot, or was its step skipped by a condition? */
const isProvided = (frame: Frame, slot: number): boolean => {
  const { log } = frame.graph!.builder;
  if (!log.hasMaybes) return true;
  const owner = log.owners[slot]!;
  return owner === -1 || frame.states[owner] === State.succeeded;
};

/** The result of an output, for a step that always runs. */
const resultOf = (frame: Frame, name: string, slot: number): Result.Result<unknown, unknown> => {
  const value = take(frame, slot);
  const owner = frame.graph!.builder.ownerOf(slot);
  if (isProvided(frame, slot)) return Result.succeed(value);
  // Its work was done when the frame ended, but its record was not yet committed.
  const done = frame.uncommitted?.get(owner);
  if (done !== undefined) {
    const { outputs } = frame.graph!.nodes[owner]!;
    return Result.succeed(outputs.length === 1 ? done.value : (done.value as Record<string, unknown>)[name]);
  }
  const path = frame.pathOf(owner);
  return Result.fail(frame.errors?.get(owner) ?? new NotProvided({ path, status: "skipped" }));
};

/** The inputs of a `finally` step: the outcome of each. */
const readResults = (frame: Frame, { keys, slots, globs, waitsFor }: GraphNode): Record<string, unknown> => {
  const inputs = emptyInputs(keys.length + globs.length);
  keys.forEach((key, i) => {
    const slot = slots[i]!;
    if (slot >= 0) {
      inputs[key] = resultOf(frame, key, slot);
      return;
    }
    const late = frame.late?.get(key);
    const isThere = late !== undefined && waitsFor.includes(late.by);
    const missing = () => new NotProvided({ path: key, status: "skipped" });
    inputs[key] = isThere
      ? Result.succeed(late.value)
      : slot === maybeSlot
        ? Result.succeed(undefined)
        : Result.fail(missing());
  });
  for (const { glob, names, slots: members } of globs) {
    const results = members.map((slot, i) => resultOf(frame, names[i]!, slot));
    const family = emptyFamily(members.length);
    results.forEach((result, i) => {
      if (Result.isSuccess(result)) family[names[i]!] = result.success;
    });
    inputs[glob] = results.find(Result.isFailure) ?? Result.succeed(family);
  }
  return inputs;
};

/** A family with those outputs of "all" steps that the glob matches, in the order in which the steps were added. */
const withLate = (
  frame: Frame,
  node: GraphNode,
  glob: string,
  family: Readonly<Record<string, unknown>>,
  slots: ReadonlyArray<number>,
): Record<string, unknown> => {
  const matches = globMatcher(glob);
  const { owners } = frame.graph!.builder;
  const all = Object.entries(family).map(([name, value], i) => ({ name, value, by: owners[slots[i]!]! }));
  for (const [name, { value, by }] of frame.late!) {
    if (matches(name) && node.waitsFor.includes(by)) all.push({ name, value, by });
  }
  all.sort((a, b) => a.by - b.by);
  const ordered = emptyFamily(all.length);
  for (const { name, value } of all) ordered[name] = value;
  return ordered;
};

/** The output that a map runs over; a sentence as above. */
export const readOver = (frame: Frame, node: GraphNode): { readonly value: unknown } | string => {
  if (node.overSlot !== lateSlot) return { value: take(frame, node.overSlot) };
  const over = node.definition.over!;
  return lateFor(frame, node, over) ?? unprovided(over);
};

/** A step with several outputs returns a record of them. Reports which one is missing. */
export const missingOutput = (frame: Frame, index: number, value: unknown): InvalidOutput | undefined => {
  const { definition, outputs } = frame.graph!.nodes[index]!;
  const problem = recordProblem(definition, outputs, value);
  return problem === undefined
    ? undefined
    : new InvalidOutput({ path: frame.pathOf(index), reason: problem });
};

/** Does this object have an output of that name, its own or its class's, but not one that every object has? */
const provides = (value: object, name: string): boolean =>
  Object.hasOwn(value, name) || (name in value && !(name in Object.prototype));

/** Why `value` is not a record of these outputs, or undefined. */
export const recordProblem = (
  { kind }: StepDefinition,
  outputs: ReadonlyArray<string>,
  value: unknown,
): string | undefined => {
  if (outputs.length === 0) return undefined;
  const isRecord = typeof value === "object" && value !== null;
  const missing = isRecord ? outputs.find((name) => !provides(value, name)) : outputs[0];
  if (missing === undefined) return undefined;
  const given = isRecord
    ? `it ${Object.keys(value).length === 0 ? "is empty" : `has only ${quoted(Object.keys(value))}`}`
    : `the step did not return a record, but ${withoutText(value)}`;
  return stepKinds[kind].returns === "value"
    ? `It declares the output "${missing}", which is not in the value that it returns; ${given}. Return a record with ${quoted(outputs)}, or remove "${missing}" from outputs.`
    : `A direct value that stands for several outputs must be a record of them. This one lacks "${missing}"; ${given}. Return a record with ${quoted(outputs)}, or a pipeline.`;
};

/** A step's outputs by name, from the value that it returned. */
export const outputsByName = (definition: StepDefinition, value: unknown): Record<string, unknown> => {
  const { outputs } = definition;
  if (outputs === "all" || outputs.length !== 1) return value as Record<string, unknown>;
  const byName = emptyRecord();
  byName[outputs[0]!] = value;
  return byName;
};

/** Whether the frame of an "all" step has an output of that name already. */
export const isTaken = (frame: Frame, name: string): boolean =>
  frame.graph !== undefined && (frame.graph.builder.hasOutput(name) || frame.late?.has(name) === true);

/** Why this value, which may be anything, cannot be the outputs of an "all" step, or undefined. */
export const lateProblem = (frame: Frame, value: unknown): string | undefined => {
  if (typeof value !== "object" || value === null) {
    return `A direct value that stands for the outputs "all" must be a record of them; the step returned neither a record nor a pipeline, but ${withoutText(value)}.`;
  }
  const bad = Object.keys(value).find((name) => nameProblem(name) !== undefined || isTaken(frame, name));
  if (bad === undefined) return undefined;
  return (
    nameProblem(bad) ?? `The output "${bad}" is already provided: give the one in this record another name.`
  );
};

/**
 * Stores the outputs of a node that does not have exactly one: several, or those of an "all" step, whose names were not known
 * before. If they cannot be stored, the node fails.
 */
export const storeSeveral = (
  frame: Frame,
  index: number,
  value: unknown,
): InvalidOutput | ExpansionError | StepFailed | undefined => {
  try {
    return frame.definitionOf(index).outputs === "all"
      ? storeLate(frame, index, value as Record<string, unknown>)
      : storeDeclared(frame, index, value as Record<string, unknown>);
  } catch (thrown) {
    return new StepFailed({ path: frame.pathOf(index), cause: thrown }); // A getter threw.
  }
};

const storeDeclared = (
  frame: Frame,
  index: number,
  value: Record<string, unknown>,
): InvalidOutput | undefined => {
  const { outputs, firstSlot } = frame.graph!.nodes[index]!;
  const problem = missingOutput(frame, index, value);
  if (problem !== undefined) return problem;
  for (let k = 0; k < outputs.length; k++) {
    const slot = firstSlot + k;
    if (frame.reads[slot]! > 0) frame.values[slot] = value[outputs[k]!];
  }
  return undefined;
};

const storeLate = (
  frame: Frame,
  index: number,
  value: Record<string, unknown>,
): ExpansionError | undefined => {
  // The value of a fallback, or of an "all" step inside the expansion, is not checked yet.
  const reason = lateProblem(frame, value);
  if (reason !== undefined) return new ExpansionError({ path: frame.pathOf(index), reason });
  frame.late ??= new Map();
  for (const name of Object.keys(value)) frame.late.set(name, { value: value[name], by: index });
  return undefined;
};
