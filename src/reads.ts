/**
 * The empty records that a step's inputs are written into.
 *
 * V8 keeps one list of all the names that were ever the first to be added to a `{}`, and looks each one up in it: with a
 * thousand steps that read a thousand names, writing one input takes 0.1 µs, and beyond 1,536 names 0.4 µs. Records
 * that begin as one of 64 kinds have shorter lists (0.06 µs). What is wide, or comes late in a large pipeline, gets a
 * record that is a hash table from the start, which costs the same however many there are; it has no prototype.
 */
import type { GraphNode } from "./graph.ts";

type Inputs = Record<string, unknown>;

const kinds = 64;
const widest = 64;
const lastSlot = 1024;

/** A class whose instances look like any `{}`. */
const recordClass = (): (new () => Inputs) => {
  function Record(): void {}
  Record.prototype = Object.prototype;
  const make = Record as unknown as new () => Inputs;
  // V8 measures the first few instances and gives all later ones as much room: this many fields, as in a `{}`.
  for (let i = 0; i < 8; i++) Object.assign(new make(), { a: 0, b: 0, c: 0, d: 0 });
  return make;
};

let classes: ReadonlyArray<new () => Inputs> | undefined;

/** A record whose names differ from those of others of its kind, which any number picks. */
export const emptyRecord = (kind: number): Inputs => {
  classes ??= Array.from({ length: kinds }, recordClass);
  return new classes[kind & (kinds - 1)]!();
};

export const emptyInputs = ({ slots }: GraphNode): Inputs => {
  if (slots.length === 0) return {};
  const slot = slots[slots.length - 1]!;
  if (slots.length >= widest || slot >= lastSlot) return Object.create(null) as Inputs;
  return emptyRecord(slot);
};

/** The record of a family of so many outputs. */
export const emptyFamily = (size: number): Inputs => (size >= widest ? (Object.create(null) as Inputs) : {});
