/** The rows of the penguins file, and what is asked of a run. Whatever a file holds is checked before it is used. */
import { readFile } from "node:fs/promises";
import * as Schema from "effect/Schema";
import type { Penguin } from "./split.ts";

const File = Schema.Array(
  Schema.Record(Schema.String, Schema.NullOr(Schema.Union([Schema.String, Schema.Finite]))),
);

/** Which models to compare, and for each the values of its hyper-parameter to try. */
export const Settings = Schema.Struct({
  seed: Schema.Int,
  testShare: Schema.Finite,
  models: Schema.NonEmptyArray(
    Schema.Struct({
      model: Schema.Literals(["decision tree", "random forest", "nearest neighbours", "logistic regression"]),
      values: Schema.NonEmptyArray(Schema.Int),
    }),
  ),
});
export type ModelSettings = (typeof Settings.Type)["models"][number];

export const readPenguins = async (file: URL): Promise<ReadonlyArray<Penguin>> => {
  const rows = Schema.decodeUnknownSync(File)(JSON.parse(await readFile(file, "utf8")));
  return rows.flatMap(({ Species: species, ...cells }) => {
    if (typeof species !== "string") return [];
    // The file writes one of its gaps as a dot.
    const known = Object.entries(cells).map(
      ([column, cell]) => [column, cell === "." ? null : cell] as const,
    );
    return [{ species, cells: Object.fromEntries(known) }];
  });
};
