import * as Effect from "effect/Effect";
import type { StepCall } from "../../engine/executor.ts";
import type { Law, LawTools, Verdict } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { MemoryStore } from "../memory-store.ts";
import type { Given, Observed, ObserveOptions, Subject } from "../observe.ts";
import { observedRun } from "../observe.ts";
import { areSame, firstFailed, outcomeOf } from "../outcome.ts";
import type { Course, Planned } from "../courses.ts";
import { coursesOf, isAtWait } from "../courses.ts";
import type { Sent } from "../sending.ts";
import { send } from "../sending.ts";
import { crashedAt, newStore, refusalOf, resumed, withStore } from "../stored.ts";
import { shortText, unorderedText } from "../words.ts";

type Wait = Effect.Effect<unknown, unknown>;

/** A waiting step, as seen in the first run. */
export interface SeenWait {
  readonly call: StepCall;
  /** Its timeout in milliseconds. */
  readonly limit: number | undefined;
  /** The number of times it waited: an enclosing step may have been retried. */
  count: number;
}

const yields = (count: number): Effect.Effect<void> =>
  count === 0 ? Effect.void : Effect.flatMap(Effect.yieldNow, () => yields(count - 1));

const wasAccepted = ({ answer }: Sent): boolean => answer === "delivered" || answer === "kept";

/** The outputs of each step that succeeded, by its path. */
const givenTo = ({ events }: Observed): ReadonlyMap<string, string> =>
  new Map(
    events.flatMap(
      (event): Array<[string, string]> =>
        event.type === "step.succeeded" ? [[event.path, unorderedText(event.outputs)]] : [],
    ),
  );

/** One course of sends, deadlines and crashes: plays it in the world of a run, and records the answers to its senders. */
class Played {
  readonly store: MemoryStore;
  readonly log: Array<Sent> = [];
  readonly #subject: Subject;
  readonly #given: Given;
  readonly #course: Course;
  /** The number of the current part of the run; senders of an earlier part died with their process. */
  #part = 0;

  constructor(subject: Subject, given: Given, course: Course, store = newStore()) {
    this.#subject = subject;
    this.#given = given;
    this.#course = course;
    this.store = store;
  }

  async run(waits: ReadonlyMap<string, SeenWait>): Promise<{ run: Observed; verdict: Verdict | undefined }> {
    const { crashAt, schedule } = this.#course;
    const options: ObserveOptions = { schedule, ...this.#sends(waits) };
    if (crashAt === undefined) {
      return {
        run: await settled(withStore(this.#subject, this.store), this.#given, options),
        verdict: undefined,
      };
    }
    const crashed = await crashedAt(this.#subject, this.#given, this.store, crashAt, options);
    this.#part++;
    const { after, verdict } = await resumed(this.#subject, this.#given, this.store, crashed, this.where, {
      schedule,
      time: crashed.before.time,
      ...this.#sendsAfterCrash(waits),
    });
    return { run: after, verdict };
  }

  get where(): string {
    const { crashAt, downMillis } = this.#course;
    return `after a crash at write ${crashAt}, and ${downMillis} ms in which no one ran it`;
  }

  #send(path: string, value: unknown, when: string): Effect.Effect<void> {
    const part = this.#part;
    return Effect.suspend(() =>
      part === this.#part ? send(this.store, observedRun, path, value, when, this.log) : Effect.void,
    );
  }

  #value({ nth }: Planned, call: StepCall): unknown {
    return this.#subject.world.answers!.of(this.#given, call, nth);
  }

  #sends(waits: ReadonlyMap<string, SeenWait>): ObserveOptions {
    const { sends } = this.#course;
    const early = sends.filter((planned) => !isAtWait(planned) && !planned.isWhileDown);
    return {
      answering: (call, wait) => this.#whileWaiting(call, wait),
      program: (run) =>
        Effect.andThen(
          Effect.forEach(early, (planned) => {
            const { call } = waits.get(planned.path)!;
            const sending = this.#send(planned.path, this.#value(planned, call), planned.when);
            return Effect.forkChild(Effect.andThen(yields(planned.yields), sending));
          }),
          run,
        ),
    };
  }

  /** Sends this course's values to a step that begins to wait; a step that the course does not mention is answered at once. */
  #whileWaiting(call: StepCall, wait: Wait): Wait {
    return Effect.suspend(() => {
      const { path } = call;
      const { sends } = this.#course;
      const theirs = sends.filter((planned) => planned.path === path && isAtWait(planned));
      // A sender that was too early, before the run existed, sends again; if its first value was in time, the second is refused.
      const now = theirs.length > 0 || this.#course.silent.has(path) ? theirs : [usual(path)];
      const sending = now.map((planned) =>
        Effect.andThen(
          planned.millis > 0 ? Effect.sleep(planned.millis) : yields(planned.yields),
          this.#send(path, this.#value(planned, call), planned.when),
        ),
      );
      return Effect.andThen(
        Effect.forEach(sending, (each) => Effect.forkDetach(each)),
        wait,
      );
    });
  }

  /** First, senders without an answer send again, and those that waited for the crash send; then the run resumes. */
  #sendsAfterCrash(waits: ReadonlyMap<string, SeenWait>): ObserveOptions {
    const { downMillis, sends, silent } = this.#course;
    const inDoubt = this.log.filter(({ answer }) => answer === "in doubt");
    const whileDown = sends.filter(({ isWhileDown }) => isWhileDown);
    const program = Effect.gen({ self: this }, function* () {
      for (const { path, value } of inDoubt) yield* this.#send(path, value, "again while no one ran it");
      for (const planned of whileDown) {
        const { call } = waits.get(planned.path)!;
        yield* this.#send(planned.path, this.#value(planned, call), planned.when);
      }
      yield* Effect.sleep(downMillis);
    });
    return {
      // Also sent to a step that already has its value, where it is refused.
      answering: (call, wait) =>
        Effect.suspend(() => {
          if (silent.has(call.path)) return wait;
          const value = this.#value(usual(call.path), call);
          return Effect.andThen(
            Effect.forkDetach(this.#send(call.path, value, "when it waited again")),
            wait,
          );
        }),
      program: (run) => Effect.andThen(program, run),
    };
  }
}

