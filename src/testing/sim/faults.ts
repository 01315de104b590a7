/** What can go wrong in a simulated run, and where: plain data. */
import * as Data from "effect/Data";
import * as Effect from "effect/Effect";
import { StepFailed } from "../../errors.ts";

/**
 * One thing that goes wrong. It happens when the step at `path` makes its attempt number `attempt` (1 if not given):
 *
 * - `"fail"`: the attempt fails, and the step's function is not called;
 * - `"failAfter"`: the function does its work, and then the attempt fails: what it gave is lost;
 * - `"delay"`: the function is called after `millis` of the simulation's time;
 * - `"hang"`: the attempt never ends by itself;
 * - `"interrupt"`: the run is interrupted as the attempt begins;
 * - `"crash"`: the process is gone as the attempt begins: nothing more happens, no finalizer runs.
 *
 * @public
 */
export interface Fault {
  readonly path: string;
  readonly attempt?: number;
  readonly kind: "fail" | "failAfter" | "delay" | "hang" | "interrupt" | "crash";
  /** For `"delay"`: how long, in milliseconds. 1 if not given. */
  readonly millis?: number;
}

/**
 * The failure of a step that was made to fail.
 *
 * @public
 */
export class InjectedFault extends Data.TaggedError("InjectedFault")<{
  readonly path: string;
  readonly attempt: number;
}> {
  override get message(): string {
    return `Attempt ${this.attempt} of "${this.path}" was made to fail.`;
  }
}

/** A value, a Promise or an Effect, as an Effect. */
const asEffect = (path: string, value: unknown): Effect.Effect<unknown, unknown> => {
  if (Effect.isEffect(value)) return value as Effect.Effect<unknown, unknown>;
  const { then } = Object(value) as { readonly then?: unknown };
  if (typeof then !== "function") return Effect.succeed(value);
  return Effect.flatMap(
    Effect.tryPromise({
      try: () => value as PromiseLike<unknown>,
      catch: (thrown) => new StepFailed({ path, cause: thrown }),
    }),
    (settled) =>
      Effect.isEffect(settled) ? (settled as Effect.Effect<unknown, unknown>) : Effect.succeed(settled),
  );
};

/** What a fault can do to the run as a whole. */
export interface Disasters {
  readonly interrupt: () => void;
  readonly crash: () => void;
}

/** The attempt with what goes wrong in it. */
export const withFault = (
  { path, kind, millis }: Fault,
  attempt: number,
  proceed: () => unknown,
  { interrupt, crash }: Disasters,
): unknown => {
  const failure = () => Effect.fail(new InjectedFault({ path, attempt }));
  switch (kind) {
    case "fail":
      return failure();
    case "failAfter":
      return Effect.flatMap(
        Effect.suspend(() => asEffect(path, proceed())),
        failure,
      );
    case "delay":
      return Effect.flatMap(Effect.sleep(millis ?? 1), () => asEffect(path, proceed()));
    case "hang":
      return Effect.never;
    case "interrupt":
      interrupt();
      return proceed();
    case "crash":
      crash();
      return Effect.never;
  }
};
