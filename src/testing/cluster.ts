/**
 * Several simulated processes that share a store and execute one run, under a given list of faults: late and repeated
 * requests, late answers, cut connections, killed and terminated processes, clocks that differ and are set. Violations are
 * recorded as they happen.
 *
 * Everything happens in the world of one run, so the same faults produce the same history. The store is in memory and
 * correct. Each process reaches it over a link, which counts the requests and applies the faults.
 */
import * as Clock from "effect/Clock";
import * as Context from "effect/Context";
import * as Deferred from "effect/Deferred";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Fiber from "effect/Fiber";
import type { StepCall } from "../engine/executor.ts";
import type { Graph } from "../engine/graph.ts";
import { OnlyUnderWay } from "../engine/seams.ts";
import { RunCrashed, RunExists, RunNotFound, StoreError } from "../errors.ts";
import type { Entry } from "../journal/records.ts";
import { isOutcome } from "../journal/records.ts";
import type { Claim, Journal, StoreService } from "../journal/store.ts";
import { Store } from "../journal/store.ts";
import { isAtOrUnderAny } from "../path.ts";
import { Workers } from "../workers/workers.ts";
import type { Fault } from "./cluster-faults.ts";
import { clockSteps, textOf } from "./cluster-faults.ts";
import type { Perform } from "./cluster-workers.ts";
import { noWorkers, SimulatedWorkers } from "./cluster-workers.ts";
import type { MemoryStore } from "./memory-store.ts";
import { observedRun } from "./observe.ts";
import { newStore } from "./stored.ts";

/** The time until the lease of a process expires after it is killed or cut off, in milliseconds. */
export const leaseMillis = 50;
/** The time until an ended process restarts, in milliseconds. */
const restartMillis = 20;
type Changeable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

/** One life of a process: it ends when the process is killed. */
interface Life {
  readonly name: string;
  readonly down: Deferred.Deferred<void>;
  readonly journals: Set<Changeable<Journal>>;
  isDead: boolean;
  /** Its connection is cut until this time. */
  cutUntil: number;
  /** What its clock is ahead by, in milliseconds. */
  skew: number;
  /** The store, reached over this process's link. */
  readonly service: StoreService;
}

/** A violation: the rule, and the observed problem. */
export interface Wrong {
  readonly declared: string;
  readonly actual: string;
  readonly path?: string;
}

/** Is this a failure of the process, not of the run? */
const isOfProcess = (error: unknown): boolean =>
  error instanceof RunExists ||
  error instanceof RunNotFound ||
  error instanceof RunCrashed ||
  error instanceof StoreError;

export class Cluster {
  readonly store: MemoryStore = newStore();
  /** The log of events, one per line. */
  readonly log: Array<string> = [];
  /** The number of requests, and the number until the first process had its result. */
  requests = 0;
  requestsToEnd = 0;
  /** The results of the processes, in the order in which they arrived. */
  readonly exits: Array<Exit.Exit<unknown, unknown>> = [];
  wrong: Wrong | undefined;
  readonly #faults: ReadonlyMap<number, Fault>;
  readonly #skews: ReadonlyArray<number>;
  readonly #workers: SimulatedWorkers | undefined;
  readonly #confirmed = new Set<string>();
  readonly #retried = new Set<string>();
  readonly #lives: Array<Life> = [];
  #context: Context.Context<never> | undefined;
  #now = (): number => 0;
  #end: string | undefined;
  /** Resolved, and replaced by a new one, when the run might have become claimable. */
  #news = Deferred.makeUnsafe<void>();

