/**
 * SIGTERM asks a process to end. Its runs are then released for others to take over: not ended, as by Ctrl-C. The signal
 * is heard only while runs are under way.
 */

interface Holder {
  readonly releaseAll: () => void;
}

const holders = new Set<Holder>();
let isLeaving = false;

const onTerminate = (): void => {
  isLeaving = true;
  // A program that listens itself decides how to end: its runs are released as they are interrupted.
  if (process.listenerCount("SIGTERM") > 1) return;
  for (const holder of holders) holder.releaseAll();
  process.removeListener("SIGTERM", onTerminate);
  process.kill(process.pid, "SIGTERM");
};

export const leaving = {
  get isLeaving(): boolean {
    return isLeaving;
  },
  begin(): void {
    isLeaving = true;
  },
  add(holder: Holder): void {
    if (holders.size === 0) process.on("SIGTERM", onTerminate);
    holders.add(holder);
  },
  delete(holder: Holder): void {
    if (holders.delete(holder) && holders.size === 0) process.removeListener("SIGTERM", onTerminate);
  },
};
