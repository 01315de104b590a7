/** Writes a run's outputs as JSON. */
import * as Effect from "effect/Effect";
import { visibleJson } from "../draw/escape.ts";
import { bentSentence, plainJson } from "../values/plain-json.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";

/** All outputs as one JSON object, on one line. */
export const outputsAsJson = (
  outputs: Readonly<Record<string, unknown>>,
): Effect.Effect<string, CliFailure> =>
  Effect.gen(function* () {
    const members: Array<string> = [];
    for (const [name, value] of Object.entries(outputs)) {
      const text = yield* Effect.try({
        try: () => plainJson(value),
        catch: () =>
          failure(
            `The output "${name}" cannot be written as JSON: it contains itself or is nested too deeply.`,
          ),
      });
      if (typeof text !== "string") {
        return yield* failure(bentSentence(name, text));
      }
      members.push(`${JSON.stringify(name)}:${text}`);
    }
    return visibleJson(`{${members.join(",")}}`);
  });
