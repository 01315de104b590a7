/**
 * Takes runs from the store and has a host execute them: those that were submitted, and those whose process is gone or has
 * released them. A run of a pipeline that the host does not have, or of another version of it, is left for other processes.
 *
 * Only the store's claim decides which process owns a run, so any number of processes can do this at once.
 */
import * as Effect from "effect/Effect";
import { InvalidInput, RunCrashed, RunExists, RunNotFound, StoreError } from "../errors.ts";
import { describe } from "../values/describe.ts";
import type { ClaimableRun, StoreProblem, StoreService } from "../journal/store.ts";
import { checkPipeline } from "../run/open.ts";
import { fixOfDied } from "../run-errors.ts";
import type { Host } from "./host.ts";
import { readNote, writeNote } from "./notes.ts";
import type { RunnerInfo, StepAddress } from "./runner-info.ts";
import { shapesOf } from "./runner-info.ts";
import type { Served } from "./served.ts";
import { pipelineOfRun, pipelinesByName } from "./served.ts";

/** How often the store is searched when nothing announces new runs, and while runs are taken one at a time. */
const searchMillis = 400;
const soonMillis = 25;
/**
 * The number of runs that one search returns, and the number claimed before the next search: a few, so that other
 * processes get some too, and more while there are many.
 */
const mostFound = 64;
const atOnce = (found: number): number => Math.min(16, Math.max(4, found >> 2));
/** While this many runs are busy here, no more are taken. */
const mostBusy = 200;
/** A run fails after this many resumes in a row, if its process died each time while the run had a step under way. */
const mostResumes = 5;

const diedText = (resumes: number): string =>
  `It was resumed ${resumes} times in a row, and its process died each time. ${fixOfDied}`;

/** Ends a run that has no owner as failed. False: it has an owner by now, or it has ended. */
const failRun = (
  store: StoreService,
  runId: string,
  reason: string,
  time: number,
): Effect.Effect<boolean, StoreProblem> =>
  Effect.flatMap(store.claim(runId, undefined, "under way"), (claim) => {
    if (!("journal" in claim)) return Effect.succeed(false);
    const { journal } = claim;
    return Effect.callback<boolean, StoreProblem>((resume) => {
      journal.end("failed", reason, time, (problem) =>
        resume(problem === undefined ? Effect.succeed(true) : Effect.fail(problem)),
      );
    });
  });

export interface TakingOptions {
  readonly machine: string;
  readonly pid: number;
  /** Also report which runs start here. */
  readonly isVerbose: boolean;
  /** Where it performs steps for other runners, if it does. */
  readonly steps?: StepAddress | undefined;
}

export class Taking {
  readonly #host: Host;
  readonly #options: TakingOptions;
  #announced: Served | undefined = undefined;
  readonly #unknown = new Set<string>();
  #problem = "";
  /** The runs that were resumed here after their process had died, and may have caused its death. */
  readonly #suspects = new Set<string>();
  /** Others are left for the moment, since one that was taken may kill this process. */
  #isHoldingBack = false;
  /** The last run that was taken whose process had died. */
  #suspect: string | undefined = undefined;

  constructor(host: Host, options: TakingOptions) {
    this.#host = host;
    this.#options = options;
  }

