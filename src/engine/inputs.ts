/** Decodes the inputs of a run, or of a sub-pipeline when its dynamic step has expanded. */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { InvalidInput } from "../errors.ts";
import type { GraphInput } from "../graph/node.ts";
import { describe } from "../values/describe.ts";
import { listed } from "../values/listed.ts";
import type { DecodeProblem } from "../values/schema.ts";
import { decode, isUnchecked, problemOf } from "../values/schema.ts";

type Inputs = Readonly<Record<string, unknown>>;

const refused = (
  path: string,
  input: string,
  { path: issuePath, reason }: Pick<DecodeProblem, "path" | "reason">,
) => new InvalidInput({ path, input, issuePath, reason });

/** The value given for an input, not decoded; or the reason that it cannot be read, if a getter threw. */
const read = (
  given: Inputs,
  { name, schema }: GraphInput,
  path: string,
): Exit.Exit<unknown, InvalidInput> => {
  try {
    if (Object.hasOwn(given, name)) return Exit.succeed(given[name]);
    if (!isUnchecked(schema)) return Exit.succeed(undefined);
    return Exit.fail(refused(path, name, { path: [], reason: "it is not given" }));
  } catch (thrown) {
    return Exit.fail(refused(path, name, { path: [], reason: describe(thrown) }));
  }
};

/** The declared inputs that are not given, except those whose schema accepts `undefined`. */
export const missingInputs = (
  declared: ReadonlyArray<GraphInput>,
  isGiven: (name: string) => boolean,
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(
    Effect.forEach(
      declared.filter(({ name }) => !isGiven(name)),
      ({ name, schema }) =>
        isUnchecked(schema)
          ? Effect.succeed([name])
          : Effect.map(Effect.exit(decode(schema, undefined)), (exit) =>
              Exit.isSuccess(exit) ? [] : [name],
            ),
    ),
    (names) => names.flat(),
  );

/** The beginning of a sentence, for the command line and the API. */
export const areMissing = (names: ReadonlyArray<string>): string =>
  names.length === 1 ? `The input ${listed(names)} is missing` : `The inputs ${listed(names)} are missing`;

/**
 * The decoded values in the order of `declared`; `path` is empty for a run. An `Exit`, if no schema needs to wait:
 * `type<T>()` costs nothing.
 */
export const decodeInputs = (
  declared: ReadonlyArray<GraphInput>,
  given: Inputs,
  path: string,
): Effect.Effect<ReadonlyArray<unknown>, InvalidInput> => {
  const values: Array<unknown> = [];
  for (const input of declared) {
    const exit = read(given, input, path);
    if (Exit.isFailure(exit)) return Exit.failCause(exit.cause);
    values.push(exit.value);
  }
  if (declared.every(({ schema }) => isUnchecked(schema))) return Exit.succeed(values);
  return Effect.gen(function* () {
    const decoded: Array<unknown> = [];
    for (const [i, { name, schema }] of declared.entries()) {
      const exit = yield* Effect.exit(decode(schema, values[i]));
      if (Exit.isSuccess(exit)) decoded.push(exit.value);
      else if (Cause.hasInterruptsOnly(exit.cause)) return yield* Effect.interrupt;
      else return yield* refused(path, name, problemOf(exit.cause));
    }
    return decoded;
  });
};
