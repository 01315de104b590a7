/** The options of the functions that read and steer recorded runs, checked before a store is asked. */
import { InvalidInput } from "../errors.ts";
import type { Check } from "../values/specification.ts";
import { isRecord, typed, unknownOption } from "../values/specification.ts";
import { aStore, runOptions } from "./options.ts";

/**
 * The first problem with the options of `owner`; undefined if there is none. All of them take `store`. Options of a run are
 * accepted and ignored, so that a program can pass the same object to both.
 */
export const checkedOptions = (
  owner: string,
  options: unknown,
  others: Readonly<Record<string, Check>> = {},
): InvalidInput | undefined => {
  const problem = (input: string, reason: string) =>
    new InvalidInput({ path: "", input, issuePath: [], reason });
  if (!isRecord(options)) return problem("options", `options must be an object; got ${typed(options)}.`);
  const checks: Readonly<Record<string, Check>> = { ...others, store: aStore };
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) {
      if (Object.hasOwn(runOptions, name)) continue;
      return problem(name, unknownOption(owner, name, checks));
    }
    const reason = value === undefined ? undefined : checks[name]!(name, value);
    if (reason !== undefined) return problem(name, reason);
  }
  return undefined;
};
