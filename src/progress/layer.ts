/**
 * A layer that shows active runs in any program. The drawing code is loaded with the first run that is shown, since
 * most programs never show one.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { Listeners } from "../engine/seams.ts";
import type { ProgressOptions } from "./open.ts";

const layerWith = (options: ProgressOptions): Layer.Layer<never> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const { openView } = yield* Effect.promise(() => import("./open.ts"));
      const others = yield* Listeners;
      const view = yield* Effect.acquireRelease(
        Effect.sync(() => openView(options)),
        ({ close }) => Effect.sync(close),
      );
      return Context.add(Context.empty(), Listeners, [...others, view.event]);
    }),
  );

/**
 * Shows every run beneath it: on a terminal as a tree that updates in place, elsewhere as plain lines. It writes to
 * standard error, and respects `NO_COLOR` and the width of the terminal.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect";
 * import { Progress, pipeline } from "espalier";
 *
 * const sum = pipeline("sum")
 *   .step("one", [], () => 1)
 *   .step("two", ["one"], ({ one }) => one + 1);
 *
 * const shown = sum.run({}).pipe(Effect.provide(Progress.layer));
 * console.log(await Effect.runPromise(shown)); // { one: 1, two: 2 }
 * ```
 *
 * @public
 */
export const Progress: {
  /** Writes to standard error, in the style that suits it. */
  readonly layer: Layer.Layer<never>;
  /** The same with another output or style. */
  readonly layerWith: (options: ProgressOptions) => Layer.Layer<never>;
} = { layer: layerWith({}), layerWith };
