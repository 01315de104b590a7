/**
 * A store that can keep all of its runs from starting more steps, and then release them when they are interrupted. Steps
 * that are running continue, and are recorded. It knows which runs have recorded an output here.
 */
import * as Effect from "effect/Effect";
import { isOutcome } from "../journal/records.ts";
import type { Claim, Journal, StoreService } from "../journal/store.ts";
import type { Writable } from "../values/writable.ts";

export interface Drainable {
  readonly service: StoreService;
  /** Which claim of a run this process holds; undefined: none. */
  readonly epochOf: (runId: string) => number | undefined;
  readonly drain: () => void;
  readonly release: () => void;
  /** Has a step of this run been recorded since the run was claimed here? */
  readonly hasRecorded: (runId: string) => boolean;
}

export const drainable = (store: StoreService): Drainable => {
  let isDraining = false;
  let isReleasing = false;
  const journals = new Set<Journal>();
  const epochs = new Map<string, number>();
  const recorded = new Set<string>();
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
      recorded.delete(runId);
      end(...ended);
    };
    recorded.delete(runId);
    const append = journal.append.bind(journal);
    journal.append = (entry, done) => {
      if (!isOutcome(entry)) return append(entry, done);
      // One recorded output is enough.
      journal.append = append;
      append(entry, () => {
        recorded.add(runId);
        done?.();
      });
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
    hasRecorded: (runId) => recorded.has(runId),
    drain: () => void (isDraining = true),
    release: () => {
      isReleasing = true;
      for (const journal of journals) journal.releases = true;
    },
  };
};
