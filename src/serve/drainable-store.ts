/**
 * A store that can keep all of its runs from starting more steps, and then release them when they are interrupted. Steps
 * that are running continue, and are recorded.
 */
import * as Effect from "effect/Effect";
import type { Claim, Journal, StoreService } from "../journal/store.ts";

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

export interface Drainable {
  readonly service: StoreService;
  /** Which claim of a run this process holds; undefined: none. */
  readonly epochOf: (runId: string) => number | undefined;
  readonly drain: () => void;
  readonly release: () => void;
}

export const drainable = (store: StoreService): Drainable => {
  let isDraining = false;
  let isReleasing = false;
  const journals = new Set<Journal>();
  const epochs = new Map<string, number>();
  const own = (runId: string, claim: Claim): Claim => {
    if (!("journal" in claim)) return claim;
    const journal = claim.journal as Writable<Journal>;
    const isBlocked = journal.isBlocked.bind(journal);
    const end = journal.end.bind(journal);
    journal.isBlocked = () => isDraining || isBlocked();
    epochs.set(runId, journal.epoch);
    journal.end = (...ended) => {
      journals.delete(journal);
      if (epochs.get(runId) === journal.epoch) epochs.delete(runId);
      end(...ended);
    };
    journal.releases = isReleasing;
    journals.add(journal);
    return claim;
  };
  const claim: StoreService["claim"] = (runId, ...asked) =>
    Effect.map(store.claim(runId, ...asked), (claim) => own(runId, claim));
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
    epochOf: (runId) => epochs.get(runId),
    drain: () => void (isDraining = true),
    release: () => {
      isReleasing = true;
      for (const journal of journals) journal.releases = true;
    },
  };
};
