import * as Exit from "effect/Exit";
import { describe } from "../../values/describe.ts";
import type { Law } from "../law.ts";
import { broken, held, vacuous } from "../law.ts";
import { copied } from "../values.ts";
import { textOf } from "../words.ts";

export const expect: Law = {
  name: "expect",
  looksAtFirst: true,
  sentence: "The option `expect` accepts the outputs for every input.",
  check: async (_subject, given, { expect, first }) => {
    if (expect === undefined) return vacuous('nothing is expected: give "expect"');
    const { ended, plan } = await first();
    if ("stuck" in ended || Exit.isFailure(ended.exit))
      return vacuous("the run failed, so it has no outputs");
    const outputs = ended.exit.value;
    const declared = "expect(input, outputs) holds";
    const returned = `it returned ${textOf(outputs)}`;
    try {
      const holds = await expect(copied(given), copied(outputs));
      return holds === false ? broken(declared, `${returned}, and expect returned false`, { plan }) : held;
    } catch (thrown) {
      return broken(declared, `${returned}, and expect threw ${describe(thrown)}`, { plan });
    }
  },
};
