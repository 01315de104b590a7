/**
 * Paths: where a step is in a run. The only module that writes or reads the text of one.
 *
 * `train/fit[3]/score` is the step `score` of the sub-pipeline that item 3 of the map `fit` returned, in the sub-pipeline
 * of `train`. The empty path is the run itself. Names and item keys contain none of `/ [ ]`, so a path is
 * unambiguous, except that a pipeline added with `.add` puts its name in front of the steps it hides: in `load/parse`, `load` may
 * be a dynamic step or such a pipeline. Only the plan distinguishes them, so it is used to compute depth.
 */

/** The prefix of the paths of all steps beneath a path. */
export const prefixOf = (path: string): string => (path === "" ? "" : `${path}/`);

/** The path of a step beneath `path`. */
export const child = (path: string, step: string): string => prefixOf(path) + step;

/** The path of an item of the map at `path`. */
export const item = (path: string, key: string | number): string => path + itemLabel(key);

/** An item as it is shown beneath its map: `[3]`. */
export const itemLabel = (key: string | number): string => `[${key}]`;

export const isItem = (path: string): boolean => path.endsWith("]");

/** Is a path an item, or beneath one? */
export const isWithinItem = (path: string): boolean => path.includes("[");

/** The step that a path belongs to: for an item, its map. */
export const stepOf = (path: string): string => (isItem(path) ? path.slice(0, path.lastIndexOf("[")) : path);

/** The key of an item; undefined for a step. */
export const keyOf = (path: string): string | undefined =>
  isItem(path) ? path.slice(path.lastIndexOf("[") + 1, -1) : undefined;

/** The parent path: an item's map, or the path that a step is beneath; empty at the top. */
export const parentOf = (path: string): string =>
  isItem(path) ? stepOf(path) : path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** The last part of a path: a step's name, or an item as `[3]`. */
export const lastOf = (path: string): string => {
  const key = keyOf(path);
  return key === undefined ? path.slice(path.lastIndexOf("/") + 1) : itemLabel(key);
};

/** Is a step, or the map of an item, at the top of its run or graph? */
export const isAtTop = (path: string): boolean => !path.includes("/");

/** Is `path` the same as `ancestor`, or anywhere beneath it? */
export const isAtOrUnder = (path: string, ancestor: string): boolean => {
  if (ancestor === "") return true;
  if (!path.startsWith(ancestor)) return false;
  const next = path[ancestor.length];
  return next === undefined || next === "/" || next === "[";
};

/** Is `path` at or beneath one of these? */
export const isAtOrUnderAny = (
  path: string,
  ancestors: { readonly has: (path: string) => boolean },
): boolean => {
  for (let at: string = path; at !== ""; at = parentOf(at)) if (ancestors.has(at)) return true;
  return ancestors.has("");
};

/** The part of a path that follows its `ancestor`, such as `fit[3]/score` beneath `train`. */
export const relativeTo = (path: string, ancestor: string): string => path.slice(prefixOf(ancestor).length);

/** If `path` is beneath the map at `map`: the item that it is at or beneath. */
export const itemAbove = (path: string, map: string): string | undefined => {
  if (!path.startsWith(`${map}[`)) return undefined;
  const close = path.indexOf("]", map.length);
  return close === -1 ? undefined : path.slice(0, close + 1);
};

/** The number of expansions above a path: `isExpansion` says which paths became a graph, according to the plan. */
export const depthOf = (path: string, isExpansion: (path: string) => boolean): number => {
  let depth = 0;
  for (let at = parentOf(path); at !== ""; at = parentOf(at)) if (isExpansion(at)) depth++;
  return depth;
};

/** A path without the keys of items: the same for all items of a map. */
export const staticPathOf = (path: string): string => path.replaceAll(/\[[^\]]*\]/g, "");

/** The last part of a path, the same for all items of a map: `fit[]`. */
export const groupOf = (path: string): string => (isItem(path) ? `${lastOf(stepOf(path))}[]` : lastOf(path));

/** Names the compensation of one step of one run. No path contains a `*`. */
export const compensationOf = (address: string): string => `${address}*compensate`;

/** Names one step of one run. A run id contains no `/`, so the result is unambiguous. */
export const addressOf = (runId: string, path: string): string => `${runId}/${path}`;
