/** What the hot loop asks of a kind of step, as switches: looking it up in the table of kinds takes longer. */
import type { StepKind } from "../../types/plan.ts";

/** Does a room of its own start the step, for each of whose members its options are? */
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
