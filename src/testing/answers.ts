/**
 * The values that a check sends to steps that wait for one from outside: values that their schema accepts, or those of the
 * option `answers`. Each input has its own values, the same each time it is used.
 */
import * as fc from "fast-check";
import type { StepCall } from "../engine/executor.ts";
import type { StepDefinition } from "../graph/definition.ts";
import { describe } from "../values/describe.ts";
import { isUnchecked } from "../values/schema.ts";
import { fromSchema } from "./arbitrary/from-schema.ts";
import { Obstacle } from "./law.ts";
import type { Given, WaitAnswers } from "./observe.ts";
import { hashOf, seedFor } from "./random.ts";
import { textOf } from "./words.ts";

/** For a step whose type only the compiler knows. */
const anything: fc.Arbitrary<unknown> = fc.nat().map((n) => `answer ${n}`);

export class Answers implements WaitAnswers {
  readonly #own: Readonly<Record<string, fc.Arbitrary<unknown>>>;
  readonly #mocked: ReadonlySet<string>;
  readonly #seed: number;
  readonly #drawn = new WeakMap<object, fc.Arbitrary<unknown>>();

  /** `mocked`: the names of replaced steps, which do not wait. */
  constructor(
    own: Readonly<Record<string, fc.Arbitrary<unknown>>>,
    mocked: ReadonlyArray<string>,
    seed: number,
  ) {
    this.#own = own;
    this.#mocked = new Set(mocked);
    this.#seed = seed;
  }

  isFor({ definition }: StepCall): boolean {
    return definition.kind === "await" && !this.#mocked.has(definition.name);
  }

  of(given: Given, { definition, path }: StepCall, nth = 0): unknown {
    const seed = seedFor(seedFor(this.#seed, hashOf(textOf(given))), hashOf(path));
    return fc.sample(this.#arbitraryFor(definition), { seed, numRuns: nth + 1 })[nth];
  }

  #arbitraryFor({ name, options }: StepDefinition): fc.Arbitrary<unknown> {
    if (Object.hasOwn(this.#own, name)) return this.#own[name]!;
    const schema: unknown = options.output;
    if (isUnchecked(schema)) return anything;
    let drawn = this.#drawn.get(schema as object);
    if (drawn === undefined) {
      try {
        drawn = fromSchema(schema as never) as fc.Arbitrary<unknown>;
      } catch (error) {
        throw new Obstacle(
          `"${name}" waits for a value, and no values can be generated from its schema: ${describe(error)} Give an arbitrary of them: answers: { ${JSON.stringify(name)}: … }.`,
        );
      }
      this.#drawn.set(schema as object, drawn);
    }
    return drawn;
  }
}
