/** The result of a condition, as a schema: it is checked whether it is returned directly, by a Promise or by an Effect. */
import { received } from "./specification.ts";

export const aCondition = {
  "~standard": {
    version: 1,
    vendor: "espalier",
    validate: (value: unknown) =>
      typeof value === "boolean"
        ? { value }
        : {
            issues: [{ message: `The result of a condition must be true or false; got ${received(value)}.` }],
          },
  },
};
