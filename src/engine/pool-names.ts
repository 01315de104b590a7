/**
 * Compares the pools that the graphs of a run name with those that exist: values in steps, and names in the run's
 * option `pools`. A name that is close to another one is a mistake, reported in one sentence before anything starts; one
 * that is close to none gets a warning when the run has succeeded, since it may have been meant for an expansion.
 */
import type { PoolValue } from "../graph/pool.ts";
import { isSamePool, poolNameOf } from "../graph/pool.ts";
import { didYouMean } from "../values/nearest.ts";

/** A pool that a step of a graph names: one use of each is kept. */
export interface PoolUse {
  readonly step: string;
  readonly pool: string | PoolValue;
}

export class PoolNames {
  readonly #overridden: ReadonlySet<string>;
  readonly #values = new Map<string, PoolValue>();
  /** Names that steps use as strings, with the first step of each. */
  readonly #strings = new Map<string, string>();

  constructor(overrides: Readonly<Record<string, unknown>>) {
    this.#overridden = new Set(Object.keys(overrides));
  }

  /** Adds the pools of a graph. Returns the problem with them, in one sentence, or undefined. */
  admit(uses: ReadonlyArray<PoolUse>): string | undefined {
    for (const { pool, step } of uses) {
      if (typeof pool === "string") {
        if (!this.#strings.has(pool)) this.#strings.set(pool, step);
        continue;
      }
      const known = this.#values.get(pool.name);
      if (known !== undefined && !isSamePool(known, pool)) {
        return `Two pools with the name "${pool.name}" have different limits; step "${step}" uses the second. Create one pool and share it, or rename one.`;
      }
      this.#values.set(pool.name, pool);
    }
    for (const use of uses) {
      const name = poolNameOf(use.pool);
      if (this.#exists(name)) continue;
      const unused = Array.from(this.#overridden).filter((each) => !this.#isUsed(each));
      const meant = didYouMean(name, [...this.#values.keys(), ...unused]);
      if (meant !== "") return `Step "${use.step}" names the pool "${name}", which does not exist.${meant}`;
    }
    return undefined;
  }

  /** A name in the run's `pools` that no step uses, and that is close to one that a step uses. Called once the graph is admitted. */
  misspelt(): { readonly name: string; readonly reason: string } | undefined {
    for (const name of this.#overridden) {
      if (this.#isUsed(name)) continue;
      const used = [...this.#values.keys(), ...this.#strings.keys()];
      const meant = didYouMean(
        name,
        used.filter((each) => !this.#overridden.has(each)),
      );
      if (meant !== "") return { name, reason: `no step has a pool "${name}".${meant}` };
    }
    return undefined;
  }

  /** A sentence for each unused limit and each missing pool. */
  warnings(): ReadonlyArray<string> {
    const unused = Array.from(this.#overridden).filter((name) => !this.#isUsed(name));
    const missing = Array.from(this.#strings).filter(([name]) => !this.#exists(name));
    return [
      ...unused.map((name) => `The run's pools limit "${name}", but no step was in a pool with that name.`),
      ...missing.map(
        ([name, step]) =>
          `Step "${step}" names the pool "${name}", which has no limits: give the run pools: { ${JSON.stringify(name)}: 4 }, or the step a pool("${name}", { concurrency: 4 }).`,
      ),
    ];
  }

  #exists(name: string): boolean {
    return this.#values.has(name) || this.#overridden.has(name);
  }

  #isUsed(name: string): boolean {
    return this.#values.has(name) || this.#strings.has(name);
  }
}
