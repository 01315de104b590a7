/**
 * Random pipelines as plain data. A node reads only earlier nodes, so every shape is well-formed, and
 * stays so when it shrinks.
 */

/**
 * How a step of a random pipeline returns its value.
 *
 * @public
 */
export type ShapeStyle = "value" | "promise" | "effect" | "sleeping effect";

/**
 * One step of a random pipeline.
 *
 * @public
 */
export interface ShapeNode {
  /**
   * A pair is a step with two outputs; a list returns up to three items, over which later maps run. A loop takes a few
   * turns, a race has one contender that succeeds and one that fails, and a `when` has one step under its condition. An
   * `enough` is a map that requires as many items as succeed, with others that fail. The step of a `finally` or a
   * `sleep` is preceded by one of that kind. In some pipelines, every second step has a compensation.
   */
  readonly kind:
    | "step"
    | "pair"
    | "list"
    | "map"
    | "switch"
    | "dynamic"
    | "loop"
    | "race"
    | "when"
    | "enough"
    | "finally"
    | "sleep";
  /** The positions of its inputs among the earlier nodes, as fractions. */
  readonly reads: ReadonlyArray<number>;
  /** How its function returns its value. */
  readonly style: ShapeStyle;
  /** Makes its function differ from others. */
  readonly salt: number;
  /** Its possible expansions, chosen by its inputs. None: a direct value. */
  readonly subs: ReadonlyArray<Shape>;
}

/**
 * A random pipeline as data.
 *
 * @public
 */
export interface Shape {
  /** Its steps; each reads earlier ones. */
  readonly nodes: ReadonlyArray<ShapeNode>;
}

export type Values = Record<string, unknown>;

/** An order-sensitive digest of all values that a step read, so that wrong wiring shows. */
export const digest = (salt: number, values: ReadonlyArray<unknown>): number => {
  let hash = salt | 0;
  for (const character of JSON.stringify(values)) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  return hash;
};

/** Names differ by depth, since a sub-pipeline has its own names in addition to those of its inputs. */
export const nameOf = (depth: number, index: number): string =>
  `${String.fromCharCode(97 + (depth % 26))}${index}`;

/** The names that node `index` reads, in order, without repetitions. The first node reads the input of its pipeline. */
export const readsOf = (
  node: ShapeNode,
  depth: number,
  index: number,
  given: ReadonlyArray<string>,
): ReadonlyArray<string> =>
  index === 0
    ? given
    : [...new Set(node.reads.map((fraction) => nameOf(depth, Math.floor(fraction * index))))];

const isListed = (kind: ShapeNode["kind"]): boolean => kind === "list" || kind === "map";

/** The list that a map runs over: that of the nearest earlier node that returns one. */
export const listBefore = (shape: Shape, depth: number, index: number): string | undefined => {
  for (let i = index - 1; i >= 0; i--) if (isListed(kindOf(shape, i))) return nameOf(depth, i);
  return undefined;
};

/** The effective kind of a node: a map without an earlier list is a step. */
export const kindOf = (shape: Shape, index: number): ShapeNode["kind"] => {
  const { kind } = shape.nodes[index]!;
  if (kind !== "map") return kind;
  // The nearest earlier list decides: all map nodes after it are maps.
  return shape.nodes.slice(0, index).some((node) => node.kind === "list") ? "map" : "step";
};

/** One of the choices, or none. */
export const choose = <Choice>(choices: ReadonlyArray<Choice>, by: number): Choice | undefined =>
  choices.length === 0 ? undefined : choices[Math.abs(by) % (choices.length + 1)];

/** Does a loop end with this state? Half of all states do; they are mixed since consecutive digests may all be odd. */
export const isLastState = (state: number): boolean => Math.imul(state, 0x9e3779b1) < 0;

/** The names of the contenders of a race. */
export const contender = { wins: "wins", fails: "fails" } as const;

/** The items of an `enough` node, in some order: at least one that succeeds, and up to two that fail. */
export const itemsOfEnough = ({
  salt,
}: ShapeNode): { readonly keys: ReadonlyArray<string>; readonly enough: number } => {
  const enough = 1 + (salt % 3);
  const keys = Array.from({ length: enough + (salt % 4 > 1 ? 2 : salt % 4) }, (_, i) =>
    i < enough ? `${contender.wins}${i}` : `${contender.fails}${i}`,
  );
  const from = salt % keys.length;
  return { keys: [...keys.slice(from), ...keys.slice(0, from)], enough };
};

/** Is this the key of a winning contender or a successful item? */
export const isWinner = (key: string): boolean => key.startsWith(contender.wins);

/** Is this the path of a failing contender or item? */
export const isLoser = (path: string): boolean => /\[fails\d*\]$/.test(path);

/** Is a failure of this step contained: in a race, in a map that requires enough items, or in a step that runs finally? */
export const isKept = (path: string): boolean => /\[wins\d*\]/.test(path) || isFinal(path);

/** Is this the path of a step that runs finally? */
export const isFinal = (path: string): boolean => /\d+f$/.test(path);

/** Two steps come before that of a `when` node: its condition, and the step that runs if it holds. */
export const partsOfWhen = (name: string): { readonly condition: string; readonly guarded: string } => ({
  condition: `${name}c`,
  guarded: `${name}w`,
});

/** The step that comes before that of a `finally`, a `sleep` or an `enough` node: of that kind, or the list of the items. */
export const before = (name: string, kind: "finally" | "sleep" | "enough"): string =>
  `${name}${kind === "finally" ? "f" : kind === "sleep" ? "s" : "l"}`;

/** Does a step of this node have a compensation, if its run requests it? */
export const isUndone = (shape: Shape, { salt }: ShapeNode): boolean =>
  shape.nodes[0]!.salt % 3 === 1 && salt % 2 === 1;

/** The items of a list: up to three. */
export const listOf = (seed: number): ReadonlyArray<number> =>
  Array.from({ length: Math.abs(seed) % 4 }, (_, i) => digest(seed, [i]));
