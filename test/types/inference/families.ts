/** Families and globs: each family keeps its own types, beside others and under globs that several match. */
import type { OutputsOf } from "espalier";
import { pipeline, step } from "espalier";
import { same } from "./same.ts";

interface Feature {
  readonly mean: number;
}
declare const columns: ReadonlyArray<string>;
declare const feature: Feature;
declare enum Stage {
  Load = "load",
}

// Two families in one pipeline: neither has the types of the other.
const families = pipeline("families")
  .step("scale", [], () => 1)
  .addAll(columns.map((column) => step(`feat_${column}`, [], () => feature)))
  .addAll(
    new Set([1, 2].map((rate) => step(`lr_${rate}`, ["scale"], ({ scale }: { scale: number }) => scale))),
  )
  .step("features", ["feat_*"], (found) => {
    same<(typeof found)["feat_*"], { readonly [Name in `feat_${string}`]: Feature }>(true);
    return Object.keys(found["feat_*"]).length;
  })
  .step("rates", ["lr_*"], (found) => Object.values(found["lr_*"]).map((rate) => rate.toFixed()));
same<OutputsOf<typeof families>["rates"], Array<string>>(true);

// A glob that two families match has the members of both; a narrower one has its part of one of them.
const joint = pipeline("joint")
  .addAll(columns.map((column) => step(`lr_a_${column}`, [], () => 1)))
  .addAll(columns.map((column) => step(`lr_b_${column}`, [], () => "b")))
  .step("wide", ["lr_*"], ({ "lr_*": found }) => {
    same<(typeof found)["lr_a_x"], number>(true);
    same<(typeof found)["lr_b_x"], string>(true);
    return found["lr_a_x"];
  })
  .step("narrow", ["lr_b_x*"], ({ "lr_b_x*": found }) => found["lr_b_xy"]);
same<OutputsOf<typeof joint>["wide"], number | undefined>(true);
same<OutputsOf<typeof joint>["narrow"], string | undefined>(true);

// A glob over plain names has each with its own type.
const plain = pipeline("plain")
  .step("feat_a", [], () => 1)
  .step("feat_b", [], () => "b")
  .step("other", [], () => true)
  .step("both", ["feat_*", "other"], ({ "feat_*": found, other }) => {
    same<typeof found, { readonly feat_a: number; readonly feat_b: string }>(true);
    return other;
  });
same<OutputsOf<typeof plain>["both"], boolean>(true);

// An output that is named by a member of an enum is read by it, and by its text.
const staged = pipeline("staged")
  .step(Stage.Load, [], () => 1)
  .step("byMember", [Stage.Load], (found) => found[Stage.Load])
  .step("byText", ["load"], ({ load }) => load);
same<OutputsOf<typeof staged>["byMember"], number>(true);
same<OutputsOf<typeof staged>["byText"], number>(true);

// Steps of several names in one list add all their outputs, each with its own type.
const several = pipeline("several")
  .addAll([step("width", [], () => 1), step("colour", [], () => "red")])
  .step("both", ["width", "colour"], ({ width, colour }) => [width, colour] as const);
same<OutputsOf<typeof several>["both"], readonly [number, string]>(true);
