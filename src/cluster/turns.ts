/**
 * Starts jobs on the loop of this process a few at a time, so that messages pass between them: steps that compute would
 * otherwise hold up what other runners wait for. Jobs go in; each is started, and reported if it waits for something.
 */

/** Fewer jobs a turn when one takes longer than this, more when it takes less than that. */
const longMillis = 8;
const shortMillis = 2;
const mostTogether = 256;

export class Turns<Job extends { readonly isOver: boolean }> {
  readonly #start: (job: Job) => void;
  readonly #waits: (job: Job) => void;
  readonly #ready: Array<Job> = [];
  #together = 1;
  #isRunning = false;

  /** `waits`: the job has returned to the loop without having ended. */
  constructor(start: (job: Job) => void, waits: (job: Job) => void) {
    this.#start = start;
    this.#waits = waits;
  }

  /** How many jobs can be started in the next turn. */
  get room(): number {
    return this.#together - this.#ready.length;
  }

  add(job: Job): void {
    this.#ready.push(job);
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => this.#turn());
  }

  /** Takes back a job that has not been started. False: it has. */
  remove(job: Job): boolean {
    const at = this.#ready.indexOf(job);
    if (at !== -1) this.#ready.splice(at, 1);
    return at !== -1;
  }

  #turn(): void {
    const began = performance.now();
    const jobs = this.#ready.splice(0, this.#together);
    for (const job of jobs) this.#start(job);
    // What has not ended by then waits for something.
    setImmediate(() => setImmediate(() => this.#ended(jobs, performance.now() - began)));
  }

  #ended(jobs: ReadonlyArray<Job>, millis: number): void {
    for (const job of jobs) if (!job.isOver) this.#waits(job);
    if (millis > longMillis) this.#together = Math.max(1, this.#together >> 1);
    else if (millis < shortMillis) this.#together = Math.min(mostTogether, this.#together * 2);
    if (this.#ready.length > 0) this.#turn();
    else this.#isRunning = false;
  }
}
