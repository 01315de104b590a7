/**
 * A store that can keep all of its runs from starting more steps, and then release them when they are interrupted. Steps
 * that are running continue, and are recorded.
 */
import * as Effect from "effect/Effect";
import type { Claim, Journal, StoreService } from "../journal/store.ts";

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

export interface Drainable {
  readonly service: StoreService;
  readonly drain: () => void;
  readonly release: () => void;
}

export const drainable = (store: StoreService): Drainable => {
  let isDraining = false;
  let isReleasing = false;
  const journals = new Set<Journal>();
  const own = (claim: Claim): Claim => {
    if (!("journal" in claim)) return claim;
    const journal = claim.journal as Writable<Journal>;
    const isBlocked = journal.isBlocked.bind(journal);
    const end = journal.end.bind(journal);
    journal.isBlocked = () => isDraining || isBlocked();
    journal.end = (...ended) => {
      journals.delete(journal);
      end(...ended);
    };
    journal.releases = isReleasing;
    journals.add(journal);
    return claim;
  };
  const claim: StoreService["claim"] = (...asked) => Effect.map(store.claim(...asked), own);
  // Everything else is the store itself, including members beyond the interface.
  const service = new Proxy(store, {
    get: (target, key) => {
      if (key === "claim") return claim;
      const member: unknown = Reflect.get(target, key, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  return {
    service,
    drain: () => void (isDraining = true),
    release: () => {
      isReleasing = true;
      for (const journal of journals) journal.releases = true;
    },
  };
};
