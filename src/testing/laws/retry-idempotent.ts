import * as Effect from "effect/Effect";
import type { Executor, StepCall } from "../../engine/executor.ts";
import type { StepDefinition } from "../../graph/definition.ts";
import { stepKinds } from "../../graph/kinds.ts";
import { Injected } from "../injected.ts";
import { whenGiven } from "../instrument.ts";
import type { Law } from "../law.ts";
import { broken, held, settled, vacuous } from "../law.ts";
import type { Given, Observed, Subject } from "../observe.ts";
import { areSame, hasFailed, outcomeOf } from "../outcome.ts";

/** A step with its own retry policy keeps it, and is called a second time directly. */
const ownsRetry = ({ options }: StepDefinition): boolean => options.retry !== undefined;

/** A value from outside is not requested twice. */
const waits = ({ kind }: StepDefinition): boolean => stepKinds[kind].returns === "wait";

const withRetry = (definition: StepDefinition): StepDefinition => {
  if (ownsRetry(definition) || waits(definition)) return definition;
  const retry = { times: 1, while: (error: unknown) => error instanceof Injected };
  return { ...definition, options: { ...definition.options, retry } };
};

/** Runs the function, and then fails once: the worst time to fail. */
const failingOnce = (call: StepCall, failed: Set<string>, next: Executor): unknown => {
  const { path } = call;
  if (failed.has(path) || waits(call.definition)) return next(call);
  failed.add(path);
  if (ownsRetry(call.definition)) return whenGiven(next(call), () => next(call));
  return whenGiven(next(call), () => Effect.fail(new Injected({ path })));
};

const runFailing = (subject: Subject, given: Given, only?: string): Promise<Observed> => {
  const failed = new Set<string>();
  return settled(subject, given, {
    policy: withRetry,
    around: (call, next) =>
      only === undefined || call.path === only ? failingOnce(call, failed, next) : next(call),
  });
};

export const retryIdempotent: Law = {
  name: "retryIdempotent",
  sentence: "The result is the same when each step fails once after doing its work and is retried.",
  check: async (subject, given, { same }) => {
    const base = await settled(subject, given);
    if (base.calls.length === 0) return vacuous("no step was called");
    if (hasFailed(base)) return vacuous("the run failed although no failure was injected");
    const all = await runFailing(subject, given);
    if (areSame(base, all, same)) return held;
    for (const path of base.calls) {
      const one = await runFailing(subject, given, path);
      if (areSame(base, one, same)) continue;
      return broken(`it ${outcomeOf(base)}`, `when "${path}" failed once, it ${outcomeOf(one)}`, {
        path,
        plan: one.plan,
      });
    }
    return broken(`it ${outcomeOf(base)}`, `when each step failed once, it ${outcomeOf(all)}`, {
      plan: all.plan,
    });
  },
};
