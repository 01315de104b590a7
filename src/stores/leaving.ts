/**
 * SIGTERM asks a process to end. Its runs are then released for others to take over, not ended as by Ctrl-C. The signal
 * is handled only while runs are in progress.
 */

interface Holder {
  /** Releases all runs; the process waits a little for a promise. */
  readonly releaseAll: () => void | Promise<void>;
}

/** A store that cannot be reached does not prevent a process from ending. */
const patienceMillis = 1_500;

const holders = new Set<Holder>();
let isLeaving = false;

const onTerminate = (): void => {
  isLeaving = true;
  // A program that handles SIGTERM itself decides how to end: its runs are released when they are interrupted.
  if (process.listenerCount("SIGTERM") > 1) return;
  const releasing = [...holders].flatMap((holder) => holder.releaseAll() ?? []);
  const end = (): void => {
    process.removeListener("SIGTERM", onTerminate);
    process.kill(process.pid, "SIGTERM");
  };
  if (releasing.length === 0) {
    end();
    return;
  }
  setTimeout(end, patienceMillis);
  void Promise.allSettled(releasing).then(end);
};

export const leaving = {
  get isLeaving(): boolean {
    return isLeaving;
  },
  add(holder: Holder): void {
    if (holders.size === 0) process.on("SIGTERM", onTerminate);
    holders.add(holder);
  },
  delete(holder: Holder): void {
    if (holders.delete(holder) && holders.size === 0) process.removeListener("SIGTERM", onTerminate);
  },
};
