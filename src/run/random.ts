/**
 * Effect's `Random`, by its key. `effect/Random` itself brings four more modules along, for functions that nobody here
 * calls: a twentieth of the time that importing the library takes.
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
