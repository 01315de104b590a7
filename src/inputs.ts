/** Decodes the inputs of a run, or of a sub-pipeline when its dynamic step has expanded. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { InvalidInput } from "./errors.ts";
import type { GraphInput } from "./graph.ts";
import { decode, isUnchecked, problemOf } from "./schema.ts";

const invalid = (path: string, input: string, cause: Cause.Cause<import("./schema.ts").DecodeProblem>) => {
  const problem = problemOf(cause);
  return Exit.fail(new InvalidInput({ path, input, issuePath: problem.path, reason: problem.reason }));
};

/**
 * The decoded values in the order of `declared`; `path` is empty for a run. An `Exit`, where no schema needs to wait:
 * `type<T>()` costs nothing.
 */
export const decodeInputs = (
  declared: ReadonlyArray<GraphInput>,
  given: Readonly<Record<string, unknown>>,
  path: string,
): Effect.Effect<ReadonlyArray<unknown>, InvalidInput> => {
  const missing = declared.find(({ name, schema }) => isUnchecked(schema) && !Object.hasOwn(given, name));
  if (missing !== undefined) {
    const reason = "it is not given";
    return Exit.fail(new InvalidInput({ path, input: missing.name, issuePath: [], reason }));
  }
  if (declared.every(({ schema }) => isUnchecked(schema))) {
    return Exit.succeed(declared.map(({ name }) => given[name]));
  }
  return Effect.gen(function* () {
    const values: Array<unknown> = [];
    for (const { name, schema } of declared) {
      const value = Object.hasOwn(given, name) ? given[name] : undefined;
      const exit = yield* Effect.exit(decode(schema, value));
      if (Exit.isSuccess(exit)) values.push(exit.value);
      else if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt;
      else return yield* invalid(path, name, exit.cause);
    }
    return values;
  });
};
