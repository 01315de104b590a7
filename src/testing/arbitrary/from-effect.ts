/**
 * Values that an Effect Schema accepts. Effect's own arbitraries support every schema and every check; fast-check draws the
 * seeds, and shrinks the results as far as the schema allows.
 */
import * as Arbitrary from "effect/Arbitrary";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import * as Schema from "effect/Schema";
import * as fc from "fast-check";
import { smaller } from "./smaller.ts";

class FromEffect extends fc.Arbitrary<unknown> {
  readonly #values: Arbitrary.Arbitrary<unknown>;
  readonly #encode: (value: unknown) => unknown;
  readonly #fits: (value: unknown) => boolean;

  constructor(schema: Schema.Codec<unknown, unknown>) {
    super();
    this.#values = Arbitrary.schema(schema);
    this.#encode = Schema.encodeUnknownSync(schema);
    // An unknown key would be dropped by the schema: no caller would send it.
    const decode = Schema.decodeUnknownExit(schema, { onExcessProperty: "error" });
    this.#fits = (value) => Exit.isSuccess(decode(value));
  }

  override generate(random: fc.Random): fc.Value<unknown> {
    // Small values as often as large ones: most faults need only small ones.
    const size = random.nextInt(0, 20);
    const seed = random.nextInt(0, 2 ** 31 - 1);
    const [value] = Effect.runSync(Arbitrary.sampleEffect(this.#values, { count: 1, seed, size }));
    return new fc.Value(this.#encode(value), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is unknown {
    return this.#fits(value);
  }

  override shrink(value: unknown): fc.Stream<fc.Value<unknown>> {
    const fits = this.#fits;
    const candidates = function* (): IterableIterator<fc.Value<unknown>> {
      for (const less of smaller(value)) if (fits(less)) yield new fc.Value(less, undefined);
    };
    return fc.stream(candidates());
  }
}

export const fromEffect = (schema: Schema.Codec<unknown, unknown>): fc.Arbitrary<unknown> =>
  new FromEffect(schema);