  /** Takes runs, forever. */
  get forever(): Effect.Effect<never> {
    return Effect.suspend(() => {
      let wake: (() => void) | undefined;
      let isNews = false;
      const stop = this.#host.store.onClaimable(() => {
        isNews = true;
        wake?.();
      });
      const sleep = Effect.callback<void>((resume) => {
        if (isNews) return resume(Effect.void);
        const millis = this.#isHoldingBack ? soonMillis : searchMillis;
        const timer = setTimeout(() => resume(Effect.void), millis);
        wake = () => resume(Effect.void);
        return Effect.sync(() => clearTimeout(timer));
      });
      const round = Effect.gen({ self: this }, function* () {
        isNews = false;
        const isMore = yield* this.#round();
        if (!isMore) yield* sleep;
        wake = undefined;
      });
      return Effect.ensuring(Effect.forever(round), Effect.sync(stop));
    });
  }

  /** Announces that this process takes runs, before a client looks for one. */
  get announced(): Effect.Effect<void, StoreProblem> {
    return Effect.suspend(() => this.#announce());
  }

  /** Takes a few runs. True: there may be more. */
  #round(): Effect.Effect<boolean> {
    return this.#take().pipe(
      Effect.tap(() => Effect.sync(() => this.#isWell())),
      Effect.catch((error) => Effect.sync(() => this.#isIll(error))),
    );
  }

  #isWell(): void {
    if (this.#problem !== "") this.#host.say("The store is back: runs are taken again.");
    this.#problem = "";
  }

  #isIll({ message }: { readonly message: string }): false {
    if (this.#problem !== message) this.#host.say(`No runs can be taken: ${message}`);
    this.#problem = message;
    return false;
  }

  #take(): Effect.Effect<boolean, StoreProblem> {
    return Effect.gen({ self: this }, function* () {
      const host = this.#host;
      if (host.isDraining()) return false;
      const pipelines = pipelinesByName(host.served);
      yield* this.#announce();
      yield* this.#acquit();
      const found = yield* host.store.claimable([...pipelines.keys()], mostFound);
      const fitting = found.filter((run) => this.#isForHere(run));
      // Not in order, since other processes see the same runs at the same time.
      const most = atOnce(fitting.length);
      const offset = fitting.length > most ? Math.floor(Math.random() * fitting.length) : 0;
      const some = this.#withoutSuspects([...fitting.slice(offset), ...fitting.slice(0, offset)], most);
      if (host.busy >= mostBusy) return false;
      yield* Effect.forEach(some, (run) => this.#start(run), { concurrency: most, discard: true });
      return fitting.length > some.length && some.length > 0;
    });
  }

  /**
   * A few of them. Any run whose process died is possibly the one that killed it. Such runs are taken one at a time, so that the
   * others do not die with it.
   */
  #withoutSuspects(runs: ReadonlyArray<ClaimableRun>, most: number): ReadonlyArray<ClaimableRun> {
    let isAlone = this.#suspect === undefined || this.#host.isProven(this.#suspect);
    const some: Array<ClaimableRun> = [];
    this.#isHoldingBack = false;
    for (const run of runs) {
      if (some.length >= most) break;
      if (!run.isReleased && !isAlone) {
        this.#isHoldingBack = true;
        continue;
      }
      if (!run.isReleased) {
        isAlone = false;
        this.#suspect = run.id;
      }
      some.push(run);
    }
    return some;
  }

  #announce(): Effect.Effect<void, StoreProblem> {
    return Effect.suspend(() => {
      const { served, store } = this.#host;
      if (this.#announced === served) return Effect.void;
      const { machine: host, pid, steps } = this.#options;
      const info: RunnerInfo = { host, pid, pipelines: shapesOf(served), steps };
      return Effect.tap(store.announce(JSON.stringify(info)), () =>
        Effect.sync(() => {
          this.#announced = served;
        }),
      );
    });
  }

  /** Can the run be executed here? Reports once why not. */
  #isForHere(run: ClaimableRun): boolean {
    const host = this.#host;
    if (host.isLive(run.id)) return false;
    const pipeline = pipelineOfRun(host.served, run);
    if (pipeline === undefined) {
      if (!this.#unknown.has(run.pipeline))
        host.say(
          `Run ${run.id} is of "${run.pipeline}", which is not among the pipelines here: it is left for another process.`,
        );
      this.#unknown.add(run.pipeline);
      return false;
    }
    const changed = run.shape === "" ? undefined : checkPipeline(pipeline.graph, run);
    if (changed !== undefined) {
      host.leave(run.id, `is left to a process that has its version of the pipeline: ${changed.message}`);
      return false;
    }
    return !host.isGivenUp(run.id);
  }

  #start(run: ClaimableRun): Effect.Effect<void, StoreProblem> {
    const { id } = run;
    const host = this.#host;
    return Effect.gen({ self: this }, function* () {
      if (host.isDraining() || host.isLive(id)) return;
      const resumes = run.isReleased ? 0 : yield* this.#resumesOf(run);
      if (resumes >= mostResumes) return yield* this.#fail(run, diedText(resumes));
      // Other processes have seen the same run: one of them possibly owns it by now, or it has ended.
      yield* host.resume(run, { onlyUnderWay: true });
      this.#begun(run, resumes + 1);
    }).pipe(
      Effect.catch((error): Effect.Effect<void, StoreProblem> => {
        // Another process was faster, or the run was cancelled or forgotten.
        if (error instanceof RunExists || error instanceof RunNotFound || host.isDraining())
          return Effect.void;
        if (error instanceof StoreError) return Effect.fail(error);
        if (error instanceof RunCrashed) return Effect.sync(() => host.say(error.message));
        if (error instanceof InvalidInput && run.status === "submitted")
          return this.#fail(run, error.message);
        return Effect.sync(() => host.leave(id, `is not resumed: ${describe(error)}`));
      }),
    );
  }

  #resumesOf({ id }: ClaimableRun): Effect.Effect<number, StoreProblem> {
    const noted = readNote(this.#host.store, "resumes", id);
    return Effect.map(noted, (before) => (typeof before === "number" ? before : 0));
  }

  /** The run belongs to this process now. `resumes`: how often it was resumed after its process had died, including this time. */
  #begun({ id, pipeline, status, isReleased }: ClaimableRun, resumes: number): void {
    const host = this.#host;
    if (!isReleased) {
      writeNote(host.store, "resumes", id, resumes);
      this.#suspects.add(id);
      host.say(`Run ${id} has crashed: resuming it (${resumes} of ${mostResumes}).`);
    } else if (this.#options.isVerbose) {
      host.say(`Run ${id} of "${pipeline}" ${status === "submitted" ? "starts" : "continues here"}.`);
    }
  }

  #fail({ id, pipeline }: ClaimableRun, reason: string): Effect.Effect<void, StoreProblem> {
    const { store, say } = this.#host;
    return Effect.tap(failRun(store, id, reason, Date.now()), (isFailed) =>
      Effect.sync(() => {
        if (!isFailed) return;
        writeNote(store, "resumes", id, 0);
        say(`Run ${id} of "${pipeline}" fails: ${reason}`);
      }),
    );
  }

  /** A run whose process dies for another reason, however often, continues: only deaths that it possibly caused count. */
  #acquit(): Effect.Effect<void, StoreProblem> {
    const host = this.#host;
    return Effect.forEach(
      this.#suspects,
      (id) => {
        if (!host.isInnocent(id)) {
          if (!host.isLive(id)) this.#suspects.delete(id);
          return Effect.void;
        }
        this.#suspects.delete(id);
        writeNote(host.store, "resumes", id, 0);
        return host.store.acquit(id);
      },
      { discard: true },
    );
  }
}
