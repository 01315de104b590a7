/**
 * Reloads a user's files without starting another process: Node keeps every module that it has loaded, by its URL, so
 * each generation of the files gets URLs of its own. Modules of packages are not reloaded.
 */
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { isUsers } from "../source-location.ts";

export interface Generations {
  /** Files that are imported from now on are loaded again. */
  readonly next: () => void;
}

const key = "espalier-generation";

/** `loads` receives each user file that is imported. */
export const generations = (loads: (file: string) => void): Generations => {
  let generation = 0;
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      if (!found.url.startsWith("file:") || !isUsers(found.url)) return found;
      const url = new URL(found.url);
      loads(fileURLToPath(url));
      // A file that was loaded before belongs to the module that imported it then.
      const parent =
        context.parentURL === undefined ? null : new URL(context.parentURL).searchParams.get(key);
      if (generation > 0) url.searchParams.set(key, parent ?? String(generation));
      return { ...found, url: url.href };
    },
  });
  return { next: () => void generation++ };
};
