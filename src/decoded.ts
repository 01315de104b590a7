/** Standalone steps that gave schemas for their inputs: what they read is decoded before their function sees it. */
import * as Effect from "effect/Effect";
import type { StepContext } from "../types/context.ts";
import type { StepDefinition } from "./definition.ts";
import { StepFailed } from "./errors.ts";
import { decodeInputs } from "./inputs.ts";

/** Decodes, then calls. */
export const callDecoded = (
  definition: StepDefinition,
  inputs: Readonly<Record<string, unknown>>,
  context: StepContext,
): unknown => {
  const declared = definition.inputs.map((name, slot) => ({ name, schema: definition.schemas![name], slot }));
  return Effect.flatMap(decodeInputs(declared, inputs, context.path), (values) => {
    const decoded: Record<string, unknown> = {};
    declared.forEach(({ name }, i) => {
      decoded[name] = values[i];
    });
    const value = definition.call(decoded, context);
    if (Effect.isEffect(value)) return value as Effect.Effect<unknown, unknown>;
    if (typeof (value as PromiseLike<unknown> | undefined)?.then !== "function") return Effect.succeed(value);
    return Effect.tryPromise({
      try: () => value as Promise<unknown>,
      catch: (cause) => new StepFailed({ path: context.path, cause }),
    });
  });
};
