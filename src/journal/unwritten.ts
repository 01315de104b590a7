/** The journal of a run that is only read: it accepts everything and keeps nothing. */
import * as Effect from "effect/Effect";
import type { Journal } from "./store.ts";

export const unwritten = (): Journal => ({
  epoch: 0,
  append: (_entry, done) => done?.(),
  tell: () => {},
  end: (_status, _error, _time, done) => done(undefined),
  giveBack: () => Effect.void,
  isBlocked: () => false,
  releases: false,
  onCommit: () => {},
  onTrouble: () => {},
  onLost: () => {},
  onMessage: undefined,
  receive: () => Promise.resolve(),
});
