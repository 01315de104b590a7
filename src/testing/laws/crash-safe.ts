import type { Law } from "../law.ts";
import { vacuous } from "../law.ts";

/** Its check needs a store that can be made to crash at each of its writes. */
export const crashSafe: Law = {
  name: "crashSafe",
  sentence:
    "After a crash at whatever write of the store, the resumed run gives the same, and runs no recorded step again.",
  check: async () => vacuous("this version has no store to crash in a check"),
};
