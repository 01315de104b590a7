/** Arguments and flags that several commands share. */
import { relative } from "node:path";
import * as Argument from "effect/cli/Argument";
import * as Flag from "effect/cli/Flag";
import * as Option from "effect/Option";

/** The flag makes paths absolute; messages show them as users type them. */
const asTyped = (path: string): string => {
  const fromHere = relative(process.cwd(), path);
  return fromHere === "" || fromHere.startsWith("..") ? path : fromHere;
};

/** The user's module. Its existence is not checked here: `load` reports that in a better sentence. */
export const file: Argument.Argument<string> = Argument.Path("file", {
  pathType: "either",
  mustExist: false,
}).pipe(
  Argument.withDescription("A TypeScript or JavaScript module that exports a pipeline"),
  Argument.map(asTyped),
);

/** The name of the export to use. */
export const exportName: Flag.Flag<string | undefined> = Flag.String("export").pipe(
  Flag.withMetavar("NAME"),
  Flag.withDescription(
    "The export to use; by default the default export, or the only pipeline of the module",
  ),
  Flag.optional,
  Flag.map(Option.getOrUndefined),
);
