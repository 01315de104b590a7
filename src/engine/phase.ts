/** Which of a step's functions is called, and how its result is used. */
import type { StepKind } from "../../types/plan.ts";

/** Which of a step's functions is called. */
export type Phase =
  | "run"
  | "expand"
  | "each"
  | "choose"
  | "case"
  | "start"
  | "turn"
  | "contender"
  | "compensate";

/**
 * The use of the value that a function returns: it is the output, may be a pipeline, selects a case, or is the state that a
 * loop begins with.
 */
export type Returns = "output" | "expansion" | "choice" | "state";

export const returnsOf: Readonly<Record<Phase, Returns>> = {
  run: "output",
  expand: "expansion",
  each: "expansion",
  choose: "choice",
  case: "expansion",
  start: "state",
  turn: "expansion",
  contender: "expansion",
  compensate: "output",
};

/** Which of a step's functions is called first: for a map, for each item; for a race, for all contenders. */
export const firstPhase: Readonly<Record<StepKind, Phase>> = {
  step: "run",
  dynamic: "expand",
  map: "each",
  switch: "choose",
  loop: "start",
  race: "contender",
  await: "run",
  sleep: "run",
  when: "run",
  finally: "run",
};
