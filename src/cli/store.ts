/** The store of the command line: `.espalier/runs.db` in the current folder, unless told otherwise. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as Context from "effect/Context";
import * as Flag from "effect/cli/Flag";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import * as Option from "effect/Option";
import type * as Scope from "effect/Scope";
import type { StoreCorrupt } from "../errors.ts";
import { StoreError } from "../errors.ts";
import type { RunDetails, StoreService } from "../journal/store.ts";
import { Store } from "../journal/store.ts";
import type { CliFailure } from "./failure.ts";
import { failure } from "./failure.ts";
import { tell } from "./output.ts";

const defaultFile = join(".espalier", "runs.db");

export const storeFile = Flag.String("store").pipe(
  Flag.withMetavar("FILE"),
  Flag.withDescription(`The file that runs are recorded in; by default ${defaultFile}`),
  Flag.optional,
  Flag.map(Option.getOrUndefined),
);

export const noStore = Flag.Boolean("no-store").pipe(
  Flag.withDescription("Record nothing: the run cannot be resumed"),
  Flag.withDefault(false),
);

export const fileOf = (given: string | undefined): string => given ?? defaultFile;

const build = (filename: string): Effect.Effect<StoreService, StoreError | StoreCorrupt, Scope.Scope> =>
  Effect.gen(function* () {
    const { SqliteStore } = yield* Effect.promise(() => import("../sqlite/index.ts"));
    return Context.get(yield* Layer.build(SqliteStore.layer({ filename })), Store);
  });

/** Runs are nobody's source code: git is told so. */
const makeFolder = (): void => {
  const folder = dirname(defaultFile);
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".gitignore"), "*\n");
};

/**
 * The store to record a run in. A file that was asked for must serve. The default one need not: a second run in the same
 * folder goes on without a record, and says so.
 */
export const storeForRun = (
  given: string | undefined,
  none: boolean,
): Effect.Effect<StoreService | undefined, CliFailure, Scope.Scope> => {
  if (none) return Effect.succeed(undefined);
  if (given !== undefined) return Effect.mapError(build(given), (error) => failure(error.message));
  const folder = Effect.try({
    try: makeFolder,
    catch: () =>
      new StoreError({ store: defaultFile, kind: "read-only", reason: "its folder cannot be made here." }),
  });
  return folder.pipe(
    Effect.andThen(build(defaultFile)),
    Effect.catch((error) =>
      Effect.sync(() => {
        tell(`${error.message} This run is not recorded; --store FILE records it elsewhere.`);
        return undefined;
      }),
    ),
  );
};

/** A store that must be there. */
export const existingStore = (
  given: string | undefined,
): Effect.Effect<StoreService, CliFailure | StoreError, Scope.Scope> =>
  Effect.gen(function* () {
    const file = fileOf(given);
    if (!existsSync(file)) {
      return yield* failure(
        `There is no store "${file}". espalier run makes one; --store FILE names another.`,
      );
    }
    return yield* Effect.mapError(build(file), (error) =>
      error instanceof StoreError && error.kind === "busy" ? error : failure(error.message),
    );
  });

/** As a sentence, where nothing better can be done than to tell it. */
export const told = <Value, Services>(
  effect: Effect.Effect<Value, CliFailure | StoreError | StoreCorrupt, Services>,
): Effect.Effect<Value, CliFailure, Services> =>
  Effect.mapError(effect, (error) => (error._tag === "CliFailure" ? error : failure(error.message)));

/** The run of an id, or of the only id that begins like it. */
export const findRun = (
  store: StoreService,
  id: string,
): Effect.Effect<RunDetails, CliFailure | StoreError | StoreCorrupt> =>
  Effect.gen(function* () {
    const run = yield* store.find(id);
    if (run !== undefined) return run;
    const similar = (yield* store.runs()).filter((other) => other.id.startsWith(id));
    if (id !== "" && similar.length === 1) return (yield* store.find(similar[0]!.id))!;
    return yield* failure(
      similar.length > 1 && id !== ""
        ? `There are ${similar.length} runs whose ids begin with "${id}": write more of it.`
        : `There is no run "${id}" in the store. espalier runs lists those there are.`,
    );
  });
