/** Finds the pipeline in a user's file. Any problem with the file is reported as one sentence. */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import type { RunOptions } from "../../types/options.ts";
import type { Plan } from "../../types/plan.ts";
import { expandable } from "../engine/graph.ts";
import { definitionOf } from "../graph/steps.ts";
import { describe } from "../values/describe.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";
import { ownStandardOutput } from "./output.ts";
import { placeOf } from "./source-location.ts";
import { tellLoaded } from "./watch/loaded.ts";
import { didYouMean } from "../values/nearest.ts";
import { listed } from "../values/listed.ts";

/** A pipeline of unknown type. */
export interface AnyPipeline {
  readonly name: string;
  readonly plan: () => Plan;
  readonly only: (...names: ReadonlyArray<string>) => AnyPipeline;
  readonly run: (inputs: Exports, options: RunOptions) => Effect.Effect<Exports, unknown>;
}

type Exports = Readonly<Record<string, unknown>>;

const isPipeline = (value: unknown): value is AnyPipeline => expandable(value) !== undefined;

/** Describes a value that should have been a pipeline. */
const kindOf = (value: unknown): string => {
  if (isPipeline(value)) return "a pipeline";
  if (typeof value === "function") return "a function";
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return `a ${typeof value}`;
  if (definitionOf in value) return "a standalone step";
  if (value instanceof Promise) return "a Promise";
  return Array.isArray(value) ? "an array" : "an object";
};

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;

const missingFile = (file: string, error: unknown): CliFailure => {
  const code = codeOf(error);
  return failure(
    code === "ENOENT" || code === "ENOTDIR"
      ? `There is no file "${file}".`
      : `The file "${file}" cannot be read: ${describe(error)}`,
  );
};

const notCode: ReadonlySet<unknown> = new Set(["ERR_UNKNOWN_FILE_EXTENSION", "ERR_IMPORT_ATTRIBUTE_MISSING"]);

/** Node does not expose the position of a syntax error in JavaScript, but `--check` prints it. Empty if it does not. */
const checkedPlace = (file: string): Promise<string> =>
  new Promise((done) => {
    execFile(process.execPath, ["--check", resolve(file)], (_error, _stdout, stderr) => {
      const line = /^.*:(\d+)$/m.exec(stderr)?.[1];
      done(line === undefined ? "" : ` (${file}:${line})`);
    });
  });

/** Node only strips types: enums, namespaces with values and parameter properties have to be compiled. */
const compiledByTsx =
  '. Node runs TypeScript only where removing the types is enough. Write it without that syntax, or install tsx and run the command with NODE_OPTIONS="--import tsx".';

/** Why a file could not be imported, with the position in it. */
const importFailure = async (file: string, error: unknown): Promise<CliFailure> => {
  if (notCode.has(codeOf(error))) {
    return failure(
      `The file "${file}" is neither TypeScript nor JavaScript: give a .ts, .mts, .js or .mjs file.`,
    );
  }
  const place = placeOf(error) || (error instanceof SyntaxError ? await checkedPlace(file) : "");
  const fix = codeOf(error) === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX" ? compiledByTsx : "";
  return failure(`The file "${file}" cannot be loaded: ${describe(error)}${place}${fix}`);
};

/** What a file exports. */
export const load = (file: string): Effect.Effect<Exports, CliFailure> =>
  Effect.gen(function* () {
    const path = resolve(file);
    const found = yield* Effect.tryPromise({
      try: () => stat(path),
      catch: (error) => missingFile(file, error),
    });
    if (!found.isFile())
      return yield* failure(`"${file}" is not a file. Name a module that exports a pipeline.`);
    tellLoaded();
    return yield* Effect.tryPromise({
      try: () => import(pathToFileURL(path).href) as Promise<Exports>,
      catch: (error) => error,
    }).pipe(
      Effect.catch((error) =>
        Effect.flatMap(
          Effect.promise(() => importFailure(file, error)),
          Effect.fail,
        ),
      ),
    );
  });

/** Node adds `module.exports` to the exports of a CommonJS file. */
const namesIn = (exports: Exports): ReadonlyArray<string> =>
  Object.keys(exports).filter((name) => name !== "module.exports");

const chosen = (file: string, exports: Exports, name: string): AnyPipeline | CliFailure => {
  const names = namesIn(exports);
  if (!names.includes(name)) {
    return failure(
      `The file "${file}" has no export "${name}"; ${exportsOf(exports)}.${didYouMean(name, names)}`,
    );
  }
  const value = exports[name];
  return isPipeline(value)
    ? value
    : failure(
        `The export "${name}" of "${file}" is ${kindOf(value)}, not a pipeline; ${exportsOf(exports)}.`,
      );
};

const exportsOf = (exports: Exports): string => {
  const all = namesIn(exports).map((name) => `"${name}" (${kindOf(exports[name])})`);
  if (all.length === 0) return "it exports nothing";
  const more = all.length > 20 ? ` and ${all.length - 20} more` : "";
  return `it exports ${all.slice(0, 20).join(", ")}${more}`;
};

const only = (file: string, exports: Exports): AnyPipeline | CliFailure => {
  if (isPipeline(exports["default"])) return exports["default"];
  const pipelines = namesIn(exports).filter((name) => isPipeline(exports[name]));
  if (pipelines.length > 1) {
    return failure(
      `The file "${file}" exports the pipelines ${listed(pipelines)}: choose one with --export NAME.`,
    );
  }
  const [first] = pipelines;
  if (first !== undefined) return exports[first] as AnyPipeline;
  return failure(
    `The file "${file}" exports no pipeline; ${exportsOf(exports)}. Export one, for example: export default pipeline("name").`,
  );
};

/** A pipeline, and the services that the file provides to its steps. */
export interface Loaded {
  readonly file: string;
  readonly pipeline: AnyPipeline;
  /** The export `layer`: the services of the pipeline's steps. */
  readonly layer: Layer.Layer<any, unknown> | undefined;
}

const layerOf = (file: string, exports: Exports): Effect.Effect<Loaded["layer"], CliFailure> => {
  const { layer } = exports;
  if (layer === undefined || Layer.isLayer(layer)) return Effect.succeed(layer as Loaded["layer"]);
  return Effect.fail(
    failure(
      `The export "layer" of "${file}" must be a Layer that provides services of the pipeline; got ${kindOf(layer)}. Write export const layer = Layer.succeed(Service, …), or rename it.`,
    ),
  );
};

/**
 * The pipeline that `file` exports: by name, or its default one, or the only one; and its services. From here on,
 * standard output is reserved for the command.
 */
export const loadRunnable = (file: string, name: string | undefined): Effect.Effect<Loaded, CliFailure> =>
  Effect.gen(function* () {
    yield* ownStandardOutput;
    const exports = yield* load(file);
    const found = name === undefined ? only(file, exports) : chosen(file, exports, name);
    if (!isPipeline(found)) return yield* found;
    return { file, pipeline: found, layer: yield* layerOf(file, exports) };
  });

export const loadPipeline = (
  file: string,
  name: string | undefined,
): Effect.Effect<AnyPipeline, CliFailure> => Effect.map(loadRunnable(file, name), ({ pipeline }) => pipeline);
