/** Sends values to waiting steps from within the run's own world, and records the answers that senders received. */
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
  /** The time of sending, in words. */
  readonly when: string;
  /** The answer that its sender received. In doubt: none, since the process was gone. */
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
      // A dead process sends no answers.
      if (store.isDead) return;
      sent.answer = answer;
      if (reason !== undefined) sent.reason = reason;
    };
    return Effect.match(Effect.provideService(Signal.send(runId, path, value), Store, store.service), {
      onSuccess: (answer) => heard(answer),
      onFailure: (error) => heard("refused", error instanceof SignalRefused ? error.reason : describe(error)),
    });
  });

/** How a check answers a waiting step. */
export const sending = (store: MemoryStore, given: Given, { world }: Subject, call: StepCall) => ({
  /** Waits, and meanwhile sends the step a value, which has no effect if another was accepted before. */
  whileWaiting: (wait: Wait): Wait =>
    Effect.suspend(() => {
      const value = world.answers!.of(given, call);
      return Effect.andThen(Effect.forkChild(send(store, call.context.runId, call.path, value)), wait);
    }),
});
