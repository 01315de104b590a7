/** Which nodes have a record of their own, beside those of the steps that they expanded to, and which records are of use. */
import type { AnyOptions, StepDefinition } from "../graph/definition.ts";
import type { Frame } from "./node.ts";
import type { Entry } from "./records.ts";
import { Kind } from "./records.ts";

/** A failure that the map would not collect any more runs again. */
export const isOfUse = ({ kind }: Entry, { options }: StepDefinition): boolean =>
  kind !== Kind.failure || options.failures === "collect";

/** Is the outcome of what has expanded recorded beside that of its steps? Where it did not come out of them alone, and of a turn. */
export const isRecordedItself = ({ map }: Frame, options: AnyOptions): boolean =>
  map?.type === "turns" || "fallback" in options || options.cache !== undefined;

/**
 * Can an outcome that cannot be recorded do without, since that of the steps inside is? Their output schemas may have made it. A
 * turn cannot: the next one begins with its state. `grownWinners`: the races that a contender won which had become a graph.
 */
export const isRecordedInside = (frame: Frame, index: number, grownWinners: ReadonlySet<string>): boolean => {
  const { kind, options } = frame.definitionOf(index);
  if (options.output !== undefined || frame.map?.type === "turns") return false;
  return kind === "race" ? grownWinners.has(frame.pathOf(index)) : frame.grown?.[index] === 1;
};
