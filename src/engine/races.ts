/**
 * Races: the contenders are the nodes of a frame, which all start. The first that succeeds provides the output, and the
 * others are interrupted. Failures are kept by name, and fail the race once every contender has failed.
 */
import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import { AllFailed } from "../errors.ts";
import type { Core, RaceRoom } from "./core.ts";
import type { Call } from "./frame.ts";
import type { RaceState } from "./members.ts";
import { Frame, Job, State } from "./frame.ts";
import { outputsByName } from "./outputs.ts";

export class Races implements RaceRoom {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  start(call: Call): void {
    const core = this.#core;
    const { budget, emitter, frames, jobs } = core;
    const { definition, frame, index, inputs, path, count } = call;
    const keys = Object.keys(definition.cases!);
    const problem = budget.add(keys.length, frame, index);
    if (problem !== undefined) {
      jobs.callIsOver(call, Exit.fail(problem));
      return;
    }
    const known = keys.indexOf(core.journal?.chosen(path)?.[0] ?? "");
    const race: RaceState = {
      type: "contenders",
      definition,
      inputs,
      attempt: count,
      policy: undefined,
      keys,
      errors: new Map(),
      winner: undefined,
      known: known === -1 ? undefined : known,
    };
    emitter.emit({
      type: "expansion.expanded",
      path,
      attempt: count,
      plan: undefined,
      items: keys.length,
    });
    const child = new Frame(undefined, race, frame, index);
    frames.enter(child, new Job(frame, index, call));
    if (race.known === undefined) this.#startOthers(child);
    else core.push(child, race.known);
  }

  /** Starts all contenders that have not started. */
  #startOthers(frame: Frame): void {
    frame.states.forEach((state, contender) => {
      if (state === State.waiting) this.#core.push(frame, contender);
    });
  }

  /** A contender has succeeded. If it is the first, it wins. */
  contenderSucceeded(frame: Frame, race: RaceState, index: number, value: unknown): void {
    const { emitter, failures, journal } = this.#core;
    const { attempt } = race;
    frame.states[index] = State.succeeded;
    if (emitter.watcher !== undefined) {
      emitter.stepSucceeded(frame.pathOf(index), attempt, outputsByName(race.definition, value));
    }
    if (frame.ending !== undefined) return;
    race.winner = { value };
    journal?.keepWinner(frame, index, race.keys[index]!);
    const path = frame.pathOf(index);
    // Those that have not started have lost as well.
    frame.states.forEach((state, other) => {
      if (state !== State.waiting) return;
      frame.states[other] = State.skipped;
      if (emitter.watcher !== undefined) {
        emitter.emit({ type: "step.interrupted", path: frame.pathOf(other), attempt });
      }
    });
    // Creating an error takes microseconds, and only a contender that is under way sees it.
    const reason = frame.running > 0 ? new Error(`The contender "${path}" has won the race.`) : undefined;
    failures.endEarly(frame, Cause.interrupt(), path, reason);
  }

  contenderFailed(frame: Frame, race: RaceState, index: number, cause: Cause.Cause<unknown>): void {
    race.errors.set(race.keys[index]!, Cause.squash(cause));
    if (--frame.remaining === 0) {
      this.#core.frames.checkOver(frame);
    } else if (race.known === index) {
      race.known = undefined;
      this.#startOthers(frame);
    }
  }
}

/** The outcome of a race that has not been interrupted, or that a contender has won. */
export const raceOutcome = (
  frame: Frame,
  { errors, keys, winner }: RaceState,
): Exit.Exit<unknown, AllFailed> => {
  if (winner !== undefined) return Exit.succeed(winner.value);
  const byName = Object.fromEntries(keys.map((name) => [name, errors.get(name)]));
  return Exit.fail(new AllFailed({ path: frame.path, errors: byName }));
};
