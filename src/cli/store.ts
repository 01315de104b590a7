/** The store of the command line: `.espalier/runs.db` in the current folder, unless another file or a database is named. */
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
import type { RunInfo } from "../../types/runs.ts";
import type { StoreService } from "../journal/store.ts";
import { Store } from "../journal/store.ts";
import { Runs } from "../run/runs.ts";
import { describe } from "../values/describe.ts";
import { CliFailure, failure } from "./failure.ts";
import { tell } from "./output.ts";

const defaultFile = join(".espalier", "runs.db");

/** The environment variable that names the database if no flag names a store. */
const databaseVariable = "ESPALIER_DATABASE";

/** The store in which runs are recorded, as given by the flags. */
export interface StoreGiven {
  readonly file: string | undefined;
  /** A URL: must not be printed, since it may contain a password. */
  readonly database: string | undefined;
}

export const storeFlags = {
  file: Flag.String("store").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription(`The file that runs are recorded in; by default ${defaultFile}`),
    Flag.optional,
    Flag.map(Option.getOrUndefined),
  ),
  database: Flag.String("database").pipe(
    Flag.withMetavar("URL"),
    Flag.withDescription(
      `The Postgres database that runs are recorded in; by default that of ${databaseVariable}, if it is set`,
    ),
    Flag.optional,
    Flag.map(Option.getOrUndefined),
  ),
};

export const noStore = Flag.Boolean("no-store").pipe(
  Flag.withDescription("Record nothing: the run cannot be resumed"),
  Flag.withDefault(false),
);

type Building = Effect.Effect<StoreService, StoreError | StoreCorrupt | CliFailure, Scope.Scope>;

const buildFile = (filename: string): Building =>
  Effect.gen(function* () {
    const { SqliteStore } = yield* Effect.promise(() => import("../sqlite/index.ts"));
    return Context.get(yield* Layer.build(SqliteStore.layer({ filename })), Store);
  });

const buildDatabase = (url: string): Building =>
  Effect.gen(function* () {
    const { PostgresStore } = yield* Effect.tryPromise({
      try: () => import("../postgres/index.ts"),
      catch: (error) =>
        failure(
          error instanceof Error && error.message.includes("@effect/sql-pg")
            ? "A database needs the package @effect/sql-pg: npm install @effect/sql-pg"
            : describe(error),
        ),
    });
    return Context.get(yield* Layer.build(PostgresStore.layer({ url })), Store);
  });

/** The database that a flag or the environment names; an empty variable names none. */
export const databaseOf = ({ file, database }: StoreGiven): Effect.Effect<string | undefined, CliFailure> => {
  if (file !== undefined && database !== undefined) {
    return Effect.fail(failure("--store and --database name two different stores. Remove one of them."));
  }
  const named = process.env[databaseVariable];
  return Effect.succeed(database ?? (file === undefined && named !== "" ? named : undefined));
};

/** Recorded runs are not source code: the folder gets a .gitignore. */
const makeFolder = (): void => {
  const folder = dirname(defaultFile);
  if (existsSync(folder)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, ".gitignore"), "*\n");
};

/** The store of a server, which needs one. */
export const storeForServer = (given: StoreGiven): Effect.Effect<StoreService, CliFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const database = yield* databaseOf(given);
    if (database === undefined && given.file === undefined) {
      // A problem with the folder is reported for the file in it.
      yield* Effect.ignore(Effect.try({ try: makeFolder, catch: describe }));
    }
    const built = database === undefined ? buildFile(given.file ?? defaultFile) : buildDatabase(database);
    return yield* told(built);
  });

/**
 * The store to record a run in. A file that was requested must work. The default one need not: if it cannot be written,
 * the run is not recorded, and the command reports that. A run with a given id is never run unrecorded: it may already
 * exist.
 */
export const storeForRun = (
  given: StoreGiven,
  none: boolean,
  runId: string | undefined,
): Effect.Effect<StoreService | undefined, CliFailure, Scope.Scope> => {
  if (none) return Effect.succeed(undefined);
  return Effect.flatMap(databaseOf(given), (database) => {
    if (database !== undefined) return told(buildDatabase(database));
    return given.file === undefined ? defaultStore(runId) : told(buildFile(given.file));
  });
};

const defaultStore = (
  runId: string | undefined,
): Effect.Effect<StoreService | undefined, CliFailure, Scope.Scope> => {
  const folder = Effect.try({
    try: makeFolder,
    catch: () =>
      new StoreError({ store: defaultFile, kind: "read-only", reason: "its folder cannot be created here." }),
  });
  return folder.pipe(
    Effect.andThen(buildFile(defaultFile)),
    Effect.catch((error) =>
      Effect.suspend(() => {
        if (runId !== undefined)
          return Effect.fail(failure(`${error.message} --no-store runs without a record.`));
        tell(`${error.message} This run is not recorded; --store FILE records it elsewhere.`);
        return Effect.succeed(undefined);
      }),
    ),
  );
};

/** A store that must exist. */
export const existingStore = (given: StoreGiven): Effect.Effect<StoreService, CliFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const database = yield* databaseOf(given);
    if (database !== undefined) return yield* told(buildDatabase(database));
    const file = given.file ?? defaultFile;
    if (!existsSync(file)) {
      return yield* failure(
        `There is no store "${file}". espalier run creates it; --store FILE or --database URL selects another one.`,
      );
    }
    return yield* told(buildFile(file));
  });

/** Turns an error into a sentence, where it can only be reported. */
export const told = <Value, Services>(
  effect: Effect.Effect<Value, { readonly _tag: string; readonly message: string }, Services>,
): Effect.Effect<Value, CliFailure, Services> =>
  Effect.mapError(effect, (error) => (error instanceof CliFailure ? error : failure(error.message)));

/** Reads or controls runs in a store that must exist. Its failure is a sentence. */
export const inStore = <Value, Services>(
  given: StoreGiven,
  asking: Effect.Effect<Value, { readonly _tag: string; readonly message: string }, Services>,
): Effect.Effect<Value, CliFailure, Exclude<Services, Scope.Scope | Store>> =>
  Effect.scoped(
    Effect.flatMap(existingStore(given), (store) => told(Effect.provideService(asking, Store, store))),
  ) as Effect.Effect<Value, CliFailure, Exclude<Services, Scope.Scope | Store>>;

/** The run with that id, or the only one whose id begins with it. */
export const findRun = Effect.fnUntraced(function* (id: string) {
  const exact =
    id === "" ? undefined : yield* Effect.catchTag(Runs.info(id), "RunNotFound", () => Effect.undefined);
  if (exact !== undefined) return exact;
  // Two are enough to know that there are several.
  const similar: ReadonlyArray<RunInfo> = id === "" ? [] : yield* Runs.list({ idPrefix: id, limit: 2 });
  if (similar.length === 1) return similar[0]!;
  return yield* failure(
    similar.length > 1
      ? `The ids of several runs begin with "${id}". Write more of the id.`
      : `There is no run "${id}" in the store. espalier runs lists the recorded runs.`,
  );
});
