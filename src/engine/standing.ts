/**
 * Whether a step of a run that is under way can still take a value from outside. Uses the current state of the engine:
 * its graphs, and the steps that have ended or were skipped.
 */
import { canExpand } from "../graph/kinds.ts";
import { child, isAtOrUnder, item, itemAbove, keyOf } from "../path.ts";
import type { Frame } from "./frame.ts";
import { State } from "./frame.ts";

export const noStep = "There is no step at this path.";
export const noWait = (kind: string): string =>
  `The step at this path waits for no value: it is of the kind "${kind}".`;
export const hasValue = "The step at this path has its value already.";
export const hasEnded = (above: string): string =>
  `It is too late: "${above}", which the step is part of, has ended.`;
/** `skipped`: the step at the path, or one that it is part of. */
export const wasSkipped = (path: string, skipped: string): string =>
  skipped === path
    ? "The step at this path is skipped: its condition does not hold."
    : `The step at this path is skipped: the condition of "${skipped}", which it is part of, does not hold.`;

/** Which node of a frame a path is at or beneath, and the path of that node; undefined if the frame has and will get none. */
type Found = { readonly index: number; readonly at: string } | "later" | undefined;

const inGraph = (frame: Frame, path: string): Found => {
  let found: { index: number; at: string } | undefined;
  // The path of a step of an added pipeline begins with that pipeline's name, so the longest match counts.
  frame.graph!.nodes.forEach((node, index) => {
    const at = child(frame.path, node.path);
    if (isAtOrUnder(path, at) && at.length > (found?.at.length ?? -1)) found = { index, at };
  });
  return found;
};

const inMembers = (frame: Frame, path: string): Found => {
  const map = frame.map!;
  const at = itemAbove(path, frame.path);
  const key = at === undefined ? undefined : keyOf(at);
  if (at === undefined || key === undefined) return undefined;
  switch (map.type) {
    case "turns": {
      const turn = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : -1;
      if (turn === map.turn) return { index: 0, at };
      return turn > map.turn ? "later" : undefined;
    }
    case "contenders": {
      const index = map.keys.indexOf(key);
      return index === -1 ? undefined : { index, at };
    }
    case "items": {
      const index = map.keys === undefined ? Number(key) : map.keys.indexOf(key);
      return index in frame.states && item(frame.path, map.keys?.[index] ?? index) === at
        ? { index, at }
        : undefined;
    }
  }
};

/** The ending of a node; undefined if it has not ended. */
const endOf = (frame: Frame, index: number, at: string, path: string): string | undefined => {
  switch (frame.states[index]) {
    case State.succeeded:
      return at === path && frame.map === undefined ? hasValue : hasEnded(at);
    case State.failed:
      return hasEnded(at);
    case State.skipped:
      // A contender is skipped when another has won.
      return frame.map === undefined && frame.ending === undefined && frame.failures === undefined
        ? wasSkipped(path, at)
        : hasEnded(at);
    default:
      return undefined;
  }
};

/** The graph, or the members, that a node has expanded to. */
const expansionOf = (frame: Frame, index: number): Frame | undefined =>
  frame.jobs().find((job) => job.index === index && job.child !== undefined)?.child;

/** A name that only a race of this frame could have, but does not have. */
const isNoContender = (frame: Frame, index: number, at: string, path: string): boolean => {
  const { kind, cases } = frame.definitionOf(index);
  const contender = itemAbove(path, at);
  return (
    frame.map === undefined &&
    kind === "race" &&
    (contender === undefined || !Object.hasOwn(cases!, keyOf(contender)!))
  );
};

/**
 * Why the step at a path will take no value; undefined if it may. `isResumable`: failed steps run again when the run is
 * resumed, and may take it then.
 */
export const refusalAt = (
  root: Frame | undefined,
  path: string,
  isResumable: boolean,
): string | undefined => {
  for (let frame = root; frame !== undefined; ) {
    if (frame.ending !== undefined && isResumable && frame.map?.type !== "contenders") return undefined;
    const found: Found = frame.map === undefined ? inGraph(frame, path) : inMembers(frame, path);
    if (found === "later") return undefined;
    if (found === undefined) return noStep;
    const { index, at } = found;
    const hasFailed = frame.states[index] === State.failed || frame.failures !== undefined;
    const end = isResumable && hasFailed ? undefined : endOf(frame, index, at, path);
    const { kind } = frame.definitionOf(index);
    if (at === path && frame.map === undefined) return kind === "await" ? end : noWait(kind);
    if (end !== undefined) return end;
    if (!canExpand(kind) || isNoContender(frame, index, at, path)) return noStep;
    frame = expansionOf(frame, index);
  }
  return undefined;
};
