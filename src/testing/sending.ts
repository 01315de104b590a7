/** Sends values to the steps of a run that wait for one, from within the run's own world, and notes what its sender heard. */
import * as Effect from "effect/Effect";
import type { StepCall } from "../engine/executor.ts";
import { SignalRefused } from "../errors.ts";
import { Store } from "../journal/store.ts";
import { Signal } from "../run/signal.ts";
import { describe } from "../values/describe.ts";
import type { MemoryStore } from "./memory-store.ts";
import type { Given, Subject } from "./observe.ts";

/** A value that was sent. */
export interface Sent {
  readonly path: string;
  readonly value: unknown;
  /** When it was sent, in words. */
  readonly when: string;
  /** What its sender heard. In doubt: nothing, since the process was gone. */
  answer: "delivered" | "kept" | "refused" | "in doubt";
  reason?: string;
}

type Wait = Effect.Effect<unknown, unknown>;

/** Sends a value to the step at a path. */
export const send = (
  store: MemoryStore,
  runId: string,
  path: string,
  value: unknown,
  when = "",
  log: Array<Sent> = [],
): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (store.isDead) return Effect.void;
    const sent: Sent = { path, value, when, answer: "in doubt" };
    log.push(sent);
    const heard = (answer: Sent["answer"], reason?: string): void => {
      // No one hears a process that is gone.
      if (store.isDead) return;
      sent.answer = answer;
      if (reason !== undefined) sent.reason = reason;
    };
    return Effect.match(Effect.provideService(Signal.send(runId, path, value), Store, store.service), {
      onSuccess: (answer) => heard(answer),
      onFailure: (error) => heard("refused", error instanceof SignalRefused ? error.reason : describe(error)),
    });
  });

/** The answer of a check to a waiting step. */
export const sending = (store: MemoryStore, given: Given, { world }: Subject, call: StepCall) => ({
  /** Waits, and is sent a value meanwhile, which another that was accepted before leaves without effect. */
  whileWaiting: (wait: Wait): Wait =>
    Effect.suspend(() => {
      const value = world.answers!.of(given, call);
      return Effect.andThen(Effect.forkChild(send(store, call.context.runId, call.path, value)), wait);
    }),
});
