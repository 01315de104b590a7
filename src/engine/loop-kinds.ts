/** The hot loop's checks of a step's kind, as switches: a lookup in the table of kinds takes longer. */
import type { StepKind } from "../../types/plan.ts";

/** Which room starts the step, if its options apply to each of its members? */
export const roomOf = (kind: StepKind): "maps" | "loops" | undefined => {
  switch (kind) {
    case "map":
      return "maps";
    case "loop":
      return "loops";
    case "step":
    case "dynamic":
    case "switch":
    case "race":
    case "await":
    case "sleep":
    case "when":
    case "finally":
      return undefined;
  }
};

/** Can it become a graph of its own? Such nodes start when nothing else is ready. */
export const mayGrow = (kind: StepKind): boolean => {
  switch (kind) {
    case "dynamic":
    case "map":
    case "switch":
    case "loop":
    case "race":
      return true;
    case "step":
    case "await":
    case "sleep":
    case "when":
    case "finally":
      return false;
  }
};

/** Does its function return the output itself? */
export const returnsOutput = (kind: StepKind): boolean => {
  switch (kind) {
    case "step":
    case "await":
    case "sleep":
    case "when":
    case "finally":
      return true;
    case "dynamic":
    case "map":
    case "switch":
    case "loop":
    case "race":
      return false;
  }
};
