/** A store whose runs can be told to start no more steps, all at once: what runs goes on, and is recorded. */
import * as Effect from "effect/Effect";
import type { Claim, Journal, StoreService } from "../journal/store.ts";

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

export const drainable = (
  store: StoreService,
): { readonly service: StoreService; readonly drain: () => void } => {
  let isDraining = false;
  const blocking = (claim: Claim): Claim => {
    if ("journal" in claim) {
      const journal = claim.journal as Writable<Journal>;
      const isBlocked = journal.isBlocked.bind(journal);
      journal.isBlocked = () => isDraining || isBlocked();
    }
    return claim;
  };
  const claim: StoreService["claim"] = (runId, run) => Effect.map(store.claim(runId, run), blocking);
  // All else is the store itself, whatever it has beside the seam.
  const service = new Proxy(store, {
    get: (target, key) => {
      if (key === "claim") return claim;
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  return { service, drain: () => void (isDraining = true) };
};
