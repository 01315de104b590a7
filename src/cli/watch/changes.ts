/**
 * Tells when one of some files has changed. Editors save in many ways (they write the file, or write another and rename
 * it), so folders are watched, and what counts is whether a file is another one than it was: by its size and times.
 */
import type { FSWatcher } from "node:fs";
import { existsSync, statSync, watch } from "node:fs";
import { dirname, join, sep } from "node:path";

/** An editor that saves several files, or one in several writes, is one change. */
const settleMillis = 60;
/** Some file systems (of containers, of networks) tell nothing, so files are looked at now and then all the same. */
const lookMillis = 2_000;

interface Seen {
  readonly mark: string;
  readonly modified: number;
}

const seen = (file: string): Seen => {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return { mark: `${mtimeMs} ${size} ${ino}`, modified: mtimeMs };
  } catch {
    return { mark: "none", modified: -Infinity };
  }
};

/** The nearest folder that is there: one that is imported from may come later. */
const folderOf = (file: string): string => {
  let folder = dirname(file);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
};

export interface Changes {
  /**
   * Watches this file too. Where it is a new one and has been changed after `since` (milliseconds, as `Date.now`), it
   * counts as changed.
   */
  readonly add: (file: string, since: number) => void;
  /** Watches no others than these from now on. */
  readonly keep: (files: ReadonlySet<string>) => void;
  readonly close: () => void;
}

/** Clocks of files are coarser than `Date.now`. */
const coarseMillis = 20;

/** Calls `changed` some milliseconds after a file has changed. */
export const watchChanges = (changed: () => void): Changes => {
  const known = new Map<string, string>();
  const folders = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    timer = undefined;
    let isOther = false;
    for (const [file, mark] of known) {
      const now = seen(file).mark;
      if (now === mark) continue;
      known.set(file, now);
      isOther = true;
    }
    if (isOther) changed();
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(look, settleMillis);
  };
  // Not while a save is settling: of two writes within a tick of the file's clock, the second would not be seen.
  const every = setInterval(() => timer === undefined && look(), lookMillis);

  /** Is it one of the files, or a folder on the way to one? Others may change without an end, as logs do. */
  const isOurs = (path: string): boolean => {
    for (const file of known.keys()) if (file === path || file.startsWith(path + sep)) return true;
    return false;
  };

  const watchFolder = (folder: string): void => {
    if (folders.has(folder)) return;
    try {
      // Some systems do not say which file it was.
      const watcher = watch(folder, (_, name) => {
        if (name === null || isOurs(join(folder, name))) soon();
      });
      // A folder that is removed, or a system that has no more watches: the look every now and then is left.
      watcher.on("error", () => watcher.close());
      folders.set(folder, watcher);
    } catch {
      // As above.
    }
  };

  return {
    add: (file, since) => {
      watchFolder(folderOf(file));
      if (known.has(file)) return;
      const { mark, modified } = seen(file);
      const isTooNew = modified > since - coarseMillis;
      known.set(file, isTooNew ? "changed" : mark);
      if (isTooNew) soon();
    },
    keep: (files) => {
      for (const file of known.keys()) if (!files.has(file)) known.delete(file);
      const needed = new Set([...known.keys()].map(folderOf));
      for (const [folder, watcher] of folders) {
        if (needed.has(folder)) continue;
        watcher.close();
        folders.delete(folder);
      }
      for (const folder of needed) watchFolder(folder);
    },
    close: () => {
      clearTimeout(timer);
      clearInterval(every);
      for (const watcher of folders.values()) watcher.close();
    },
  };
};
