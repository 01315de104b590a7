/**
 * The common part of the stores' journals. A journal belongs to a run that this process owns: it records the end of the run, gives
 * the run back, and reports commits, trouble and loss. Each store adds how records are queued and written.
 */
import * as Effect from "effect/Effect";
import { StoreError } from "../errors.ts";
import type { Journal, RunStatus, StoreProblem } from "../journal/store.ts";
import type { Before } from "./rows.ts";

export type EndStatus = Exclude<RunStatus, "running" | "crashed" | "submitted">;

/** The end of a run that is not recorded yet. */
export interface End {
  readonly status: EndStatus;
  readonly error: string | undefined;
  readonly time: number;
  readonly done: (problem: StoreProblem | undefined) => void;
}

/** The part of the store that its journals use, in addition to writing. */
export interface Keeper<Kept> {
  /** This process no longer owns the run. */
  readonly forget: (journal: Kept) => void;
  readonly giveBack: (journal: Kept) => Effect.Effect<void>;
  /** Whether this process may have lost its lease and has not checked yet, or has only just found out. */
  readonly isLate: () => boolean;
  /** Whether the process is about to end, so that others should take over its runs. */
  readonly isLeaving: () => boolean;
  /** Delivers the messages that were sent to the run. */
  readonly receive: (journal: Kept) => Promise<void>;
}

/** Commits the records of all runs of the process. */
interface Committer<Kept> {
  readonly trouble: StoreProblem | undefined;
  readonly enter: (journal: Kept) => void;
  readonly leave: (journal: Kept) => void;
  readonly add: (journal: Kept, bytes: number) => void;
}

/** The claim of a journal. `store`: the name of the store in errors. */
export interface OwnedClaim {
  readonly runId: string;
  readonly run: number;
  readonly epoch: number;
  readonly before: Before | undefined;
  readonly store: string;
}

const nothing = (): void => {};

/** `Kept`: the subclass of the store. */
export abstract class OwnedJournal<Kept, Writer extends Committer<Kept>> {
  readonly runId: string;
  readonly run: number;
  readonly epoch: number;
  readonly before: Before | undefined;
  readonly claimed = performance.now();
  protected readonly store: string;
  protected readonly keeper: Keeper<Kept>;
  protected readonly writer: Writer;
  protected isOver = false;
  protected ending: End | undefined = undefined;
  releases = false;
  onCommit: () => void = nothing;
  onTrouble: (problem: StoreProblem | undefined) => void = nothing;
  onLost: (problem: StoreProblem) => void = nothing;
  onMessage: Journal["onMessage"] = undefined;
  /** The messages that it has received. */
  readonly messages = new Set<number>();
  readonly receive = (): Promise<void> => this.keeper.receive(this.self);

  constructor({ runId, run, epoch, before, store }: OwnedClaim, keeper: Keeper<Kept>, writer: Writer) {
    this.runId = runId;
    this.run = run;
    this.epoch = epoch;
    this.before = before;
    this.store = store;
    this.keeper = keeper;
    this.writer = writer;
    writer.enter(this.self);
  }

  /** This journal, as its own store knows it. */
  protected get self(): Kept {
    return this as unknown as Kept;
  }

  /** Drops what is queued: it will not be written. */
  protected abstract drop(): void;

  /** The reason why nothing can be written at the moment. */
  protected get stuck(): StoreProblem | undefined {
    return this.writer.trouble;
  }

  end(status: EndStatus, error: string | undefined, time: number, done: End["done"]): void {
    if (this.isOver) {
      done(undefined); // `onLost` has the reason.
      return;
    }
    this.ending = { status, error, time, done };
    this.writer.add(this.self, 0);
    // An interrupted run does not wait for a store that may never be there again.
    const problem = this.stuck;
    if (status === "interrupted" && problem !== undefined) this.finish(problem);
  }

  giveBack(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#leave();
      return this.keeper.giveBack(this.self);
    });
  }

  goOn(): void {
    this.onCommit();
  }

  trouble(problem: StoreProblem | undefined): void {
    this.onTrouble(problem);
    if (problem !== undefined && this.ending?.status === "interrupted") this.finish(problem);
  }

  /** A commit has found that the run has another owner. */
  fenced(): void {
    this.lose("another process has taken it over, because this one seemed to be gone.");
  }

  /** The run has another owner: nothing more is recorded here. */
  lose(reason: string): void {
    this.failed(
      new StoreError({ store: this.store, kind: "fenced", reason: `run "${this.runId}": ${reason}` }),
    );
  }

  failed(problem: StoreProblem): void {
    if (this.isOver) return;
    const { ending } = this;
    this.#leave();
    this.onLost(problem);
    ending?.done(problem);
  }

  protected finish(problem: StoreProblem | undefined): void {
    const { ending } = this;
    if (ending === undefined) return;
    this.#leave();
    ending.done(problem);
  }

  #leave(): void {
    this.isOver = true;
    this.ending = undefined;
    this.drop();
    this.writer.leave(this.self);
    this.keeper.forget(this.self);
  }
}
