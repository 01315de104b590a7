/** Reads `--input name=json` and `--input name=@file` into the inputs of a run. */
import { readFile } from "node:fs/promises";
import * as Effect from "effect/Effect";
import { expandable } from "../engine/graph.ts";
import { areMissing, missingInputs } from "../engine/inputs.ts";
import { describe } from "../values/describe.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";
import type { AnyPipeline } from "./load.ts";
import { didYouMean } from "../values/nearest.ts";
import { listed } from "../values/listed.ts";

interface Given {
  readonly name: string;
  readonly text: string;
}

/** A name may contain "=", so a declared input wins over the first "=". */
const split = (argument: string, declared: ReadonlyArray<string>): Given | CliFailure => {
  const names = declared.filter((name) => argument.startsWith(`${name}=`));
  const longest = names.reduce((a, b) => (b.length > a.length ? b : a), "");
  const end = longest === "" ? argument.indexOf("=") : longest.length;
  if (end > 0) return { name: argument.slice(0, end), text: argument.slice(end + 1) };
  return failure(
    `The input ${JSON.stringify(argument)} has no value. Write --input name=json or --input name=@file.`,
  );
};

const readText = ({ name, text }: Given): Effect.Effect<string, CliFailure> =>
  text.startsWith("@")
    ? Effect.tryPromise({
        try: () => readFile(text.slice(1), "utf8"),
        catch: (error) =>
          (error as NodeJS.ErrnoException).code === "ENOENT"
            ? failure(`The input "${name}" reads the file "${text.slice(1)}", which does not exist.`)
            : failure(
                `The file "${text.slice(1)}" of the input "${name}" cannot be read: ${describe(error)}`,
              ),
      })
    : Effect.succeed(text);

/** A shell removes the quotes, so a bare word is the most common mistake. */
const hint = ({ name, text }: Given): string =>
  /^[\p{L}\p{N} _./:-]+$/u.test(text)
    ? ` A string needs quotes inside quotes: --input '${name}="${text}"'.`
    : "";

const parse = (given: Given, text: string): Effect.Effect<unknown, CliFailure> =>
  Effect.try({
    try: () => JSON.parse(text.replace(/^\ufeff/, "")) as unknown,
    catch: (error) => {
      const what = given.text.startsWith("@")
        ? `The file "${given.text.slice(1)}" of the input`
        : "The input";
      return failure(
        `${what} "${given.name}" is not JSON: ${describe(error).replace(/^SyntaxError: /, "")}.${hint(given)}`,
      );
    },
  });

const unknownInput = (name: string, pipeline: AnyPipeline, declared: ReadonlyArray<string>): CliFailure => {
  const has = declared.length === 0 ? "it takes none" : `it takes ${listed(declared)}`;
  return failure(
    `The pipeline "${pipeline.name}" has no input "${name}"; ${has}.${didYouMean(name, declared)}`,
  );
};

/** The inputs by name; every mistake in them is a sentence that says how to fix it. */
export const readInputs = (
  pipeline: AnyPipeline,
  parameters: ReadonlyArray<string>,
): Effect.Effect<Readonly<Record<string, unknown>>, CliFailure> =>
  Effect.gen(function* () {
    const declared = pipeline.plan().inputs.map(({ name }) => name);
    const values = new Map<string, unknown>();
    for (const argument of parameters) {
      const given = split(argument, declared);
      if (!("text" in given)) return yield* given;
      if (!declared.includes(given.name)) return yield* unknownInput(given.name, pipeline, declared);
      if (values.has(given.name))
        return yield* failure(`The input "${given.name}" is given twice. Remove one --input.`);
      values.set(given.name, yield* parse(given, yield* readText(given)));
    }
    const absent = yield* missingInputs(expandable(pipeline)?.inputs ?? [], (name) => values.has(name));
    if (absent.length > 0) {
      return yield* failure(
        `${areMissing(absent)}: give ${absent.length === 1 ? "it" : "each"} with --input '${absent[0]!}=JSON' or --input '${absent[0]!}=@FILE'.`,
      );
    }
    return Object.fromEntries(values);
  });
