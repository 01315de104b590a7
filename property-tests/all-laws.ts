/** The laws of the engine, together: what the tests check and what has to find a planted fault are the same. */
import type { EngineLaw } from "./engine-laws.ts";
import { engineLaws } from "./engine-laws.ts";
import { flowLaws } from "./flow-laws.ts";
import { poolLaws } from "./pool-laws.ts";
import { streamLaws } from "./stream-laws.ts";

export const allLaws: Readonly<Record<string, EngineLaw>> = {
  ...engineLaws,
  ...poolLaws,
  ...streamLaws,
  ...flowLaws,
};
