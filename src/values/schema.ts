/**
 * Decodes values by a user's schema: an Effect Schema, any Standard Schema v1 (zod, valibot,
 * arktype), or `type<T>()`, which checks nothing.
 *
 * `effect/Schema`'s parser is imported when the first Effect Schema is used: a program without one never loads it.
 */
import type * as Cause from "effect/Cause";
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import type { Schema } from "effect/Schema";
import type { StandardSchemaV1 } from "effect/StandardSchema";
import { describe } from "./describe.ts";
import { isThenable, promiseOf } from "./thenable.ts";

/** A value that a schema rejects: the location in the value, and the reason. */
export class DecodeProblem extends Data.TaggedError("DecodeProblem")<{
  readonly path: ReadonlyArray<PropertyKey>;
  readonly reason: string;
}> {}

const uncheckedMark: unique symbol = Symbol.for("espalier/Unchecked") as never;

/** The schema of `type<T>()`: a type for the compiler, and nothing at run time. */
export const unchecked: { readonly [uncheckedMark]: true } = Object.freeze({ [uncheckedMark]: true });

/** Does this schema check nothing? */
export const isUnchecked = (schema: unknown): boolean =>
  typeof schema === "object" && schema !== null && uncheckedMark in schema;

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

export const isEffectSchema = (schema: unknown): schema is Schema<unknown> =>
  isObject(schema) && "~effect/Schema/Schema" in schema;

const isStandardSchema = (schema: unknown): schema is StandardSchemaV1 =>
  isObject(schema) && "~standard" in schema;

/** Can this schema only decode (a Standard Schema: zod, valibot, arktype), with no way back to the encoded form? */
export const decodesOnly = (schema: unknown): boolean =>
  !isUnchecked(schema) && !isEffectSchema(schema) && isStandardSchema(schema);

/** Does `.input` accept this schema? */
export const isSchema = (schema: unknown): boolean =>
  isUnchecked(schema) || isEffectSchema(schema) || isStandardSchema(schema);

/** The first issue's path, wherever the vendor put it; keys may be given as `{ key }`. */
const standardProblem = (issues: ReadonlyArray<StandardSchemaV1.Issue>): DecodeProblem => {
  const first = issues[0];
  // arktype's path is an instance of its own class, and `map` would create another one.
  const path = Array.from(first?.path ?? [], (part) => (typeof part === "object" ? part.key : part));
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return new DecodeProblem({ path, reason: `${first?.message ?? "the schema states no reason"}${more}` });
};

type Decoded = Effect.Effect<unknown, DecodeProblem>;

const fromStandard = (result: StandardSchemaV1.Result<unknown>): Decoded =>
  result.issues === undefined ? Effect.succeed(result.value) : Effect.fail(standardProblem(result.issues));

const decodeStandard = (schema: StandardSchemaV1, value: unknown): Decoded => {
  try {
    const result = schema["~standard"].validate(value);
    return isThenable(result)
      ? Effect.flatMap(
          Effect.tryPromise({
            try: () => promiseOf(result) as Promise<StandardSchemaV1.Result<unknown>>,
            catch: (error) => new DecodeProblem({ path: [], reason: describe(error) }),
          }),
          fromStandard,
        )
      : fromStandard(result);
  } catch (error) {
    return Effect.fail(new DecodeProblem({ path: [], reason: describe(error) }));
  }
};

interface EffectSchemas {
  readonly parser: typeof import("effect/SchemaParser");
  readonly issue: typeof import("effect/SchemaIssue");
}

let loaded: EffectSchemas | undefined;

const effectSchemas: Effect.Effect<EffectSchemas> = Effect.suspend(() =>
  loaded !== undefined
    ? Effect.succeed(loaded)
    : Effect.promise(async () => {
        const [parser, issue] = await Promise.all([
          import("effect/SchemaParser"),
          import("effect/SchemaIssue"),
        ]);
        loaded = { parser, issue };
        return loaded;
      }),
);

const decodeEffect = (schema: Schema<unknown>, value: unknown): Decoded =>
  Effect.flatMap(effectSchemas, ({ parser, issue }) =>
    Effect.mapError(
      parser.decodeUnknownEffect(schema as never)(value) as Effect.Effect<
        unknown,
        import("effect/SchemaIssue").Issue
      >,
      (problem) => standardProblem(issue.makeFormatterStandardSchemaV1()(problem).issues),
    ),
  );

/** Decodes `value` with `schema`. A schema that needs services gets them from the run. */
export const decode = (schema: unknown, value: unknown): Decoded => {
  if (isUnchecked(schema)) return Effect.succeed(value);
  if (isEffectSchema(schema)) return decodeEffect(schema, value);
  if (isStandardSchema(schema)) return decodeStandard(schema, value);
  return Effect.succeed(value);
};

/** The syntax of an Effect Schema, as far as it is read here. */
interface Syntax {
  readonly _tag: string;
  readonly types?: ReadonlyArray<Syntax>;
  readonly encoding?: ReadonlyArray<{ readonly to: Syntax }>;
}

/** The encoded side of an Effect Schema. Read from its syntax, since the parser might not be loaded yet. */
const encodedSide = (syntax: Syntax): Syntax => {
  let side = syntax;
  while (side.encoding !== undefined && side.encoding.length > 0) side = side.encoding.at(-1)!.to;
  return side;
};

const withUndefined = new Set(["Undefined", "Void", "Unknown", "Any"]);

const includesUndefined = (syntax: Syntax): boolean => {
  const { _tag, types } = encodedSide(syntax);
  return withUndefined.has(_tag) || (_tag === "Union" && types!.some(includesUndefined));
};

/** Does this schema decode `undefined`, so that the input may be omitted? Unknown for `type<T>()`. */
export const acceptsUndefined = (schema: unknown): boolean => {
  if (isUnchecked(schema)) return false;
  try {
    if (isEffectSchema(schema)) return includesUndefined((schema as unknown as { readonly ast: Syntax }).ast);
    if (!isStandardSchema(schema)) return false;
    const result = schema["~standard"].validate(undefined);
    if (!isThenable(result)) return result.issues === undefined;
    // It checks asynchronously, which cannot be awaited while a graph is built.
    void promiseOf(result).catch(() => {});
    return false;
  } catch {
    return false;
  }
};

/** The reason why decoding failed, whether the schema rejected the value, threw or died. */
export const problemOf = (cause: Cause.Cause<DecodeProblem>): DecodeProblem => {
  for (const reason of cause.reasons) {
    if (reason._tag === "Fail") return reason.error;
    if (reason._tag === "Die") return new DecodeProblem({ path: [], reason: describe(reason.defect) });
  }
  return new DecodeProblem({ path: [], reason: "decoding was interrupted" });
};
