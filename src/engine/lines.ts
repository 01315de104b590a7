/**
 * The annotations of every log line of a run: the run's id, and the path of the step. Both are read when a line is
 * written, from the step of the writing fiber. So a step that logs nothing pays nothing, and neither does a run: all of
 * them share one object.
 */
import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import { getCurrent } from "effect/Fiber";
import { CurrentLogAnnotations } from "effect/References";
import { CurrentStep, RunningContext } from "./context.ts";

const currentStep = (): RunningContext | undefined => {
  const fiber = getCurrent();
  const step = fiber && Context.getOrUndefined(fiber.context, CurrentStep);
  return step instanceof RunningContext ? step : undefined;
};

/** Effect's default logger passes the annotations to the console unchanged, and Node would show `[Getter]`. */
const shown = {
  [Symbol.for("nodejs.util.inspect.custom")](this: object) {
    // The run's own log lines belong to no step.
    return Object.fromEntries(Object.entries(this).filter(([, value]) => value !== undefined));
  },
};

const annotations = (around: object): Readonly<Record<string, unknown>> =>
  Object.defineProperties(Object.assign(Object.create(shown), around), {
    "espalier.run": { get: () => currentStep()?.runId, enumerable: true },
    "espalier.path": { get: () => currentStep()?.path, enumerable: true },
  });

const ofTheStep = annotations({});

const isEmpty = (record: object): boolean => {
  for (const _ in record) return false;
  return true;
};

/** The context of a run, in which log lines carry its id and the path of their step. */
export const annotated = (context: Context.Context<never>): Context.Context<never> => {
  const around = Context.get(context, CurrentLogAnnotations);
  if (around === ofTheStep) return context; // A run in a step.
  return Context.add(context, CurrentLogAnnotations, isEmpty(around) ? ofTheStep : annotations(around));
};

/** Passes the arguments of `context.log` to Effect's loggers. */
export const writeLine = (context: Context.Context<never>, message: ReadonlyArray<unknown>): void => {
  Effect.runForkWith(context)(Effect.logInfo(...message));
};
