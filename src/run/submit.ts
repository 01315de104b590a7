/**
 * Submits runs for other processes to execute, and reads their outputs. No step is executed here: a submitted run is a row in
 * the store, and its outputs are read from its records.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import type { Graph } from "../engine/graph.ts";
import { InvalidInput, RunExists, RunNotFound } from "../errors.ts";
import { canonicalText } from "../journal/canonical.ts";
import { givenTexts } from "../journal/recorded-inputs.ts";
import { shapeOf } from "../journal/shape.ts";
import type { Claim, NewRun, RunDetails, StoreProblem, StoreService } from "../journal/store.ts";
import { Store } from "../journal/store.ts";
import { unwritten } from "../journal/unwritten.ts";
import { encode } from "../values/encode.ts";
import { asGiven, otherInputs } from "./inputs.ts";
import { optionsProblem } from "./options.ts";
import { resumeGraph } from "./run.ts";
import { textWire } from "../workers/wire.ts";
import type { WorkersService } from "../workers/workers.ts";
import { Workers } from "../workers/workers.ts";

type Inputs = Readonly<Record<string, unknown>>;

interface Submission {
  readonly store: StoreService;
  readonly runId: string;
  readonly origin?: string | undefined;
}

type SubmitError = InvalidInput | RunExists | StoreProblem;

/** Whether two sets of inputs are equal, regardless of the order of keys. A value that only one of them has was added by a schema. */
const sameGiven = (a: string, b: string): boolean => {
  const other = givenTexts(b);
  return Object.entries(givenTexts(a)).every(
    ([name, text]) => other[name] === undefined || canonicalText(text) === canonicalText(other[name]),
  );
};

/** Submits a run. If it exists already with the same inputs, there is nothing to do. */
const submit = (store: StoreService, run: NewRun): Effect.Effect<void, SubmitError> =>
  Effect.gen(function* () {
    const problem = optionsProblem({ runId: run.id });
    if (problem !== undefined) return yield* problem;
    if (yield* store.submit(run)) return;
    const found = yield* store.find(run.id);
    // Pruned just now.
    if (found === undefined) return yield* submit(store, run);
    if (found.pipeline !== run.pipeline) {
      const reason = `it exists already, as a run of "${found.pipeline}". Give this run another id.`;
      return yield* new RunExists({ runId: run.id, reason });
    }
    if (!sameGiven(run.inputs, found.inputs)) return yield* otherInputs(run.id);
  });

/** Submits a run of a pipeline. Its inputs are checked first. */
export const submitRun = (
  graph: Graph,
  inputs: Inputs,
  { store, runId: id, origin }: Submission,
): Effect.Effect<void, SubmitError> =>
  Effect.gen(function* () {
    const given = yield* asGiven(graph, inputs, store.keepsSecrets);
    const time = yield* Clock.currentTimeMillis;
    const run = { id, pipeline: graph.name, shape: shapeOf(graph), inputs: given.text, origin, time };
    yield* submit(store, run);
  });

/** Submits a run by the name of its pipeline. The process that claims it checks the inputs. */
export const submitNamed = (
  pipeline: string,
  inputs: Inputs,
  { store, runId: id, origin }: Submission,
): Effect.Effect<void, SubmitError> =>
  Effect.gen(function* () {
    const texts: Record<string, string> = {};
    for (const [name, value] of Object.entries(inputs)) {
      const text = encode(value);
      if (typeof text !== "string") {
        const reason = `it cannot be recorded: ${text.reason}`;
        return yield* new InvalidInput({ path: "", input: name, issuePath: text.issuePath, reason });
      }
      texts[name] = text;
    }
    const time = yield* Clock.currentTimeMillis;
    yield* submit(store, { id, pipeline, shape: "", inputs: JSON.stringify(texts), origin, time });
  });

/** The store with one run, which is not read again. A claim takes nothing: any number of processes can read the run at once. */
const unclaimed = (store: StoreService, run: RunDetails): StoreService => {
  const known: Partial<StoreService> = {
    claim: (): Effect.Effect<Claim> => Effect.succeed({ type: "existing", run, journal: unwritten() }),
    summary: () => Effect.succeed(run),
    find: () => Effect.succeed(run),
  };
  return new Proxy(store, {
    get: (target, key) => {
      if (Object.hasOwn(known, key)) return known[key as keyof StoreService];
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
};

/** No step runs, so there is no need to report steps that run here for lack of a worker. */
const unneeded: WorkersService = {
  wire: textWire,
  sparesOwner: false,
  size: 1,
  perform: (_task, _listen, here) => here,
};

/** The decoded outputs of a run that has succeeded. Its expansions are built again; no step runs. */
export const recordedOutputs = (
  graph: Graph,
  store: StoreService,
  runId: string,
): Effect.Effect<Record<string, unknown>, unknown> =>
  Effect.gen(function* () {
    const run = yield* store.find(runId);
    if (run === undefined) return yield* new RunNotFound({ runId });
    return yield* resumeGraph(graph, { runId }, {}).pipe(
      Effect.provideService(Store, unclaimed(store, run)),
      Effect.provideService(Workers, unneeded),
    );
  });
