/**
 * Compensations: on request, succeeded steps are undone when the run fails or is cancelled. Steps with a compensation are noted
 * as they succeed. When nothing else in the run is running any more, they are undone one at a time, the last first, before the
 * `finally` steps. With a store, each is recorded when it is over; a run that stopped in between continues there, and
 * `rebuild.ts` finds what earlier parts of it did.
 */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import { CompensationFailed, ExpansionChanged, StoreCorrupt, StoreError } from "../errors.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { hasOptionsForEach } from "../graph/kinds.ts";
import type { CompensationJournal, Recorded } from "../journal/compensation.ts";
import type { Ending } from "../journal/records.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import { isAtOrUnder } from "../path.ts";
import { CompensatingContext, RunningContext } from "./context.ts";
import type { CompensationRoom, Core } from "./core.ts";
import type { Layers, StepCall } from "./executor.ts";
import type { Frame } from "./frame.ts";
import { State } from "./frame.ts";
import { expandable } from "./graph.ts";
import { performed } from "./settle.ts";

/** A step, item or turn that has succeeded, with the arguments for its compensation. */
export interface Done {
  readonly path: string;
  readonly definition: StepDefinition;
  readonly layers: Layers | undefined;
  readonly inputs: StepCall["inputs"];
  readonly item: unknown;
  readonly output: unknown;
  /** For an item or a turn. */
  readonly index: number | undefined;
}

/** A step that cannot be undone, since the arguments for its compensation cannot be found. */
export interface Lost {
  readonly path: string;
  readonly cause: unknown;
}

/** The success at a node, if the node has a compensation. */
export const doneAt = (frame: Frame, index: number, output: unknown): Done | undefined => {
  const definition = frame.definitionOf(index);
  const isForEach = frame.map === undefined && hasOptionsForEach(definition.kind);
  if (definition.options.compensate === undefined || isForEach) return undefined;
  const { map, layers } = frame;
  const inputs = map === undefined ? frame.read![index]! : map.inputs;
  const [item] = frame.givenTo(index);
  const at = map?.type === "turns" ? map.turn : map === undefined ? undefined : index;
  return { path: frame.pathOf(index), definition, layers, inputs, item, output, index: at };
};

/** The work of earlier parts of a run. */
interface Earlier {
  readonly done: ReadonlyArray<Done>;
  readonly lost: ReadonlyArray<Lost>;
  readonly places: ReadonlyMap<string, number>;
  /** Whether they have undone all of it. */
  readonly isOver: boolean;
}

const nothing: Earlier = { done: [], lost: [], places: new Map(), isOver: false };

export class Compensations implements CompensationRoom {
  readonly #core: Core;
  /** By path, in the order in which they succeeded. */
  readonly #done = new Map<string, Done>();
  /** The paths whose value is that of a fallback: their own work has failed. */
  readonly #fellBack = new Set<string>();
  #phase: "before" | "under way" | "after" = "before";
  /** The cancel request asked for compensation. */
  #isAsked = false;
  #fiber: Fiber<void, unknown> | undefined;
  /** The inputs of the run, if an earlier part of it may have done something with them. */
  #inputs: ReadonlyArray<unknown> = [];
  /** The compensation that is running. */
  #current: RunningContext | undefined;
  #isStopping = false;

  constructor(core: Core) {
    this.#core = core;
  }

