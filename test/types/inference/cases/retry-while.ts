/** `retry.while` and fallback are given the step's error. */
import * as Effect from "effect/Effect";
import { pipeline } from "espalier";
class Busy {
  readonly _tag = "Busy";
  readonly seconds: number = 1;
}
export const p = pipeline("p").step(
  "n",
  [],
  () => (Math.random() > 2 ? Effect.succeed(1) : Effect.fail(new Busy())),
  { retry: { times: 3, while: (error) => error._tag === "Busy" && error.seconds > 1 } },
);
