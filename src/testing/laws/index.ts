/** All laws, in the order in which they are checked: a later one often finds a fault that an earlier one names. */
import type { Law } from "../law.ts";
import { bounded } from "./bounded.ts";
import { cacheTransparent } from "./cache-transparent.ts";
import { clusterSafe } from "./cluster-safe.ts";
import { crashSafe } from "./crash-safe.ts";
import { deterministic } from "./deterministic.ts";
import { expect } from "./expect.ts";
import { exposes } from "./exposes.ts";
import { inlines } from "./inlines.ts";
import { interruptSafe } from "./interrupt-safe.ts";
import { leavesNothing } from "./leaves-nothing.ts";
import { monotone } from "./monotone.ts";
import { orderIndependent } from "./order-independent.ts";
import { pure } from "./pure.ts";
import { repeatable } from "./repeatable.ts";
import { retryIdempotent } from "./retry-idempotent.ts";
import { signalSafe } from "./signal-safe.ts";
import { stable } from "./stable.ts";
import { succeeds } from "./succeeds.ts";
import { wellFormed } from "./well-formed.ts";

export const laws: Readonly<Record<LawName, Law>> = {
  bounded,
  repeatable,
  wellFormed,
  exposes,
  succeeds,
  leavesNothing,
  expect,
  deterministic,
  pure,
  inlines,
  orderIndependent,
  retryIdempotent,
  interruptSafe,
  crashSafe,
  cacheTransparent,
  signalSafe,
  clusterSafe,
  monotone,
  stable,
};

/**
 * A law that an expansion can be checked against.
 *
 * @public
 */
export type LawName =
  | "bounded"
  | "repeatable"
  | "wellFormed"
  | "exposes"
  | "succeeds"
  | "leavesNothing"
  | "expect"
  | "deterministic"
  | "pure"
  | "inlines"
  | "orderIndependent"
  | "retryIdempotent"
  | "interruptSafe"
  | "crashSafe"
  | "cacheTransparent"
  | "signalSafe"
  | "clusterSafe"
  | "monotone"
  | "stable";

/**
 * The laws that are checked by default. `expect` is one of them if the option is given.
 *
 * @public
 */
export const defaultLaws: ReadonlyArray<LawName> = [
  "bounded",
  "repeatable",
  "wellFormed",
  "exposes",
  "succeeds",
  "leavesNothing",
  "deterministic",
  "pure",
  "inlines",
  "orderIndependent",
  "retryIdempotent",
  "interruptSafe",
];