  note(frame: Frame, index: number, value: unknown, attempt: number): void {
    if (attempt === 0) return; // An earlier part of the run did it.
    const done = doneAt(frame, index, value);
    if (done === undefined || this.#fellBack.delete(done.path)) return;
    // If a step succeeds again, in another attempt of the step around it, the last time counts.
    this.#done.delete(done.path);
    this.#done.set(done.path, done);
  }

  fellBack(path: string): void {
    this.#fellBack.add(path);
  }

  holds(root: Frame): boolean {
    if (this.#phase === "before" && this.#isWanted(root)) this.#begin(root, undefined);
    return this.#phase === "under way";
  }

  /** The run begins. Returns true if an earlier part of it had begun to undo its steps, and it continues with that. */
  begins(root: Frame, inputs: ReadonlyArray<unknown>): boolean {
    const { journal } = this.#core;
    if (journal?.isResumed === true) this.#inputs = inputs;
    const ending = journal?.compensating;
    if (ending === undefined) return false;
    root.ending = ending.cause;
    root.endingPath = ending.path;
    this.#begin(root, ending);
    return true;
  }

  /** The run is interrupted. Returns true if it is running compensations. */
  interrupt(reason: unknown, compensates: boolean): boolean {
    if (compensates) this.#isAsked = true;
    if (this.#phase !== "under way") return false;
    if (!compensates) this.#stop(reason);
    return true;
  }

  #isWanted({ ending }: Frame): boolean {
    const { journal, limits } = this.#core;
    if (journal?.isLost === true || (this.#done.size === 0 && journal?.isResumed !== true)) return false;
    if (this.#isAsked) return true;
    return limits.compensate && !Cause.hasInterruptsOnly(ending!) && !isOfTheRecord(Cause.squash(ending!));
  }

  #begin(root: Frame, resumed: Ending | undefined): void {
    this.#phase = "under way";
    let isOver = false;
    const end = (exit: Exit.Exit<void, unknown>): void => {
      if (isOver) return;
      isOver = true;
      this.#phase = "after";
      // The remaining steps are undone when the run is resumed.
      if (Exit.isFailure(exit)) root.ending = exit.cause;
      this.#core.pushOver(root);
      this.#core.drain();
    };
    const fiber = this.#core.fork(this.#all(root, resumed));
    this.#fiber = fiber;
    this.#end = end;
    fiber.addObserver(end);
  }

  #end: (exit: Exit.Exit<void, unknown>) => void = () => {};

  /** Stops after the running compensation, or abandons it after the grace period. */
  #stop(reason: unknown): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const core = this.#core;
    core.fork(Effect.sleep(core.limits.graceMillis)).addObserver(() => {
      if (this.#phase !== "under way") return;
      if (this.#current !== undefined) core.emitter.leaked(this.#current.path, 1);
      this.#end(Exit.interrupt());
    });
    if (this.#current !== undefined) RunningContext.abort(this.#current, reason);
    this.#fiber?.interruptUnsafe();
  }

  #all(root: Frame, resumed: Ending | undefined): Effect.Effect<void, unknown> {
    const { emitter, journal } = this.#core;
    return Effect.gen({ self: this }, function* () {
      const records = journal === undefined ? undefined : yield* recordsOf(journal);
      const earlier = journal?.isResumed === true ? yield* this.#earlier(root, records!, resumed) : nothing;
      const isRecorded = earlier.done.length > 0 || (root.uncommitted?.size ?? 0) > 0;
      if (resumed === undefined && !isRecorded && this.#done.size === 0) return;
      // Once it is committed, so is everything that was recorded before.
      if (resumed === undefined)
        yield* records?.begin({ cause: root.ending!, path: root.endingPath }) ?? Effect.void;
      const left = this.#left(earlier);
      emitter.emit({ type: "run.compensating", steps: left.length });
      for (const { path, cause } of earlier.lost) yield* this.#isOver(path, records, cause);
      for (const done of left.toReversed()) yield* this.#undo(root, done, records);
      if (!earlier.isOver) yield* records?.compensated ?? Effect.void;
    });
  }

  /** The work of earlier parts of the run that they have not undone. */
  #earlier(
    root: Frame,
    records: CompensationJournal,
    resumed: Ending | undefined,
  ): Effect.Effect<Earlier, unknown> {
    return Effect.gen({ self: this }, function* () {
      const recorded = yield* records.recorded;
      const { Rebuild } = yield* Effect.promise(() => import("./rebuild.ts"));
      const rebuild = new Rebuild(this.#core, recorded);
      if (resumed === undefined) {
        yield* rebuild.again(root, this.#inputs);
      } else {
        yield* rebuild.into(root);
        this.#blame(root, resumed);
      }
      this.#tellEarlier(recorded);
      const { isCompensated, places, undone } = recorded;
      const isLeft = ({ path }: { readonly path: string }): boolean =>
        !undone.has(path) && !this.#done.has(path);
      const { done, lost } = rebuild;
      return { done: done.filter(isLeft), lost: lost.filter(isLeft), places, isOver: isCompensated };
    });
  }

  /** The steps to undo, in the order in which they succeeded. */
  #left({ done, places }: Earlier): ReadonlyArray<Done> {
    const all = [...done, ...this.#done.values()];
    return done.length === 0 ? all : inOrder(all, places);
  }

  /** Marks the step that failed the run, for the `finally` steps. */
  #blame(root: Frame, { cause, path }: Ending): void {
    const { emitter } = this.#core;
    const index = root.states.findIndex(
      (state, at) => state !== State.succeeded && isAtOrUnder(path, root.pathOf(at)),
    );
    if (path === "" || index === -1) return;
    root.states[index] = State.failed;
    (root.errors ??= new Map()).set(index, Cause.squash(cause));
    emitter.failed(root, index, cause, 1);
  }

  /** Reports what earlier parts of the run have undone, and what they could not undo. */
  #tellEarlier({ undone }: Recorded): void {
    const { emitter } = this.#core;
    for (const [path, error] of undone) {
      if (error === undefined) emitter.emit({ type: "compensation.succeeded", path, attempt: 0 });
      else emitter.emit({ type: "compensation.failed", path, attempt: 0, error });
    }
  }

  #undo(root: Frame, done: Done, records: CompensationJournal | undefined): Effect.Effect<void, unknown> {
    const core = this.#core;
    const { path, definition, layers, inputs, item, output, index } = done;
    const place = { isCounted: index !== undefined, pathOf: () => path, hasEnded: () => false };
    const context = new CompensatingContext(core, place, index ?? 0, 1);
    const called = Effect.flatMap(
      performed(
        {
          definition,
          path,
          attempt: 1,
          inputs,
          item,
          output,
          context,
          phase: "compensate",
          // It never runs elsewhere, so the frame of the step is never needed.
          frame: root,
          index: 0,
          began: undefined,
        },
        layers,
      ),
      (value) => (expandable(value) === undefined ? Effect.void : Effect.die(noPipeline)),
    );
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const began = core.clock.currentTimeMillisUnsafe();
        this.#current = context;
        core.emitter.emit({ type: "compensation.started", path, attempt: 1 });
        return Effect.flatMap(Effect.exit(restore(called)), (exit) => {
          this.#current = undefined;
          if (Exit.isSuccess(exit)) return restore(this.#isOver(path, records, undefined, began));
          // It runs again when the run is resumed.
          if (this.#isStopping) return Effect.interrupt;
          return restore(this.#isOver(path, records, reasonOf(exit.cause), began));
        });
      }),
    );
  }

  /** Records that a compensation is over. `cause`: its failure. */
  #isOver(
    path: string,
    records: CompensationJournal | undefined,
    cause: unknown,
    began?: number,
  ): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { clock, emitter } = this.#core;
      const error = cause === undefined ? undefined : new CompensationFailed({ path, cause });
      if (error === undefined) emitter.emit({ type: "compensation.succeeded", path, attempt: 1 });
      else emitter.emit({ type: "compensation.failed", path, attempt: 1, error });
      return records?.undone(path, error, began ?? clock.currentTimeMillisUnsafe()) ?? Effect.void;
    });
  }
}

