/**
 * Starts jobs on the event loop of this process a few at a time, so that messages pass in between: computing steps would
 * otherwise delay messages that other runners wait for. Each job is started, and reported if it waits for something.
 */

/** Starts fewer jobs per turn when one takes longer than this, and more when it takes less. */
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

  /** The number of jobs that can be started in the next turn. */
  get room(): number {
    return this.#together - this.#ready.length;
  }

  add(job: Job): void {
    this.#ready.push(job);
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => this.#turn());
  }

  /** Removes a job that has not been started. Returns false if it has. */
  remove(job: Job): boolean {
    const at = this.#ready.indexOf(job);
    if (at !== -1) this.#ready.splice(at, 1);
    return at !== -1;
  }

  #turn(): void {
    const began = performance.now();
    const jobs = this.#ready.splice(0, this.#together);
    for (const job of jobs) this.#start(job);
    // A job that has not ended by then waits for something.
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