  /**
   * `skews`: what the clock of each process is ahead by. `graph`: steps with `where: "worker"` are performed by simulated workers,
   * which have this pipeline.
   */
  constructor(faults: ReadonlyArray<Fault>, skews: ReadonlyArray<number>, graph: Graph | undefined) {
    this.#faults = new Map(faults.map((fault) => [fault.at, fault]));
    this.#skews = skews;
    if (graph === undefined) return;
    this.#workers = new SimulatedWorkers(graph, {
      context: () => this.#context!,
      later: (millis, act) => this.#later(millis, act),
      note: (line) => this.#note(line),
    });
  }

  /** Lets processes execute the run until each of them has its result, and returns that of the first. */
  readonly executed = <A, E>(run: Effect.Effect<A, E>, processes: number): Effect.Effect<A, E> =>
    Effect.gen({ self: this }, function* () {
      this.#context = yield* Effect.context<never>();
      const clock = yield* Clock.Clock;
      this.#now = () => clock.currentTimeMillisUnsafe();
      const names = Array.from({ length: processes }, (_, i) => String.fromCharCode(65 + i));
      const living = names.map((name) =>
        Effect.tap(this.#process(name, run), (exit) =>
          Effect.sync(() => {
            if (this.exits.push(exit) === 1) this.requestsToEnd = this.requests;
          }),
        ),
      );
      yield* Effect.all(living, { concurrency: "unbounded", discard: true });
      this.#checkEnd();
      return yield* this.exits[0] as Exit.Exit<A, E>;
    });

  /** A step is called. A process that owns the run must not call one that is recorded. */
  readonly called = ({ path, context }: StepCall): void => {
    if (context.runId !== observedRun) return;
    const service = Fiber.getCurrent()?.context.mapUnsafe.get(Store.key) as StoreService | undefined;
    const life = this.#lives.find((one) => one.service === service);
    if (life === undefined || life.isDead || !this.#owns(life)) return;
    if (!this.store.recorded(observedRun).has(path) || this.#isRetried(path)) return;
    this.#isWrong("no recorded step runs again", `process ${life.name} ran "${path}" again`, path);
  };

  /** A step is retried: everything inside it runs again. */
  readonly retried = (path: string): void => void this.#retried.add(path);

  #isRetried(path: string): boolean {
    return isAtOrUnderAny(path, this.#retried);
  }

  #isWrong(declared: string, actual: string, path?: string): void {
    this.wrong ??= { declared, actual, ...(path === undefined ? {} : { path }) };
    this.#note(`wrong: ${actual}`);
  }

  #note(line: string): void {
    this.log.push(`${String(this.#now()).padStart(5)} ms  ${line}`);
  }

  #owns({ journals }: Life): boolean {
    return [...journals].some(({ epoch }) => this.store.isOwned(observedRun, epoch));
  }

  #tell(): void {
    Deferred.doneUnsafe(this.#news, Exit.void);
    this.#news = Deferred.makeUnsafe<void>();
  }

  #later(millis: number, act: () => void): void {
    const waiting = millis > 0 ? Effect.sleep(millis) : Effect.void;
    Effect.runForkWith(this.#context!)(Effect.andThen(waiting, Effect.sync(act)));
  }

  // -- Processes -----------------------------------------------------------------------------------------------------

  #process<A, E>(name: string, run: Effect.Effect<A, E>): Effect.Effect<Exit.Exit<A, E>> {
    return Effect.gen({ self: this }, function* () {
      for (let count = 1; ; count++) {
        const life = this.#begin(count === 1 ? name : `${name} (life ${count})`);
        const exit = yield* this.#live(life, run);
        if (exit !== undefined) return exit;
        yield* Effect.sleep(restartMillis);
      }
    });
  }

  /** Executes the run whenever it can be claimed. Undefined: the process has ended. */
  #live<A, E>(life: Life, run: Effect.Effect<A, E>): Effect.Effect<Exit.Exit<A, E> | undefined> {
    return Effect.gen({ self: this }, function* () {
      const ended = Effect.as(Deferred.await(life.down), undefined);
      while (!life.isDead) {
        const status = this.store.statusOf(observedRun);
        const news = this.#news;
        // A failed run is not run again. A successful one is, which reads its outputs.
        if (status === "failed") return Exit.fail("it has failed" as E);
        const executing = run.pipe(
          Effect.provideService(Store, life.service),
          Effect.provideService(OnlyUnderWay, status !== "succeeded"),
        );
        const there = this.#withWorkers(life, this.#byItsClock(life, executing));
        const exit = yield* Effect.raceFirst(Effect.exit(there), ended);
        if (exit === undefined || life.isDead) return undefined;
        if (Exit.isSuccess(exit) || !this.#isOfProcess(exit)) return exit;
        yield* Effect.raceFirst(Deferred.await(news), Deferred.await(life.down));
      }
      return undefined;
    });
  }

  /** Its timers run as they do everywhere: only what it takes the time to be differs. */
  #byItsClock<A, E>(life: Life, running: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const clock = Context.get(this.#context!, Clock.Clock);
    const millis = (): number => clock.currentTimeMillisUnsafe() + life.skew;
    const skewed: Clock.Clock = {
      monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
      monotonicTimeNanos: clock.monotonicTimeNanos,
      sleep: (duration) => clock.sleep(duration),
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: () => BigInt(Math.round(millis() * 1e6)),
      currentTimeNanos: Effect.sync(() => BigInt(Math.round(millis() * 1e6))),
    };
    return Effect.provideService(running, Clock.Clock, skewed);
  }

  #withWorkers<A, E>(life: Life, running: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const workers = this.#workers;
    if (workers === undefined) return Effect.provideService(running, Workers, noWorkers);
    const perform: Perform = (task, listen, here) =>
      workers.perform(task, listen, here, {
        isDead: () => life.isDead,
        wayMillis: () => this.#wayOf(life, undefined),
        next: () => this.#next(life, `task "${task.path}"`),
        kill: () => {
          this.#note(`${life.name} is killed`);
          this.#kill(life);
        },
      });
    return Effect.provideService(running, Workers, workers.of(perform));
  }

  #isOfProcess(exit: Exit.Exit<unknown, unknown>): boolean {
    return (
      Exit.isFailure(exit) &&
      exit.cause.reasons.every(
        (reason) => reason._tag === "Interrupt" || (reason._tag === "Fail" && isOfProcess(reason.error)),
      )
    );
  }

  #kill(life: Life): void {
    life.isDead = true;
    Deferred.doneUnsafe(life.down, Exit.void);
    this.#expire(life);
    this.#workers?.left();
  }

  /** The process starts nothing more, and releases its run. */
  #terminate(life: Life): void {
    for (const journal of life.journals) journal.releases = true;
    Deferred.doneUnsafe(life.down, Exit.void);
  }

  /** Ends the lease, unless the process has released its run by then. */
  #expire(life: Life): void {
    this.#later(leaseMillis, () => {
      for (const { epoch } of life.journals) {
        if (!this.store.expire(observedRun, epoch)) continue;
        this.#note(`the lease of ${life.name} has ended`);
        this.#tell();
      }
    });
  }

  // -- Links ---------------------------------------------------------------------------------------------------------

  #begin(name: string): Life {
    const { service } = this.store;
    const life: Life = {
      name,
      down: Deferred.makeUnsafe<void>(),
      journals: new Set(),
      isDead: false,
      cutUntil: 0,
      skew: this.#skews[name.charCodeAt(0) - 65] ?? 0,
      service: {
        ...service,
        name: `${service.name} of ${name}`,
        claim: (...asked) => this.#claim(life, asked),
      },
    };
    this.#lives.push(life);
    return life;
  }

  /** The fault of the next request. */
  #next(life: Life, what: string): Fault | undefined {
    const fault = this.#faults.get(++this.requests);
    if (fault !== undefined) this.#note(`${life.name}, ${what}: ${textOf(fault)}`);
    if (fault?.kind === "cut") {
      life.cutUntil = this.#now() + fault.millis;
      // A process that is connected again at the moment at which its lease would end renews it. If the lease ended all the same,
      // right after the process had asked for it, the process would never learn of that.
      if (fault.millis > leaseMillis) this.#expire(life);
      this.#later(fault.millis, () => this.#verify(life));
    }
    if (fault?.kind === "clock") life.skew -= clockSteps * fault.millis;
    return fault;
  }

  /** A process that is connected again asks whether it still owns its runs. */
  #verify(life: Life): void {
    for (const { epoch, onLost } of life.journals) {
      if (life.isDead || this.store.isOwned(observedRun, epoch)) continue;
      const reason = `run "${observedRun}" has another owner.`;
      onLost(new StoreError({ store: life.service.name, kind: "fenced", reason }));
    }
  }

  /** The time that a request takes to reach the store. */
  #wayOf(life: Life, fault: Fault | undefined): number {
    return Math.max(life.cutUntil - this.#now(), fault?.kind === "late" ? fault.millis : 0);
  }

  #claim(life: Life, asked: Parameters<StoreService["claim"]>): Effect.Effect<Claim, never> {
    return Effect.gen({ self: this }, function* () {
      const fault = this.#next(life, "claim");
      yield* Effect.sleep(this.#wayOf(life, fault));
      if (fault?.kind === "kill") return this.#killed(life);
      const claim = yield* Effect.orDie(this.store.service.claim(...asked));
      this.#note(`${life.name} claims: ${claim.type}`);
      if ("journal" in claim) this.#own(life, claim.journal);
      if (fault?.kind === "kill after") return this.#killed(life);
      if (fault?.kind === "terminate") this.#terminate(life);
      if (fault?.kind === "late answer") yield* Effect.sleep(fault.millis);
      return claim;
    });
  }

  /** Kills the process. The answer only ends the fiber that waits for it. */
  #killed(life: Life): Claim {
    this.#kill(life);
    return { type: "held", owner: "nobody" };
  }

  /** Routes the writes of a process over its link. */
  #own(life: Life, claimed: Journal): void {
    const journal = claimed as Changeable<Journal>;
    life.journals.add(journal);
    const append = journal.append.bind(journal);
    const end = journal.end.bind(journal);
    const giveBack = journal.giveBack.bind(journal);
    journal.giveBack = () =>
      Effect.andThen(
        giveBack(),
        Effect.sync(() => this.#tell()),
      );
    let last = 0;
    /** Requests arrive in the order in which they were sent. */
    const arrives = (fault: Fault | undefined, act: () => void, after = (): void => {}): void => {
      last = Math.max(last, this.#now() + this.#wayOf(life, fault));
      this.#later(last - this.#now(), () => {
        // A sent request arrives even if its process is dead by then.
        if (fault?.kind === "kill") this.#kill(life);
        else act();
        if (fault?.kind === "kill after") this.#kill(life);
        if (fault?.kind === "terminate") this.#terminate(life);
        this.#later(0, after);
      });
    };
    journal.append = (entry, done) => {
      if (life.isDead) return;
      const fault = this.#next(life, `record of "${entry.path}"`);
      let isWritten = false;
      const write = (): void => {
        if (isWritten) return; // It was sent again.
        isWritten = true;
        this.#record(entry, journal, () => append(entry, undefined));
      };
      const confirm = (): void => {
        if (life.isDead) return;
        if (isOutcome(entry)) this.#confirmed.add(entry.path);
        done?.();
        journal.onCommit();
      };
      arrives(fault, () => {
        const isOwner = this.store.isOwned(observedRun, journal.epoch);
        write();
        if (fault?.kind === "sent again") write();
        if (isOwner) this.#later(fault?.kind === "late answer" ? fault.millis : 0, confirm);
      });
    };
    journal.end = (status, error, time, done) => {
      const fault = life.isDead ? undefined : this.#next(life, `end (${status})`);
      if (life.isDead) queueMicrotask(() => done(undefined));
      else
        arrives(
          fault,
          () => {
            const before = this.store.statusOf(observedRun);
            end(status, error, time, () => {});
            const after = this.store.statusOf(observedRun);
            if (after !== before && after !== undefined) this.#ended(after, life);
            this.#tell();
          },
          () => done(undefined),
        );
    };
  }

  /** Writes a record, and checks that it was not there. */
  #record(entry: Entry, { epoch }: Journal, write: () => void): void {
    const { path } = entry;
    const count = this.store.countOf(observedRun, path);
    const isThere = isOutcome(entry) && this.store.recorded(observedRun).has(path) && !this.#isRetried(path);
    write();
    if (isThere && this.store.countOf(observedRun, path) > count)
      this.#isWrong(
        "an outcome is recorded once",
        `"${path}" was recorded again, by the claim ${epoch}`,
        path,
      );
  }

  #ended(status: string, life: Life): void {
    this.#note(`${life.name} ends the run: ${status}`);
    const again = `it had ${this.#end}, and process ${life.name} ended it again: ${status}`;
    if (this.#end !== undefined) this.#isWrong("a run that has ended stays as it is", again);
    this.#end ??= status;
  }

  /** Checks that confirmed records are present, and that the final status has not changed. */
  #checkEnd(): void {
    const recorded = this.store.recorded(observedRun);
    for (const path of this.#confirmed) {
      if (!recorded.has(path) && !this.#isRetried(path))
        this.#isWrong("what was confirmed is recorded", `"${path}" was confirmed but is not stored`, path);
    }
    const status = this.store.statusOf(observedRun);
    if (this.#end !== undefined && status !== this.#end && this.#end !== "interrupted")
      this.#isWrong("a run that has ended stays as it is", `it had ${this.#end}, and now it has ${status}`);
  }
}
