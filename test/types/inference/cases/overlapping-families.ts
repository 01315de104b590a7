/** Families in one list of which one can contain the names of the other: each is read as the types of both, never as `never`. */
import type { OutputsOf } from "espalier";
import { pipeline, pipelineOf, step } from "espalier";
import { same } from "../same.ts";

declare const columns: ReadonlyArray<string>;
const steps = [
  ...columns.map((column) => step(`feat_${column}`, [], () => 1)),
  ...columns.map((column) => step(`feat_x_${column}`, [], () => "text")),
  ...columns.map((column) => step(`other_${column}`, [], () => true)),
];

const added = pipeline("p").addAll(steps);
same<OutputsOf<typeof added>["feat_a"], number | string>(true);
same<OutputsOf<typeof added>["feat_x_a"], number | string>(true);
same<OutputsOf<typeof added>["other_a"], boolean>(true);
added.step("z", ["feat_x_*", "other_*"], (found) => {
  same<(typeof found)["feat_x_*"][`feat_x_${string}`], number | string>(true);
  return Object.values(found["other_*"]).every((each) => each);
});
// @ts-expect-error: it may be a text
added.step("z", ["feat_*"], (found) => Object.values(found["feat_*"]).map((n) => n.toFixed()));

const ordered = pipelineOf("p", steps);
same<OutputsOf<typeof ordered>["feat_x_a"], number | string>(true);

const exposed = pipeline("p").dynamic("d", [], () => pipeline("q").addAll(steps), { outputs: "all" });
same<OutputsOf<typeof exposed>["feat_x_a"], number | string>(true);
