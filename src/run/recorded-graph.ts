/**
 * A recorded run as a tree of plain data: the steps of its pipeline and their expansions, with the latest state of each.
 * Takes the run's details from the store; `Runs.get` returns the tree.
 */
import type { RecordedNode } from "../../types/runs.ts";
import type { StepState } from "../fold/run-state.ts";
import { hasItems } from "../fold/run-state.ts";
import { itemsOf, readShape, shapesOf } from "../journal/shape.ts";
import type { RunDetails } from "../journal/store.ts";
import { child, item } from "../path.ts";
import { describe } from "../values/describe.ts";
import { recordedState } from "./recorded-state.ts";

const none: ReadonlyArray<never> = [];

const inWords = (error: unknown): string => (typeof error === "string" ? error : describe(error));

export const recordedGraph = (run: RunDetails): ReadonlyArray<RecordedNode> => {
  const shapes = shapesOf(run);
  const { state, earlier } = recordedState(run);

  const childrenOf = (path: string, step: StepState | undefined): ReadonlyArray<RecordedNode> => {
    const text = shapes.get(path);
    // The graph of an attempt that was given up is recorded, but is no longer part of the run.
    if (text === undefined || step === undefined || !(step.hasGrown || hasItems(step))) return none;
    const items = itemsOf(text);
    return items === undefined
      ? readShape(text).steps.map(([name, kind]) => nodeOf(child(path, name), name, kind))
      : Array.from(items, (key) => nodeOf(item(path, key), key, "item"));
  };

  const nodeOf = (path: string, name: string, kind: string): RecordedNode => {
    const step = state.step(path);
    return {
      path,
      name,
      kind: kind as RecordedNode["kind"],
      status: step?.status ?? "pending",
      began: step?.began,
      ended: step?.ended,
      error: step?.status === "failed" ? inWords(step.error) : undefined,
      fallbackFor: step?.fellBackFor === undefined ? undefined : inWords(step.fellBackFor.error),
      undone: step?.undone,
      isExpanded: step?.hasGrown === true,
      earlier: earlier.get(path) ?? none,
      children: childrenOf(path, step),
    };
  };

  return readShape(run.shape).steps.map(([name, kind]) => nodeOf(name, name, kind));
};
