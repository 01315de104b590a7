/** Lists for error messages. */
import { describe } from "./describe.ts";

/** The first few of several errors, by name. */
export const firstErrors = (byName: object): string => {
  const errors = Object.entries(byName);
  const shown = errors.slice(0, 5).map(([name, error]) => `${name}: ${describe(error)}`);
  return shown.join("; ") + (errors.length > 5 ? `; and ${errors.length - 5} more` : "");
};

/** Describes the differences between the recorded and the current state: the first few of each list of paths. */
export const differences = (found: {
  readonly missing: ReadonlyArray<string>;
  readonly added: ReadonlyArray<string>;
  readonly changed: ReadonlyArray<string>;
}): string => {
  const some = (word: string, paths: ReadonlyArray<string>): ReadonlyArray<string> => {
    if (paths.length === 0) return [];
    const shown = paths.slice(0, 5).map((path) => `"${path}"`);
    const more = paths.length > 5 ? ` and ${paths.length - 5} more` : "";
    return [`${word} ${shown.join(", ")}${more}`];
  };
  return [
    ...some("missing", found.missing),
    ...some("new", found.added),
    ...some("changed", found.changed),
  ].join("; ");
};
