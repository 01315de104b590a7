/** The faults of a simulated cluster. */
export type FaultKind =
  | "late"
  | "late answer"
  | "sent again"
  | "cut"
  | "kill"
  | "kill after"
  | "terminate"
  | "clock";

/** A fault in a request to the store, or in a task for a worker. */
export interface Fault {
  /** The number of the request, counted over all processes. */
  readonly at: number;
  readonly kind: FaultKind;
  /** The duration, in milliseconds of the run's clock. */
  readonly millis: number;
}

/** A clock is set back by this multiple of the duration of its fault. */
export const clockSteps = 100;

const lasting = new Set<FaultKind>(["late", "late answer", "cut"]);

/** A fault as the report of a violation shows it. */
export const textOf = ({ kind, millis }: Fault): string =>
  kind === "clock"
    ? `its clock is set back by ${clockSteps * millis} ms`
    : lasting.has(kind)
      ? `${kind}, ${millis} ms`
      : kind;
