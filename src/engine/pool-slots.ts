/**
 * The room of pools: which of the engine's nodes hold a slot. It delegates to `Pools` for every run that has
 * any; a run whose steps name no pool creates none.
 */
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import type { Core, PoolRoom } from "./core.ts";
import type { Frame } from "./frame.ts";
import type { PoolUse } from "./pool-names.ts";
import { PoolNames } from "./pool-names.ts";
import { Pools } from "./pools.ts";

export class PoolSlots implements PoolRoom {
  readonly #core: Core;
  #names: PoolNames | undefined;
  /** Created for the first graph whose steps name one. */
  #pools: Pools | undefined;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The number of nodes that wait for a slot. */
  get waiting(): number {
    return this.#pools?.waiting ?? 0;
  }

  admit(uses: ReadonlyArray<PoolUse>): string | undefined {
    const core = this.#core;
    this.#names ??= new PoolNames(core.limits.pools);
    const problem = this.#names.admit(uses);
    if (problem !== undefined) return problem;
    this.#pools ??= new Pools(
      {
        clock: core.clock,
        drain: () => core.drain(),
        fork: (effect) => core.fork(effect),
        onStart: (pool, path) => core.journal?.noteStart(pool, path),
        pastStarts: (pool) => core.journal?.pastStarts(pool) ?? [],
      },
      core.limits.pools,
    );
    for (const { pool } of uses) if (typeof pool !== "string") this.#pools.meet(pool);
    return undefined;
  }

  /** A node without a policy is about to start. Returns false if it must wait for a slot. */
  mayStart(frame: Frame, index: number): boolean {
    const pool = frame.poolOf(index);
    // Attempts take their own slots, and recorded nodes do not run.
    if (pool === undefined || frame.policyOf(index) !== undefined) return true;
    if (this.#core.journal?.isRecorded(frame, index) === true) return true;
    if (!this.take(frame, index, pool, () => this.#core.push(frame, index))) return false;
    this.started(frame, index);
    return true;
  }

  take(frame: Frame, index: number, pool: string, wake: () => void): boolean {
    return this.#pools!.take(frame, index, pool, wake);
  }

  started(frame: Frame, index: number): void {
    this.#pools?.started(frame, index);
  }

  giveBack(frame: Frame, index: number): void {
    this.#pools?.giveBack(frame, index);
  }

  leave(frame: Frame, index: number, pool: string): void {
    this.#pools!.leave(frame, index, pool);
  }

  /** The run has ended. */
  close(exit: Exit.Exit<unknown, unknown>): void {
    this.#pools?.close();
    const { pools } = this.#core.limits;
    if (Exit.isFailure(exit) || (this.#names === undefined && Object.keys(pools).length === 0)) return;
    const names = this.#names ?? new PoolNames(pools);
    for (const warning of names.warnings()) this.#core.fork(Effect.logWarning(warning));
  }
}
