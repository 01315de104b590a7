/**
 * The cached computations that are under way in this process: one at a time for each key, while others wait for it. A
 * computation may be nested in another, so a wait could close a cycle; then it does not wait.
 */
import * as Effect from "effect/Effect";
import { addressOf, parentOf } from "../path.ts";
import type { StoreService } from "./store.ts";

/** The computation of a key, by a step of a run. */
interface Flight {
  readonly waiters: Set<() => void>;
  /** The flights that steps within it wait for. */
  readonly waitsFor: Set<Flight>;
}

/** The flights of one store, by key and by the address of their step. */
interface UnderWay {
  readonly byKey: Map<string, Flight>;
  readonly byStep: Map<string, Flight>;
}

const underWay = new WeakMap<StoreService, UnderWay>();

export class Flights {
  readonly #byKey: UnderWay["byKey"];
  readonly #byStep: UnderWay["byStep"];

  constructor(store: StoreService) {
    let flights = underWay.get(store);
    if (flights === undefined) {
      flights = { byKey: new Map(), byStep: new Map() };
      underWay.set(store, flights);
    }
    this.#byKey = flights.byKey;
    this.#byStep = flights.byStep;
  }

  has(id: string): boolean {
    return this.#byKey.has(id);
  }

  /** Is a step within the computation of another key? */
  isNested(runId: string, path: string): boolean {
    return this.#around(runId, path).length > 0;
  }

  /** Would the computation of the key never end if this step waited for it? */
  closesCircle(id: string, runId: string, path: string): boolean {
    const around = new Set(this.#around(runId, path));
    const stack = [this.#byKey.get(id)];
    const seen = new Set<Flight>();
    for (let flight = stack.pop(); flight !== undefined; flight = stack.pop()) {
      if (around.has(flight)) return true;
      if (seen.has(flight)) continue;
      seen.add(flight);
      stack.push(...flight.waitsFor);
    }
    return false;
  }

  /** Done once the computation of the key has ended. */
  landing(id: string, runId: string, path: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const flight = this.#byKey.get(id);
      if (flight === undefined) return Effect.void;
      const around = this.#around(runId, path);
      for (const outer of around) outer.waitsFor.add(flight);
      const landed = Effect.callback<void>((resume) => {
        const wake = (): void => resume(Effect.void);
        flight.waiters.add(wake);
        return Effect.sync(() => flight.waiters.delete(wake));
      });
      return Effect.ensuring(
        landed,
        Effect.sync(() => {
          for (const outer of around) outer.waitsFor.delete(flight);
        }),
      );
    });
  }

  /** Runs a computation as that of the key. */
  during<A, E>(id: string, runId: string, path: string, compute: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.suspend(() => {
      const flight: Flight = { waiters: new Set(), waitsFor: new Set() };
      const address = addressOf(runId, path);
      this.#byKey.set(id, flight);
      this.#byStep.set(address, flight);
      return Effect.ensuring(
        compute,
        Effect.sync(() => {
          this.#byKey.delete(id);
          this.#byStep.delete(address);
          for (const wake of Array.from(flight.waiters)) wake();
        }),
      );
    });
  }

  /** The flights of the step and of the steps above it. */
  #around(runId: string, path: string): ReadonlyArray<Flight> {
    const around: Array<Flight> = [];
    for (let at = path; at !== ""; at = parentOf(at)) {
      const flight = this.#byStep.get(addressOf(runId, at));
      if (flight !== undefined) around.push(flight);
    }
    return around;
  }
}
