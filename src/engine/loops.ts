/**
 * Loops: turns advance a state until `until` holds for it. A loop's frame has one node, the current turn. When it has
 * ended, the same node goes to the end of the queue again, so all turns of a loop take the memory of one.
 */
import * as Cause from "effect/Cause";
import { ExpansionError, StepFailed, TooManyTurns } from "../errors.ts";
import { item } from "../path.ts";
import { describe } from "../values/describe.ts";
import { typed } from "../values/specification.ts";
import type { RunJournal } from "../journal/run-journal.ts";
import type { Core, LoopRoom } from "./core.ts";
import type { Call } from "./frame.ts";
import type { LoopState } from "./members.ts";
import { Frame, Job, State } from "./frame.ts";
import { expandable } from "./graph.ts";
import { outputsByName } from "./outputs.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** The location of a loop does not change while it runs, so its turns need no frames of their own for their names. */
export class Turns implements LoopState {
  readonly type = "turns";
  readonly isCounted = true;
  readonly definition: LoopState["definition"];
  readonly inputs: Inputs;
  readonly policy: LoopState["policy"];
  turn = 0;
  state: unknown;
  undecoded: string | undefined = undefined;
  readonly #path: string;
  readonly #frame: Frame;
  readonly #index: number;

  constructor(frame: Frame, index: number, inputs: Inputs, state: unknown) {
    this.#frame = frame;
    this.#index = index;
    this.definition = frame.definitionOf(index);
    this.inputs = inputs;
    this.policy = frame.policies?.[index];
    this.state = state;
    this.#path = frame.pathOf(index);
  }

  pathOf(turn: number): string {
    return item(this.#path, turn);
  }

  hasEnded(turn: number): boolean {
    return turn < this.turn || this.#frame.hasEnded(this.#index);
  }
}

export class Loops implements LoopRoom {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Calls the function that makes the first state. */
  start(frame: Frame, index: number, inputs: Inputs): void {
    const { calls, emitter, journal, records } = this.#core;
    if (journal !== undefined && records.replays(journal, frame, index)) return;
    if (emitter.watcher !== undefined) emitter.started(frame, index, 1);
    if (journal !== undefined && this.#resumes(journal, frame, index, inputs)) return;
    calls.begin(frame, index, inputs, 1, undefined);
  }

  /** Returns true if an earlier part of the run has recorded the loop's state, and it continues from there. */
  #resumes(journal: RunJournal, frame: Frame, index: number, inputs: Inputs): boolean {
    const { emitter } = this.#core;
    const path = frame.pathOf(index);
    const turns = journal.recordedTurns(path);
    const first = journal.firstState(frame, index);
    if (turns === 0 && first === undefined) return false;
    emitter.emit({ type: "expansion.expanded", path, attempt: 1, plan: undefined });
    for (let turn = 0; turn < turns - 1; turn++) {
      emitter.emit({ type: "step.recalled", path: item(path, turn), attempt: 0 });
    }
    const loop = new Turns(frame, index, inputs, first?.value);
    loop.turn = Math.max(0, turns - 1);
    this.#next(this.#enter(frame, index, loop));
    return true;
  }

  #enter(frame: Frame, index: number, loop: Turns): Frame {
    const child = new Frame(undefined, loop, frame, index);
    this.#core.frames.enter(child, new Job(frame, index, undefined));
    return child;
  }

  /** The first state is available. */
  begin({ frame, index, inputs, path }: Call, state: unknown): void {
    const { emitter, failures, journal } = this.#core;
    if (expandable(state) !== undefined) {
      const reason =
        "start must return the first state; it returned a pipeline. Only a turn can return a pipeline.";
      failures.failed(frame, index, Cause.fail(new ExpansionError({ path, reason })), 1);
      return;
    }
    emitter.emit({ type: "expansion.expanded", path, attempt: 1, plan: undefined });
    const child = this.#enter(frame, index, new Turns(frame, index, inputs, state));
    if (journal === undefined) {
      this.#next(child);
      return;
    }
    const problem = journal.keepFirstState(frame, index, state, () => {
      if (child.ending === undefined) this.#next(child);
    });
    if (problem !== undefined) this.#end(child, problem);
  }

  #next(frame: Frame): void {
    if (frame.grown !== undefined) frame.grown[0] = 0;
    const problem = this.#core.budget.add(1, frame, 0);
    if (problem !== undefined) this.#end(frame, problem);
    else this.#core.push(frame, 0);
  }

  /** A loop's current turn has made a state: the loop ends with it, or continues. */
  turnIsOver(frame: Frame, loop: LoopState, state: unknown, attempt: number): void {
    const { emitter, frames, pools } = this.#core;
    frame.states[0] = State.succeeded;
    if (frame.read !== undefined) this.#core.compensations.note(frame, 0, state, attempt);
    if (frame.hasPools) pools.giveBack(frame, 0);
    if (emitter.watcher !== undefined) {
      emitter.stepSucceeded(frame.pathOf(0), attempt, outputsByName(loop.definition, state));
    }
    const before = attempt === 0 ? state : loop.state;
    loop.state = state;
    if (frame.ending !== undefined) return;
    const { until, maxTurns } = loop.definition.turns!;
    let isLast: unknown;
    try {
      isLast = until(state, loop.inputs);
    } catch (thrown) {
      this.#end(frame, untilThrew(frame, before, state, thrown));
      return;
    }
    if (isLast === true) {
      if (loop.undecoded !== undefined) {
        (frame.parent!.undecoded ??= new Map()).set(frame.parentIndex, loop.undecoded);
      }
      frame.remaining = 0;
      frames.checkOver(frame);
    } else if (isLast !== false) {
      const reason = `until must return true or false synchronously; after turn ${loop.turn} it returned ${typed(isLast)}. Do slow work in the turn, and let until only read the state.`;
      this.#end(frame, new ExpansionError({ path: frame.path, reason }));
    } else if (loop.turn + 1 >= maxTurns) {
      this.#end(frame, new TooManyTurns({ path: frame.pathOf(0), maxTurns }));
    } else {
      loop.turn++;
      this.#next(frame);
    }
  }

  turnFailed(frame: Frame): void {
    frame.remaining = 0;
    this.#core.frames.checkOver(frame);
  }

  /** Ends a loop with an error that did not come from one of its turns. */
  #end(frame: Frame, error: unknown): void {
    // The current turn has ended, or will never begin.
    frame.states[0] = State.succeeded;
    this.#core.failures.endEarly(frame, Cause.fail(error), frame.path);
  }
}

/** `until` cannot read a state of a type that it was not written for: then the turn that made it must be fixed. */
const untilThrew = (frame: Frame, before: unknown, state: unknown, thrown: unknown): unknown => {
  const { path } = frame;
  if (typed(before) === typed(state)) return new StepFailed({ path, cause: thrown });
  const reason = `until threw on the state of "${frame.pathOf(0)}", which is ${typed(state)}, while the state before it was ${typed(before)}: ${describe(thrown)}. A turn must return the next state.`;
  return new ExpansionError({ path, reason, cause: thrown });
};