/** Loaded only where there is a store. */
const recordsOf = (journal: RunJournal): Effect.Effect<CompensationJournal> =>
  Effect.map(
    Effect.promise(() => import("../journal/compensation.ts")),
    ({ CompensationJournal }) => new CompensationJournal(journal),
  );

const noPipeline = "compensate must not return a pipeline. Run it, and return its promise or Effect.";

/** The error of a compensation: a typed error, or the thrown value. */
const reasonOf = (cause: Cause.Cause<unknown>): unknown => {
  const failure = cause.reasons.find(Cause.isFailReason);
  if (failure !== undefined) return failure.error;
  const defect = cause.reasons.find(Cause.isDieReason);
  return defect === undefined ? "it was interrupted" : defect.defect;
};

/** Is the problem in the records, or in the code that resumes the run? Once it is fixed, the run can continue. */
const isOfTheRecord = (error: unknown): boolean =>
  error instanceof ExpansionChanged || error instanceof StoreCorrupt || error instanceof StoreError;

/** In the order of the last record of each; an outer one comes after those inside it. */
const inOrder = (done: ReadonlyArray<Done>, places: ReadonlyMap<string, number>): ReadonlyArray<Done> => {
  const placeOf = ({ path }: Done): number => places.get(path) ?? Number.MAX_SAFE_INTEGER;
  return done.toSorted((a, b) => {
    const after = placeOf(a) - placeOf(b);
    return after !== 0 || !places.has(a.path) ? after : b.path.length - a.path.length;
  });
};
