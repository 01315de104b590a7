/** A map with `enough` gives a list, and its items' failures are not the pipeline's. */
import { same } from "../same.ts";
import * as Effect from "effect/Effect";
import type { FailureOf, MapOptions, OutputsOf } from "espalier";
import { pipeline } from "espalier";

class Down {
  readonly _tag = "Down";
}
const item = (x: number) => (x > 1 ? Effect.fail(new Down()) : Effect.succeed(`${x}`));
const some = pipeline("p")
  .step("xs", [], () => [1, 2, 3])
  .map("m", "xs", [], item, { enough: 2, key: (x) => x });
same<OutputsOf<typeof some>["m"], ReadonlyArray<string>>(true);
same<FailureOf<typeof some>, never>(true);

const quorum: number = 2;
const computed = pipeline("p")
  .step("xs", [], () => [1, 2, 3])
  .map("m", "xs", [], item, { enough: quorum });
same<FailureOf<typeof computed>, never>(true);

const every = pipeline("p")
  .step("xs", [], () => [1, 2, 3])
  .map("m", "xs", [], item, { concurrency: 1 });
same<FailureOf<typeof every>, Down>(true);

export const options: MapOptions<number> = { enough: 3, concurrency: 2 };
