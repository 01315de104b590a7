/**
 * Draws values that contain near-duplicates: ids that differ in case, blanks, normal form or
 * type (`1` and `"1"`), two people with one name, one item in two lists. Names built from them collide, which independent draws rarely do.
 */
import * as fc from "fast-check";
import { copied } from "../values.ts";
import { textOf } from "../words.ts";
import { smaller } from "./smaller.ts";

const isRecord = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** The ways in which real data contains near-duplicates. */
const twinsOfString = (text: string): ReadonlyArray<unknown> => {
  const first = text.charAt(0);
  const capital = (first === first.toUpperCase() ? first.toLowerCase() : first.toUpperCase()) + text.slice(1);
  const made = [
    capital,
    text.toUpperCase(),
    text.toLowerCase(),
    `${text} `,
    ` ${text}`,
    text.trim(),
    text.normalize("NFD"),
    text.normalize("NFC"),
    text.normalize("NFKC"),
    text.replaceAll("_", "-"),
    text.replaceAll("-", "_"),
    text.replaceAll(" ", "_"),
    text.replaceAll(/[^A-Za-z0-9]/g, ""),
    `${text}.0`,
    `0${text}`,
    text + text.slice(-1),
  ].filter((twin) => twin !== text);
  const asNumber = Number(text);
  return text.trim() !== "" && Number.isFinite(asNumber) && String(asNumber) === text
    ? [asNumber, ...made]
    : made;
};

const twinsOf = (value: unknown): ReadonlyArray<unknown> => {
  switch (typeof value) {
    case "string":
      return twinsOfString(value);
    case "number":
      return [String(value), value + 1e-9, -value, Math.round(value)].filter(
        (twin) => !Object.is(twin, value),
      );
    case "boolean":
    case "bigint":
      return [String(value)];
    default:
      return value === null || value === undefined ? [String(value)] : [];
  }
};

/** A value as it would appear in a name, such as a file name or a user name: values that look alike are confusable. */
const nameOf = (value: unknown): string =>
  String(value)
    .replace(/^.*\/(?=.)|(?<=.)@.*$/g, "")
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, "");

const isLeaf = (value: unknown): boolean => typeof value !== "object" || value === null;

/** A copy of the value in which some part gets a twin; undefined if no part can get one. */
const withTwin = (value: unknown, draw: (most: number) => number, keys: boolean): unknown => {
  const made = copied(value);
  const places: Array<() => void> = [];
  const oneOf = <Item>(items: ReadonlyArray<Item>): Item => items[draw(items.length)]!;
  const twinLeaf = (leaf: unknown, put: (twin: unknown) => void): void => {
    const twins = twinsOf(leaf);
    if (twins.length > 0) places.push(() => put(oneOf(twins)));
  };
  const lists: Array<Array<unknown>> = [];
  const visitArray = (items: Array<unknown>): void => {
    lists.push(items);
    for (const item of items) {
      const put = (twin: unknown): void => {
        // Instead of another item, or as an additional one.
        const others = items.flatMap((other, at) => (other === item ? [] : [at]));
        if (others.length > 0 && draw(2) === 0) items[oneOf(others)] = twin;
        else items.splice(draw(items.length + 1), 0, twin);
      };
      if (isLeaf(item)) twinLeaf(item, put);
      else if (isRecord(item)) {
        for (const [key, leaf] of Object.entries(item))
          if (isLeaf(leaf)) {
            twinLeaf(leaf, (twin) => put({ ...copied(item), [key]: twin }));
            shareWithAnother(items, item, key);
          }
      }
    }
  };
  /** Makes two items share one field: two people with one name. */
  const shareWithAnother = (items: Array<unknown>, item: Record<string, unknown>, key: string): void => {
    const others = items.flatMap((other, at) => (isRecord(other) && other[key] !== item[key] ? [at] : []));
    if (others.length === 0) return;
    places.push(() => {
      const at = oneOf(others);
      items[at] = { ...(items[at] as object), [key]: item[key] };
    });
  };
  /** Makes two lists share one item. */
  const shareAmongLists = (): void => {
    for (const from of lists) {
      const others = lists.filter((other) => other !== from);
      if (from.length === 0 || others.length === 0) continue;
      places.push(() => {
        const to = oneOf(others);
        to.splice(draw(to.length + 1), 0, copied(oneOf(from)));
      });
    }
  };
  const visitRecord = (record: Record<string, unknown>): void => {
    const entries = Object.entries(record);
    for (const [key, of] of entries) {
      if (keys)
        twinLeaf(key, (twin) => {
          if (typeof twin === "string" && twin !== "__proto__") record[twin] = copied(of);
        });
      const others = entries.filter(([other, leaf]) => other !== key && isLeaf(leaf));
      if (isLeaf(of) && others.length > 0) {
        twinLeaf(of, (twin) => {
          record[oneOf(others)[0]] = twin;
        });
      }
    }
  };
  const visit = (inner: unknown): void => {
    if (Array.isArray(inner)) {
      visitArray(inner);
      inner.forEach(visit);
    } else if (inner instanceof Set) {
      const members = [...inner];
      for (const member of members) twinLeaf(member, (twin) => inner.add(twin));
      members.forEach(visit);
    } else if (inner instanceof Map) {
      const entries = [...inner];
      for (const [key, of] of entries) {
        twinLeaf(key, (twin) => inner.set(twin, copied(of)));
        visit(of);
      }
    } else if (isRecord(inner)) {
      visitRecord(inner);
      Object.values(inner).forEach(visit);
    }
  };
  visit(made);
  shareAmongLists();
  if (places.length === 0) return undefined;
  oneOf(places)();
  return made;
};

