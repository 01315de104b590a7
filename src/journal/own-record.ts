/** Which nodes have their own record, in addition to those of the steps that they expanded to, and which records are usable. */
import type { AnyOptions, StepDefinition } from "../graph/definition.ts";
import type { Frame } from "./node.ts";
import type { Entry } from "./records.ts";
import { Kind } from "./records.ts";

/** An item whose failure the map would no longer collect runs again. */
export const isOfUse = ({ kind }: Entry, { options }: StepDefinition): boolean =>
  kind !== Kind.failure || options.failures === "collect";

/** Is the outcome of an expansion recorded in addition to its steps'? Yes if it does not follow from them alone, and for a turn. */
export const isRecordedItself = ({ map }: Frame, options: AnyOptions): boolean =>
  map?.type === "turns" || "fallback" in options || options.cache !== undefined;

/**
 * Can an outcome that cannot be recorded go unrecorded, since its inner steps' outcomes are? Their output schemas may have made
 * it. A turn cannot: the next one begins with its state. `grownWinners`: the races that a contender won which had become a graph.
 */
export const isRecordedInside = (frame: Frame, index: number, grownWinners: ReadonlySet<string>): boolean => {
  const { kind, options } = frame.definitionOf(index);
  if (options.output !== undefined || frame.map?.type === "turns") return false;
  return kind === "race" ? grownWinners.has(frame.pathOf(index)) : frame.grown?.[index] === 1;
};
