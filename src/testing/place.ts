/**
 * The place where code runs: the run of a check, and the step. It follows the code through every `await`, so
 * concurrent checks never see each other's clock, and everything that a step leaves behind is known by the step's path.
 */
import type { AsyncLocalStorage } from "node:async_hooks";

/** Replaces the machine's clock, random numbers, environment and timers for the code of a run. */
export interface Surroundings {
  /** The run has ended: code that continues uses the machine's own surroundings again. */
  readonly isOver: boolean;
  /** Milliseconds since 1970, as `Date.now` returns them. */
  readonly now: () => number;
  /** As `Math.random`. */
  readonly random: () => number;
  /** The value that a function that expands reads for an environment variable. */
  readonly env: (name: string, real: string | undefined) => string | undefined;
  readonly setTimer: (request: TimerRequest) => RunTimer;
  /** Called instead of `process.exit`. */
  readonly exited: (code: unknown, path: string | undefined) => void;
  /** Receives unhandled rejections and exceptions. */
  readonly unhandled: (problem: Unhandled) => void;
  /** Whether the run reports unhandled errors; otherwise the process does, as outside a check. */
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

/** A timer of a run, which uses the clock of that run. */
export interface RunTimer {
  readonly millis: number;
  readonly repeats: boolean;
  readonly path: string | undefined;
  isRef: boolean;
  readonly cancel: () => void;
  /** Starts again from now. */
  readonly restart: () => void;
}

/** Work that ends only in real time. */
export interface MachineWork {
  /** Node's name for it: `FSREQPROMISE`, `TCPWRAP`. */
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

/** Undefined without Node: nothing is controlled there, and waiting takes real time. */
const storage: AsyncLocalStorage<Place | undefined> | undefined = (() => {
  const hooks = globalThis.process?.getBuiltinModule?.("node:async_hooks");
  return hooks === undefined ? undefined : new hooks.AsyncLocalStorage<Place | undefined>();
})();

/** The place where the code started, even if its run has ended. */
export const originNow = (): Place | undefined => storage?.getStore();

/** The current place, if its run is active. */
export const placeNow = (): Place | undefined => {
  const place = storage?.getStore();
  return place === undefined || place.surroundings.isOver ? undefined : place;
};

export const within = <Value>(place: Place | undefined, run: () => Value): Value =>
  storage === undefined ? run() : storage.run(place, run);

/** Calls a function outside every run, for the check's own work. */
export const outside = <Value>(run: () => Value): Value => within(undefined, run);
