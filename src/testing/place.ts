/**
 * Where code runs: in which run of a check, and for which step. The place follows the code through every `await`, so two
 * checks at the same time never see each other's clock, and whatever a step leaves behind is known by the step's path.
 */
import type { AsyncLocalStorage } from "node:async_hooks";

/** What the code of a run finds instead of the machine's clock, chance, environment and timers. */
export interface Surroundings {
  /** The run has ended: whatever continues of it finds the machine's own surroundings again. */
  readonly isOver: boolean;
  /** Milliseconds since 1970, as `Date.now` returns them. */
  readonly now: () => number;
  /** As `Math.random`. */
  readonly random: () => number;
  /** What a function that expands reads of an environment variable. */
  readonly env: (name: string, real: string | undefined) => string | undefined;
  readonly setTimer: (request: TimerRequest) => RunTimer;
  /** Called instead of `process.exit`. */
  readonly exited: (code: unknown, path: string | undefined) => void;
  /** A promise was rejected, or an exception thrown, and nothing handled it. */
  readonly unhandled: (problem: Unhandled) => void;
  /** Whether the run reports what is unhandled; otherwise the process does, as outside of a check. */
  readonly keepsUnhandled: boolean;
  /** The machine has begun to work for the run: a file is read, a socket opened. */
  readonly began: (id: number, work: MachineWork) => void;
  readonly ended: (id: number) => void;
}

export interface Unhandled {
  readonly kind: "rejection" | "exception";
  readonly reason: unknown;
  readonly path: string | undefined;
}

export interface TimerRequest {
  readonly run: () => void;
  readonly millis: number;
  readonly repeats: boolean;
  readonly path: string | undefined;
}

/** A timer of a run, which goes by the clock of that run. */
export interface RunTimer {
  readonly millis: number;
  readonly repeats: boolean;
  readonly path: string | undefined;
  isRef: boolean;
  readonly cancel: () => void;
  /** Starts again from now. */
  readonly restart: () => void;
}

/** Work that only real time ends. */
export interface MachineWork {
  /** As Node names it: `FSREQPROMISE`, `TCPWRAP`. */
  readonly type: string;
  readonly path: string | undefined;
  /** Node's own object for it. A timer says there whether it keeps the process running. */
  readonly resource: object;
}

export interface Place {
  readonly surroundings: Surroundings;
  readonly path?: string | undefined;
  /** Whether the function that runs here may expand. */
  readonly expands?: boolean | undefined;
}

/** Undefined where there is no Node: nothing is controlled there, and real time is waited for. */
const storage: AsyncLocalStorage<Place | undefined> | undefined = (() => {
  const hooks = globalThis.process?.getBuiltinModule?.("node:async_hooks");
  return hooks === undefined ? undefined : new hooks.AsyncLocalStorage<Place | undefined>();
})();

/** Also of a run that has ended. */
export const originNow = (): Place | undefined => storage?.getStore();

/** The place in a run that is under way. */
export const placeNow = (): Place | undefined => {
  const place = storage?.getStore();
  return place === undefined || place.surroundings.isOver ? undefined : place;
};

export const within = <Value>(place: Place | undefined, run: () => Value): Value =>
  storage === undefined ? run() : storage.run(place, run);

/** Calls it outside of every run: for what a check does on its own account. */
export const outside = <Value>(run: () => Value): Value => within(undefined, run);