/** Does a list in the value hold two different items that would have the same name? */
const isConfusable = (value: unknown): boolean => {
  const among = (leaves: ReadonlyArray<unknown>): boolean => {
    const byName = new Map<string, string>();
    for (const leaf of leaves) {
      if (!isLeaf(leaf) || typeof leaf === "symbol" || typeof leaf === "function") continue;
      const [name, text] = [nameOf(leaf), textOf(leaf)];
      const before = byName.get(name);
      if (before !== undefined && before !== text) return true;
      byName.set(name, text);
    }
    return false;
  };
  const has = (inner: unknown): boolean => {
    if (typeof inner !== "object" || inner === null) return false;
    if (inner instanceof Map) return among([...inner.keys()]) || [...inner.values()].some(has);
    if (Array.isArray(inner) || inner instanceof Set) {
      const items = [...(inner as Iterable<unknown>)];
      if (among(items)) return true;
      const records = items.filter(isRecord);
      const keys = new Set(records.flatMap((record) => Object.keys(record)));
      for (const key of keys) if (among(records.map((record) => record[key]))) return true;
      return items.some(has);
    }
    return isRecord(inner) && (among(Object.keys(inner)) || Object.values(inner).some(has));
  };
  return has(value);
};

/** The number of attempts to add a twin before the value is used unchanged. */
const attempts = 12;

/** The number of draws in search of a confusable value, if twins cannot be verified as the arbitrary's own values. */
const draws = 40;

export interface ConfusableOptions {
  /** Whether a value is one of the arbitrary's own; by default the arbitrary says so. */
  readonly isOwn?: (value: unknown) => boolean;
  /** Whether records may get further keys that `isOwn` accepts. */
  readonly keys?: boolean;
}

class Confusable<Value> extends fc.Arbitrary<Value> {
  readonly #values: fc.Arbitrary<Value>;
  readonly #isOwn: (value: unknown) => boolean;
  readonly #keys: boolean;

  constructor(values: fc.Arbitrary<Value>, { isOwn, keys = true }: ConfusableOptions) {
    super();
    this.#values = values;
    this.#isOwn = isOwn ?? ((value) => isOwnValue(values, value));
    this.#keys = keys;
  }

  override generate(random: fc.Random, biasFactor: number | undefined): fc.Value<Value> {
    const plain = this.#values.generate(random, biasFactor);
    // Half of the values are drawn without twins.
    if (random.nextInt(0, 1) === 0) return plain;
    const draw = (most: number): number => (most <= 1 ? 0 : random.nextInt(0, most - 1));
    if (this.#isOwn(plain.value_)) {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const twinned = withTwin(plain.value_, draw, this.#keys);
        if (twinned === undefined) return plain;
        if (this.#isOwn(twinned)) return new fc.Value(twinned as Value, undefined);
      }
    }
    for (let drawn = 0; drawn < draws; drawn++) {
      // Small values are alike more often.
      const value = this.#values.generate(random, 2);
      if (isConfusable(value.value_)) return value;
    }
    return plain;
  }

  override canShrinkWithoutContext(value: unknown): value is Value {
    return this.#values.canShrinkWithoutContext(value);
  }

  override shrink(value: Value, context: unknown): fc.Stream<fc.Value<Value>> {
    if (context !== undefined || isOwnValue(this.#values, value)) return this.#values.shrink(value, context);
    const isOwn = this.#isOwn;
    const candidates = function* (): IterableIterator<fc.Value<Value>> {
      for (const less of smaller(value)) if (isOwn(less)) yield new fc.Value(less as Value, undefined);
    };
    return fc.stream(candidates());
  }
}

/**
 * The same values, half of which contain near-duplicates. All of them are values that the
 * arbitrary can draw by itself.
 */
export const confusable = <Value>(
  values: fc.Arbitrary<Value>,
  options: ConfusableOptions = {},
): fc.Arbitrary<Value> => new Confusable(values, options);

const isOwnValue = (values: fc.Arbitrary<unknown>, value: unknown): boolean => {
  try {
    return values.canShrinkWithoutContext(value);
  } catch {
    return false;
  }
};
