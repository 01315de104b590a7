/** What `npm run api:check` refuses: each omission in a small library that has nothing else wrong. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { omissions } from "../../scripts/api-rules.ts";
import { root } from "../../scripts/package.ts";

const folder = join(root, "temp/types/api");

const omissionsOf = (files: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  const entries = Object.keys(files)
    .filter((file) => file.endsWith("index.d.ts"))
    .map((file) => ({ specifier: dirname(file), declarations: join(folder, file) }));
  return omissions(entries, folder);
};

const part = `/** A part. @public */
export interface Part {
  /** Its name. */
  readonly name: string;
}
`;

beforeEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

describe("the API check", () => {
  test("accepts what is documented, tagged and exported", () => {
    expect(omissionsOf({ "core/index.d.ts": part })).toEqual([]);
  });

  test("wants a sentence about each member", () => {
    expect(omissionsOf({ "core/index.d.ts": part.replace("/** Its name. */", "") })).toEqual([
      "core: no word about 'name' of 'Part' (core/index.d.ts:4)",
    ]);
  });

  test("wants a sentence about members of a type that has no name of its own", () => {
    const text = "/** Parts. @public */\nexport declare const parts: { readonly first: number };\n";
    expect(omissionsOf({ "core/index.d.ts": text })).toEqual([
      "core: no word about 'first' of 'parts' (core/index.d.ts:2)",
    ]);
  });

  test("wants a sentence about the fields that an error takes from the class expression it extends", () => {
    const text = `declare const Broken_base: new (fields: { readonly why: string }) => Error;
/** It broke. @public */
export declare class Broken extends Broken_base {}
export {};
`;
    expect(omissionsOf({ "core/index.d.ts": text })).toEqual([
      "core: no word about 'why' of 'Broken' (core/index.d.ts:1)",
    ]);
  });

  test("wants a release tag on each export", () => {
    expect(omissionsOf({ "core/index.d.ts": part.replace(" @public", "") })).toEqual([
      "core: no release tag on 'Part', such as @public (core/index.d.ts:2)",
    ]);
  });

  test("wants what is mentioned to be exported", () => {
    const text = `import type { Part } from "../part.js";
/** Whole. @public */
export declare const whole: (part: Part) => void;
`;
    expect(omissionsOf({ "core/index.d.ts": text, "part.d.ts": part })).toEqual([
      "core: 'whole' mentions 'Part', which is not exported (core/index.d.ts:3)",
    ]);
  });

  test("lets another entry point export it, and the rules of the compiler and what is internal stay where they are", () => {
    const text = `import type { Part } from "../core/index.js";
import type { Rule } from "../types/rule.js";
import type { Engine } from "../engine.js";
/** Whole. @public */
export declare const whole: (part: Rule<Part>, engine: Engine) => void;
`;
    expect(
      omissionsOf({
        "core/index.d.ts": part,
        "more/index.d.ts": text,
        "types/rule.d.ts": "export type Rule<Type> = Type extends string ? Type : never;\n",
        "engine.d.ts": "/** @internal */\nexport interface Engine { readonly speed: number }\n",
      }),
    ).toEqual([]);
  });
});
