/**
 * Reports when one of some files has changed. Editors save in many ways (they write the file, or write another and
 * rename it), so folders are watched, and a file counts as changed if its identity, size or times differ.
 */
import type { FSWatcher } from "node:fs";
import { existsSync, statSync, watch } from "node:fs";
import { dirname, join, sep } from "node:path";

/** Several saves by an editor, or several writes of one save, are one change. */
const settleMillis = 60;
/** Some file systems (in containers, on networks) report nothing, so files are also polled. */
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

/** The nearest existing folder: a folder that is imported from may be created later. */
const folderOf = (file: string): string => {
  let folder = dirname(file);
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
};

export interface Changes {
  /**
   * Watches this file too. If it was not watched before and has been changed after `since` (milliseconds, as
   * `Date.now`), it counts as changed.
   */
  readonly add: (file: string, since: number) => void;
  /** Watches only these files from now on. */
  readonly keep: (files: ReadonlySet<string>) => void;
  readonly close: () => void;
}

/** File times are coarser than `Date.now`. */
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
  // Not while a save is settling: of two writes within one tick of the file's clock, the second would be missed.
  const every = setInterval(() => timer === undefined && look(), lookMillis);

  /** Is it one of the files, or a folder on the path to one? Other files, such as logs, may change all the time. */
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
      // The folder was removed, or the system has no more watches: polling remains.
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
