/**
 * Performs steps for other runners. A task whose owner is gone continues for a while, so that the run's next owner can join it:
 * the same call (path, attempt, inputs) of the same run is not repeated while the first one is in progress.
 */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Fiber } from "effect/Fiber";
import type { Answer, Said, Task } from "../workers/task.ts";
import { placeOf } from "./messages.ts";
import { Turns } from "./turns.ts";

/** A task whose owner is gone is ended after this time: a run usually has a new owner within 8 seconds. */
const orphanMillis = 20_000;

/** The sender of a task. */
export interface Asker {
  readonly said: (said: Said) => void;
  readonly done: (answer: Answer) => void;
  /** The task is not performed here, or not to its end. */
  readonly returned: () => void;
}

/** A task in progress here. */
interface Underway {
  readonly task: Task;
  readonly place: string;
  asker: Asker | undefined;
  fiber: Fiber<Answer> | undefined;
  isOver: boolean;
  isWaiting: boolean;
  /** Whether it is to be returned to the owner that sent it. */
  isReturned: boolean;
  /** Its outcome, until an owner has received it. */
  answer: Answer | undefined;
  orphan: NodeJS.Timeout | undefined;
}

/** Controls a task, for the owner that sent it. */
export interface Taken {
  readonly interrupt: () => void;
  /** The owner is gone. */
  readonly leave: () => void;
}

export interface TaskServerOptions {
  /** Performs a task, and reports when it has begun. */
  readonly perform: (task: Task, tell: (said: Said) => void) => Effect.Effect<Answer>;
  /** The number of steps that it can compute at once on threads; 0 if it computes on the event loop of this process. */
  readonly threads: () => number;
}

const isSameCall = (one: Task, other: Task): boolean =>
  one.attempt === other.attempt &&
  one.pipeline === other.pipeline &&
  one.version === other.version &&
  JSON.stringify([one.inputs, one.item, one.enclosing]) ===
    JSON.stringify([other.inputs, other.item, other.enclosing]);

export class TaskServer {
  readonly #options: TaskServerOptions;
  /** By run and place. */
  readonly #underway = new Map<string, Map<string, Underway>>();
  readonly #turns = new Turns<Underway>(
    (one) => this.#start(one),
    (one) => {
      // On a thread, it computes.
      if (this.#options.threads() === 0) this.#waits(one);
    },
  );
  readonly #all = new Set<Underway>();
  #busy = 0;
  #isStopping = false;
  /** Called after a step has begun to compute, or has ended. */
  onLoad: () => void = () => {};

  constructor(options: TaskServerOptions) {
    this.#options = options;
  }

  /** The number of its tasks that compute or wait for their turn. */
  get load(): number {
    return this.#busy;
  }

  /** The positions of a run's tasks whose owner is gone. */
  orphansOf(runId: string): ReadonlyArray<string> {
    const all = [...(this.#underway.get(runId)?.values() ?? [])];
    return all
      .filter(({ asker, isReturned }) => asker === undefined && !isReturned)
      .map(({ place }) => place);
  }

  take(task: Task, asker: Asker): Taken {
    const place = placeOf(task);
    const known = this.#underway.get(task.runId)?.get(place);
    const joined = known !== undefined && this.#joins(known, task, asker) ? known : undefined;
    if (joined === undefined && this.#isStopping) {
      asker.returned();
      return { interrupt: () => {}, leave: () => {} };
    }
    const one = joined ?? this.#add(task, place, asker);
    return {
      interrupt: () => one.asker === asker && this.#interrupt(one),
      leave: () => one.asker === asker && this.#orphan(one),
    };
  }

  /** A later owner of the run joins a task that an earlier one has started. */
  #joins(one: Underway, task: Task, asker: Asker): boolean {
    const isLater = (task.epoch ?? 0) > (one.task.epoch ?? 0);
    if (one.isReturned || (one.asker !== undefined && !isLater)) return false;
    if (!isSameCall(one.task, task)) {
      if (isLater) this.#interrupt(one);
      return false;
    }
    clearTimeout(one.orphan);
    one.asker = asker;
    if (one.fiber !== undefined || one.isOver) asker.said({ type: "began" });
    if (one.isWaiting) asker.said({ type: "waits" });
    if (one.answer !== undefined) {
      this.#forget(one);
      asker.done(one.answer);
    }
    return true;
  }

  #add(task: Task, place: string, asker: Asker): Underway {
    const one: Underway = {
      task,
      place,
      asker,
      fiber: undefined,
      isOver: false,
      isWaiting: false,
      isReturned: false,
      answer: undefined,
      orphan: undefined,
    };
    const ofRun = this.#underway.get(task.runId) ?? new Map<string, Underway>();
    this.#underway.set(task.runId, ofRun.set(place, one));
    this.#busy++;
    this.#all.add(one);
    this.#turns.add(one);
    return one;
  }

  #forget(one: Underway): void {
    clearTimeout(one.orphan);
    const ofRun = this.#underway.get(one.task.runId);
    if (ofRun?.get(one.place) !== one) return;
    ofRun.delete(one.place);
    if (ofRun.size === 0) this.#underway.delete(one.task.runId);
  }

  #start(one: Underway): void {
    const tell = (said: Said): void => {
      if (said.type === "waits") this.#waits(one);
      else one.asker?.said(said);
    };
    one.fiber = Effect.runFork(this.#options.perform(one.task, tell));
    one.fiber.addObserver((exit) =>
      this.#over(one, Exit.isSuccess(exit) ? exit.value : { type: "interrupted" }),
    );
  }

  #waits(one: Underway): void {
    if (one.isOver || one.isWaiting) return;
    one.isWaiting = true;
    this.#busy--;
    one.asker?.said({ type: "waits" });
    this.onLoad();
  }

  #over(one: Underway, answer: Answer): void {
    if (one.isOver) return;
    one.isOver = true;
    this.#all.delete(one);
    if (!one.isWaiting) this.#busy--;
    const { asker } = one;
    if (one.isReturned) {
      this.#forget(one);
      asker?.returned();
    } else if (asker !== undefined || answer.type === "interrupted") {
      this.#forget(one);
      asker?.done(answer);
    } else {
      one.answer = answer;
    }
    this.onLoad();
  }

  #interrupt(one: Underway): void {
    if (one.isOver) return;
    if (one.fiber !== undefined) one.fiber.interruptUnsafe();
    else if (this.#turns.remove(one)) this.#over(one, { type: "interrupted" });
  }

  #orphan(one: Underway): void {
    if (one.isOver) return;
    one.asker = undefined;
    one.orphan = setTimeout(() => {
      this.#forget(one);
      this.#interrupt(one);
    }, orphanMillis);
    one.orphan.unref();
  }

  /** Accepts no more tasks, returns those that have not started, and waits up to `millis` for the others. */
  drain(millis: number): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      this.#isStopping = true;
      for (const one of this.#all) {
        if (one.fiber !== undefined || !this.#turns.remove(one)) continue;
        one.isReturned = true;
        this.#over(one, { type: "interrupted" });
      }
      const until = performance.now() + millis;
      while (this.#all.size > 0 && performance.now() < until) yield* Effect.sleep(20);
      for (const one of this.#all) {
        one.isReturned = true;
        this.#interrupt(one);
      }
      // A task that ignores its interruption is left behind; its owner notices when the connection ends.
      const end = performance.now() + 1_000;
      while (this.#all.size > 0 && performance.now() < end) yield* Effect.sleep(10);
    });
  }
}
