/**
 * Effect's `Random`, by its key. `effect/Random` itself loads four more modules, for functions that nothing here calls: that
 * is a twentieth of the time it takes to import the library.
 */
import * as Context from "effect/Context";

interface RandomService {
  nextIntUnsafe(): number;
  nextDoubleUnsafe(): number;
}

export const Random: Context.Reference<RandomService> = Context.Reference("effect/Random", {
  defaultValue: () => ({
    nextIntUnsafe: () => Math.floor(Math.random() * 2 ** 53) * (Math.random() < 0.5 ? -1 : 1),
    nextDoubleUnsafe: () => Math.random(),
  }),
});
