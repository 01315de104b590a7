/**
 * The content of a frame that is not a graph: one step's function for each of its members, which are the items of a map, the
 * turns of a loop, or the contenders of a race.
 */
import type { StepDefinition } from "../graph/definition.ts";
import type { Place, RunningContext } from "./context.ts";
import type { Phase } from "./phase.ts";
import { callCase, callItem, callTurn } from "./executor.ts";
import type { Policy } from "./policy.ts";

export type Members = MapState | LoopState | RaceState;

/** The items of a map, and the function that runs over them. */
export interface MapState {
  readonly type: "items";
  readonly definition: StepDefinition;
  readonly items: ReadonlyArray<unknown>;
  /** The name of each item from the user's `key`; undefined if it is the index. */
  readonly keys: ReadonlyArray<string> | undefined;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly results: Array<unknown>;
  readonly policy: Policy | undefined;
  /** The next item to put into the queue; those before it have been. */
  next: number;
  /** Items before this one may start. */
  allowed: number;
  succeeded: number;
  failed: number;
  /** With `enough`: the items whose values are the output, once there are enough of them. */
  chosen: ReadonlyArray<number> | undefined;
  /** The items that an earlier part of the run had chosen: the others do not run again. */
  readonly recalled: ReadonlySet<number> | undefined;
}

/** A loop: its frame has one node, the current turn. Finished turns are not kept. */
export interface LoopState extends Place {
  readonly type: "turns";
  readonly definition: StepDefinition;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly policy: Policy | undefined;
  /** The current turn, from 0, and the state that it begins with; once it has ended, the state that it made. */
  turn: number;
  state: unknown;
  /** With a store: the text that a schema that cannot encode has decoded to the state. */
  undecoded: string | undefined;
}

/** The contenders of a race. */
export interface RaceState {
  readonly type: "contenders";
  readonly definition: StepDefinition;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Its options apply to the race as a whole: this is its attempt, from 1. */
  readonly attempt: number;
  readonly policy: undefined;
  readonly keys: ReadonlyArray<string>;
  /** The errors so far, by contender. */
  readonly errors: Map<string, unknown>;
  winner: { readonly value: unknown } | undefined;
  /** In a resumed run: the contender that had won, which starts alone; the others start if it fails. */
  known: number | undefined;
}

/** The number of nodes in a frame of these members. */
export const countOf = (members: Members): number => {
  switch (members.type) {
    case "items":
      return members.results.length;
    case "turns":
      return 1;
    case "contenders":
      return members.keys.length;
  }
};

/** Which function of a step its members call. */
export const memberPhase: Readonly<Record<Members["type"], Phase>> = {
  items: "each",
  turns: "turn",
  contenders: "contender",
};

/** Calls the function of a member directly, without middleware. */
export const callMember = (
  members: Members,
  index: number,
  inputs: Readonly<Record<string, unknown>>,
  context: RunningContext,
): unknown => {
  switch (members.type) {
    case "items":
      return callItem(members.definition, members.items[index], inputs, context);
    case "turns":
      return callTurn(members.definition, members.state, inputs, context);
    case "contenders":
      return callCase(members.definition, members.keys[index]!, inputs, context);
  }
};