/** A value sent as soon as the step waits. */
const usual = (path: string): Planned => ({
  path,
  nth: 0,
  when: "when it waited",
  yields: 0,
  millis: 0,
  isWhileDown: false,
});

/** Sends exactly these values, each when its step waits, in an undisturbed run. */
const undisturbed = (
  subject: Subject,
  given: Given,
  values: ReadonlyMap<string, unknown>,
  silent: ReadonlySet<string>,
): Promise<Observed> => {
  const store = newStore();
  return settled(withStore(subject, store), given, {
    answering: (call, wait) =>
      Effect.suspend(() => {
        const { path } = call;
        if (!values.has(path) && silent.has(path)) return wait;
        const value = values.has(path) ? values.get(path) : subject.world.answers!.of(given, call);
        return Effect.andThen(Effect.forkChild(send(store, observedRun, path, value)), wait);
      }),
  });
};

const lineOf = ({ answer, path, reason, value, when }: Sent): string =>
  `"${path}" ← ${shortText(value)}, sent ${when}: ${answer}${reason === undefined ? "" : ` (${reason})`}`;

/** The values that senders know to be accepted, with and without those in doubt. */
const acceptedOf = (log: ReadonlyArray<Sent>): ReadonlyArray<ReadonlyMap<string, unknown>> => {
  const sure = new Map(log.filter(wasAccepted).map(({ path, value }) => [path, value]));
  const doubtful = log.filter(({ answer, path }) => answer === "in doubt" && !sure.has(path));
  if (doubtful.length === 0) return [sure];
  return [sure, new Map([...doubtful.map(({ path, value }): [string, unknown] => [path, value]), ...sure])];
};

/** The path of a step with different outputs; empty if the results of the runs differ. */
const differing = (expected: Observed, run: Observed, { same }: LawTools): string | undefined => {
  if (!areSame(expected, run, same)) return "";
  const [before, now] = [givenTo(expected), givenTo(run)];
  for (const [path, text] of now) if (before.has(path) && before.get(path) !== text) return path;
  return undefined;
};

const checked = async (
  subject: Subject,
  given: Given,
  course: Course,
  waits: ReadonlyMap<string, SeenWait>,
  tools: LawTools,
  expectedFor: (values: ReadonlyMap<string, unknown>, silent: ReadonlySet<string>) => Promise<Observed>,
): Promise<Verdict> => {
  const played = new Played(subject, given, course);
  const { run, verdict } = await played.run(waits);
  if (verdict !== undefined) return verdict;
  const { log } = played;
  const where = course.crashAt === undefined ? "" : `${played.where}, `;
  const details = ["What was sent, and what its sender heard:", ...log.map(lineOf)];
  const at = { plan: run.plan, details };
  for (const [path, { count }] of waits) {
    const accepted = log.filter((sent) => sent.path === path && wasAccepted(sent));
    if (count > 1 || accepted.length < 2) continue;
    const actual = `${where}${accepted.length} values were accepted for "${path}"`;
    return broken("one value is accepted for a step that waits once", actual, { path, ...at });
  }
  // These were not answered, or too late: only the run knows whether a deadline has passed.
  const unanswered = new Set([...waits.keys()].filter((path) => waits.get(path)!.limit !== undefined));
  let first: Verdict | undefined;
  for (const values of acceptedOf(log)) {
    const expected = await expectedFor(values, unanswered);
    const path = differing(expected, run, tools);
    if (path === undefined) return held;
    first ??= broken(
      `with the accepted values, each sent while its step waits, it ${outcomeOf(expected)}`,
      `${where}it ${outcomeOf(run)}`,
      { path: path === "" ? firstFailed(run) : path, ...at },
    );
  }
  return first!;
};

export const signalSafe: Law = {
  name: "signalSafe",
  sentence:
    "An accepted value reaches its step exactly once, whenever it was sent: early, at a deadline, during a crash, or together with another.",
  check: async (subject, given, tools) => {
    const calls: Array<StepCall> = [];
    const store = newStore();
    const base = await settled(withStore(subject, store), given, {
      answering: (call, wait) => {
        calls.push(call);
        const value = subject.world.answers!.of(given, call);
        return Effect.andThen(Effect.forkChild(send(store, observedRun, call.path, value)), wait);
      },
    });
    const refusal = refusalOf(base);
    if (refusal !== undefined) return refusal;
    const limits = store.limitsOfWaits(observedRun);
    const waits = new Map<string, SeenWait>();
    for (const call of calls) {
      const known = waits.get(call.path);
      if (known === undefined) waits.set(call.path, { call, limit: limits.get(call.path), count: 1 });
      else known.count++;
    }
    if (waits.size === 0) return vacuous("no step waits for a value");
    const expected = new Map<string, Promise<Observed>>();
    const expectedFor = (values: ReadonlyMap<string, unknown>, silent: ReadonlySet<string>) => {
      const key = unorderedText([values, silent]);
      if (!expected.has(key)) expected.set(key, undisturbed(subject, given, values, silent));
      return expected.get(key)!;
    };
    const { interleavings, seed } = tools;
    for (const course of coursesOf(waits, { writes: store.writes, count: interleavings, seed })) {
      const verdict = await checked(subject, given, course, waits, tools, expectedFor);
      if (verdict.type !== "held") return verdict;
    }
    return held;
  },
};
