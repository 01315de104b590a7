/** Shared by the laws about recorded runs: a subject in a store of its own, and the points at which it may crash. */
import * as Cause from "effect/Cause";
import * as Exit from "effect/Exit";
import { OutputNotEncodable } from "../errors.ts";
import { isAtOrUnderAny } from "../path.ts";
import type { Broken, Verdict } from "./law.ts";
import { broken, settled } from "./law.ts";
import { MemoryStore } from "./memory-store.ts";
import type { Given, Observed, ObserveOptions, Subject } from "./observe.ts";
import { observe, observedRun } from "./observe.ts";
import { randomOf } from "./random.ts";

/** Active runs are identified by the names of their stores, so each check needs its own. */
let stores = 0;

export const newStore = (): MemoryStore => new MemoryStore(`check ${++stores}`);

export const withStore = (subject: Subject, store: MemoryStore): Subject => ({
  ...subject,
  options: { ...subject.options, store: store.layer },
});

/** A value that cannot be recorded can be neither resumed nor cached. */
export const refusalOf = (observed: Observed): Broken | undefined => {
  const { ended, plan } = observed;
  if ("stuck" in ended || Exit.isSuccess(ended.exit)) return undefined;
  const error = Cause.squash(ended.exit.cause);
  if (!(error instanceof OutputNotEncodable)) return undefined;
  return broken("each output can be recorded", error.message, { path: error.path, plan });
};

/** The writes to crash at: all if there are at most `most`, otherwise that many drawn ones. */
export const pointsOf = (writes: number, most: number, seed: number): ReadonlyArray<number> => {
  if (writes <= most) return Array.from({ length: writes }, (_, i) => i + 1);
  const next = randomOf(seed);
  return Array.from({ length: most }, () => 1 + Math.floor(next() * writes));
};

export interface Crashed {
  /** The run up to the crash. */
  readonly before: Observed;
  /** The paths recorded by then. */
  readonly recorded: ReadonlySet<string>;
}

/** Runs the subject until the process crashes right after a write, or to its end if it makes fewer writes. */
export const crashedAt = async (
  subject: Subject,
  given: Given,
  store: MemoryStore,
  point: number,
  options: ObserveOptions = {},
): Promise<Crashed> => {
  let crash = (): void => {};
  store.crashAfter(point, () => crash());
  const before = await observe(withStore(subject, store), given, {
    ...options,
    onBegin: (_, interrupt) => {
      crash = () => queueMicrotask(interrupt);
    },
  });
  store.restart();
  return { before, recorded: store.recorded(observedRun) };
};

/** Resumes a crashed run, and checks that no recorded step ran again. */
export const resumed = async (
  subject: Subject,
  given: Given,
  store: MemoryStore,
  { recorded }: Crashed,
  where: string,
  options: ObserveOptions = {},
): Promise<{ readonly after: Observed; readonly verdict: Verdict | undefined }> => {
  const after = await settled(withStore(subject, store), given, options);
  // Steps inside a retried step run again, whatever was recorded of the earlier attempt.
  const retried = new Set(
    after.events.flatMap((event) => (event.type === "step.retried" ? [event.path] : [])),
  );
  const again = after.calls.find((path) => recorded.has(path) && !isAtOrUnderAny(path, retried));
  const verdict =
    again === undefined
      ? undefined
      : broken("no recorded step runs again", `${where}, "${again}" ran again`, {
          path: again,
          plan: after.plan,
        });
  return { after, verdict };
};
