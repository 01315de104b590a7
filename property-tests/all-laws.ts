/** All laws of the engine: those that the tests check are also those that must find planted faults. */
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
