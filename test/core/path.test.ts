/** Paths have one home, `src/path.ts`: its functions, and a check that no other module handles the text of paths. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/package.ts";
import {
  addressOf,
  child,
  depthOf,
  groupOf,
  isAtOrUnder,
  isAtOrUnderAny,
  item,
  itemAbove,
  keyOf,
  lastOf,
  parentOf,
  relativeTo,
  staticPathOf,
  stepOf,
} from "../../src/path.ts";

describe("a path", () => {
  const path = child(item(child("train", "fit"), 3), "score");

  test("is written from its parts", () => {
    expect(path).toBe("train/fit[3]/score");
    expect(child("", "train")).toBe("train");
    expect(addressOf("run", path)).toBe("run/train/fit[3]/score");
  });

  test("is read part by part", () => {
    const up: Array<string> = [];
    for (let at = path; at !== ""; at = parentOf(at)) up.push(at);
    expect(up).toEqual(["train/fit[3]/score", "train/fit[3]", "train/fit", "train"]);
    expect(up.map(lastOf)).toEqual(["score", "[3]", "fit", "train"]);
    expect(up.map(groupOf)).toEqual(["score", "fit[]", "fit", "train"]);
    expect(up.map(stepOf)).toEqual(["train/fit[3]/score", "train/fit", "train/fit", "train"]);
    expect(up.map(keyOf)).toEqual([undefined, "3", undefined, undefined]);
    expect(itemAbove(path, "train/fit")).toBe("train/fit[3]");
    expect(itemAbove(path, "train")).toBeUndefined();
    expect(relativeTo(path, "train")).toBe("fit[3]/score");
    expect(relativeTo(path, "")).toBe(path);
  });

  test("is at or under its own prefixes, part by part", () => {
    for (const above of ["", "train", "train/fit", "train/fit[3]", path])
      expect(isAtOrUnder(path, above)).toBe(true);
    for (const other of ["tra", "train/fi", "train/fit[3", "train/fit[33]", "score", `${path}2`])
      expect(isAtOrUnder(path, other)).toBe(false);
    expect(isAtOrUnder("fit[33]", "fit[3]")).toBe(false);
    expect(isAtOrUnderAny(path, new Set(["x", "train/fit"]))).toBe(true);
    expect(isAtOrUnderAny(path, new Set(["x", "train/fi", ""]))).toBe(true);
    expect(isAtOrUnderAny(path, new Set(["x", "train/fi"]))).toBe(false);
  });

  test("has the same depth as in the plan: neither an added pipeline nor a map with its items adds a level", () => {
    const depth = (at: string, expansions: ReadonlyArray<string>) =>
      depthOf(at, (one) => expansions.includes(one));
    expect(depth("load/parse", [])).toBe(0);
    expect(depth("load/parse", ["load"])).toBe(1);
    expect(depth(path, ["train", "train/fit[3]"])).toBe(2);
    expect(depth("train", ["train"])).toBe(0);
  });

  test("without its keys is the same for all items", () => {
    expect(staticPathOf("a[0]/b[x.y]/c")).toBe("a/b/c");
    expect(staticPathOf("a")).toBe("a");
  });
});

/** Modules that handle other text with the same separators, and the kind of that text. */
const others: Readonly<Record<string, string>> = {
  "src/cli/place.ts": "paths of files",
  "src/postgres/address.ts": "hosts of URLs",
  "src/cli/watch/serve.ts": "paths of URLs",
  "src/client/index.ts": "paths of URLs",
  "src/serve/http-server.ts": "paths of URLs",
  "src/serve/page/client/main.ts": "paths of URLs",
  "src/serve/page/client/requests.ts": "paths of URLs",
  "src/values/plain-json.ts": "places in a value",
  "src/testing/arbitrary/json-schema.ts": "references in a JSON Schema",
  "src/testing/words.ts": "values",
  "src/values/encode.ts": "JSON",
  "src/draw/json.ts": "JSON",
  "src/draw/page/client/main.ts": "keys that are pressed",
  "src/draw/report/shown-value.ts": "values",
  "src/progress/said.ts": "values",
};

/** Code that reads or writes the text of a path: it searches for a separator, or appends one to a value. */
const handles = [
  /(?:lastIndexOf|indexOf|split|includes|startsWith|endsWith)\(\s*["'`][/[\]]["'`]/,
  /===\s*["'`][/[\]]["'`]/,
  /\$\{[^{}]*(?:path|prefix|runId|owner|map|step|parent|name|at)[^{}]*\}(?:\/|\[\$)/i,
  /\+\s*["'`][/[\]]["'`]/,
];

test("only src/path.ts handles the text of paths", () => {
  const found: Array<string> = [];
  for (const file of globSync("src/**/*.ts", { cwd: root })) {
    if (file === "src/path.ts" || file.endsWith("/assets.ts") || file in others) continue;
    const code = readFileSync(join(root, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
    for (const line of code.split("\n"))
      if (handles.some((pattern) => pattern.test(line))) found.push(`${file}: ${line.trim()}`);
  }
  expect(found).toEqual([]);
});
