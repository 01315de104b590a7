/**
 * Random pipelines as plain data. A node reads earlier nodes only, so every shape is well-formed, and whatever is left
 * of it when it shrinks is, too.
 */

/**
 * How a step of a random pipeline gives its value.
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
   * A pair is a step with two outputs; a list returns up to three items, which later maps run over. A loop takes a few
   * turns, a race has one contender that succeeds and one that fails, and a `when` has one step under its condition. An
   * `enough` is a map that asks for as many items as succeed, with others that fail. Before the step of a `finally` or a
   * `sleep` there is one of that kind. In some pipelines every second step says how it is undone.
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
  /** Where among the earlier nodes its reads are, as fractions. */
  readonly reads: ReadonlyArray<number>;
  /** How its function gives its value. */
  readonly style: ShapeStyle;
  /** What makes its function another one. */
  readonly salt: number;
  /** What it may expand to, by what it reads. None: a direct value. */
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

/** An order-sensitive digest of all that a step read: a wrong wire shows. */
export const digest = (salt: number, values: ReadonlyArray<unknown>): number => {
  let hash = salt | 0;
  for (const character of JSON.stringify(values)) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) | 0;
  return hash;
};

/** Names differ from depth to depth, since a sub-pipeline has names of its own and those that it is given. */
export const nameOf = (depth: number, index: number): string =>
  `${String.fromCharCode(97 + (depth % 26))}${index}`;

/** The names that node `index` reads, in order, without repetitions. The first node reads what its pipeline is given. */
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

/** The list that a map runs over: the nearest earlier node that gives one. */
export const listBefore = (shape: Shape, depth: number, index: number): string | undefined => {
  for (let i = index - 1; i >= 0; i--) if (isListed(kindOf(shape, i))) return nameOf(depth, i);
  return undefined;
};

/** What a node is: a map without a list before it is a step. */
export const kindOf = (shape: Shape, index: number): ShapeNode["kind"] => {
  const { kind } = shape.nodes[index]!;
  if (kind !== "map") return kind;
  // The first list before it decides: everything between them that calls itself a map is one.
  return shape.nodes.slice(0, index).some((node) => node.kind === "list") ? "map" : "step";
};

/** One of the choices, or none. */
export const choose = <Choice>(choices: ReadonlyArray<Choice>, by: number): Choice | undefined =>
  choices.length === 0 ? undefined : choices[Math.abs(by) % (choices.length + 1)];

/** Does a loop end with this state? It does with every second one, mixed since digests in a row may all be odd. */
export const isLastState = (state: number): boolean => Math.imul(state, 0x9e3779b1) < 0;

/** What the contenders of a race are named. */
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

/** Does an item of a map win, or a contender? */
export const isWinner = (key: string): boolean => key.startsWith(contender.wins);

/** Is it the path of a contender or an item that fails? */
export const isLoser = (path: string): boolean => /\[fails\d*\]$/.test(path);

/** Would the failure of this step stay within what it is in: a race, a map that asks for enough, or a step that runs finally? */
export const isKept = (path: string): boolean => /\[wins\d*\]/.test(path) || isFinal(path);

/** Is it the path of a step that runs finally? */
export const isFinal = (path: string): boolean => /\d+f$/.test(path);

/** Two steps come before that of a `when` node: its condition, and the step that runs if it holds. */
export const partsOfWhen = (name: string): { readonly condition: string; readonly guarded: string } => ({
  condition: `${name}c`,
  guarded: `${name}w`,
});

/** The step that comes before that of a `finally`, a `sleep` or an `enough` node: of that kind, or the list of the items. */
export const before = (name: string, kind: "finally" | "sleep" | "enough"): string =>
  `${name}${kind === "finally" ? "f" : kind === "sleep" ? "s" : "l"}`;

/** Is a step of this kind undone, where its run asks for it? */
export const isUndone = (shape: Shape, { salt }: ShapeNode): boolean =>
  shape.nodes[0]!.salt % 3 === 1 && salt % 2 === 1;

/** What a list gives: up to three items. */
export const listOf = (seed: number): ReadonlyArray<number> =>
  Array.from({ length: Math.abs(seed) % 4 }, (_, i) => digest(seed, [i]));
