/** The key of a cache is typed by the inputs; that of a map by the item and the inputs. */
import { same } from "../same.ts";
import { pipeline, type } from "espalier";
export const p = pipeline("p")
  .input("greeting", type<string>())
  .step("names", [], () => [{ id: "a", at: 1 }])
  .step("upper", ["greeting"], ({ greeting }) => greeting.toUpperCase(), {
    cache: {
      key: ({ greeting }) => {
        same<typeof greeting, string>(true);
        return greeting.length;
      },
    },
  })
  .map("texts", "names", ["greeting"], (one, { greeting }) => greeting + one.id, {
    cache: { key: (one, { greeting }) => [one.id, greeting] },
  });
