/** A glob that can match members of a family is accepted. */
import { pipeline, step } from "espalier";
const columns: string[] = ["x"];
export const p = pipeline("p")
  .addAll(columns.map((c) => step(`a_${c}`, [], () => 1)))
  .step("r", ["*_x"], (found) => Object.values(found["*_x"]).map((n) => n.toFixed()))
  .step("s", ["a_x*"], (found) => Object.values(found["a_x*"]).map((n) => n.toFixed()));
