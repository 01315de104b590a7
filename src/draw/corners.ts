/** The corner radius of a box by what it represents: the same in a picture and on a page. */
import type { StepKind } from "../../types/plan.ts";

type Boxed = StepKind | "input" | "item" | "value";

const corners: Readonly<Record<Boxed, number | "round">> = {
  step: 4,
  dynamic: 10,
  map: 4,
  switch: 0,
  loop: "round",
  race: 0,
  await: "round",
  sleep: "round",
  when: 0,
  finally: 10,
  input: "round",
  item: 4,
  value: 4,
};

export const cornerOf = (kind: Boxed, height: number): number => {
  const corner = corners[kind];
  return corner === "round" ? height / 2 : corner;
};
