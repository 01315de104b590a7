/** `Runs` on the store of a server, whose requests have been checked. */
import * as Effect from "effect/Effect";
import type { RunInfo } from "../../types/runs.ts";
import { InvalidInput, RunNotFound } from "../errors.ts";
import type { StoreProblem, StoreService } from "../journal/store.ts";
import { Store } from "../journal/store.ts";
import { Runs } from "../run/runs.ts";

/** Whether a run with this status has not ended. */
export { isUnderWay } from "../journal/store.ts";

/** Provides the store. A request that reaches `Runs` is valid. */
export const inStore = <Value, Failure>(
  store: StoreService,
  asked: Effect.Effect<Value, Failure>,
): Effect.Effect<Value, Exclude<Failure, InvalidInput>> =>
  Effect.provideService(asked, Store, store).pipe(
    Effect.catch((error) =>
      error instanceof InvalidInput
        ? Effect.die(error)
        : Effect.fail(error as Exclude<Failure, InvalidInput>),
    ),
  );

/** Undefined if there is no such run. */
export const storedInfo = (
  store: StoreService,
  runId: string,
): Effect.Effect<RunInfo | undefined, StoreProblem> =>
  Effect.catch(inStore(store, Runs.info(runId)), (error) =>
    error instanceof RunNotFound ? Effect.undefined : Effect.fail(error),
  );
