/**
 * The user's files that a module consists of: itself, and the files that it imports or requires, at any depth. A
 * command that watches starts another one to load the file, and that one reports them on a separate pipe, one JSON
 * string per line.
 *
 * Imported files that do not exist are reported too: they may appear later. Files that a module reads while it runs are
 * not known.
 */
import { writeSync } from "node:fs";
import { isBuiltin, registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { isUsers } from "../source-location.ts";

/** The environment variable that makes a command report its files: the number of its pipe. */
export const tellsLoaded = "ESPALIER_TELLS_LOADED";

const fileOf = (url: string): string | undefined => {
  try {
    return url.startsWith("file:") && isUsers(url) ? fileURLToPath(url) : undefined;
  } catch {
    return undefined;
  }
};

/** The file that an unresolvable name would have referred to. */
const missing = (specifier: string, from: string | undefined): string | undefined => {
  if (isBuiltin(specifier) || !/^(?:\.{0,2}\/|file:)/.test(specifier)) return undefined;
  try {
    return fileOf(new URL(specifier, from).href);
  } catch {
    return undefined;
  }
};

/** From here on, reports which files are loaded, if the environment asks for it. */
export const tellLoaded = (): void => {
  const pipe = Number(process.env[tellsLoaded]);
  // Processes that the user's file starts must not report.
  delete process.env[tellsLoaded];
  if (!Number.isInteger(pipe) || pipe < 3) return;
  const told = new Set<string>();
  const tell = (file: string | undefined): void => {
    if (file === undefined || told.has(file)) return;
    told.add(file);
    writeSync(pipe, `${JSON.stringify(file)}\n`);
  };
  registerHooks({
    resolve: (specifier, context, next) => {
      try {
        const found = next(specifier, context);
        tell(fileOf(found.url));
        return found;
      } catch (error) {
        tell(missing(specifier, context.parentURL));
        throw error;
      }
    },
  });
};
