/**
 * A pipeline can be exported from a library that has installed this one: what the compiler writes of it names nothing that
 * cannot be imported, and compiles elsewhere.
 */
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Project, Version } from "../../scripts/types-compiler.ts";
import { compile, makeProject } from "../../scripts/types-compiler.ts";
import { root } from "../../scripts/package.ts";

const size = 200;

const stepsOf = (value: (index: number) => string): string =>
  Array.from(
    { length: size },
    (_, index) => `  .step("s${index}", [${index === 0 ? "" : `"s${index - 1}"`}], () => (${value(index)}))`,
  ).join("\n");

/** Programs of a library, by the kind of what their steps give. */
const exported = {
  declared: `import { pipeline } from "espalier";
export interface Row { readonly id: number }
declare const row: Row;
export const built = pipeline("declared")
${stepsOf(() => "row")};
export default built;
export const run = () => built.runPromise();
`,
  literal: `import { pipeline } from "espalier";
export const built = pipeline("literal")
${stepsOf((index) => `{ id: ${index}, tags: ["a"] }`)};
export const narrowed = built.returns("s0", "s${size - 1}");
`,
  forms: `import * as Context from "effect/Context";
import * as Effect from "effect/Effect";
import * as Schema from "effect/Schema";
import { dynamic, pipeline, pipelineOf, step } from "espalier";
export class Database extends Context.Service<Database, { readonly rows: () => number }>()("Database") {}
export const total = step("total", ["n"], ({ n }: { readonly n: number }) => Effect.map(Database, (d) => d.rows() + n));
export const grown = dynamic("grown", ["total"], ({ total }: { readonly total: number }) =>
  total > 1 ? pipeline("sub").step("grown", [], () => total) : "none");
export const built = pipeline("forms")
  .input("n", Schema.NumberFromString)
  .add(total)
  .add(grown)
  .step("items", [], () => new Set(["a"]))
  .map("mapped", "items", [], async (item) => ({ item }), { failures: "collect" })
  .addAll(["a", "b"].map((key) => step(\`f_\${key}\`, [], () => key)))
  .step("family", ["f_*"], (found) => found);
export const ordered = pipelineOf("ordered", [total, step("n", [], () => 1)]);
export const make = (n: number) => pipeline("made").step("a", [], () => n);
`,
};

/** A program elsewhere, which sees the declarations only. */
const using = `import type { OutputsOf, ServicesOf } from "espalier";
import { pipeline } from "espalier";
import { built as declared, run } from "./declared.js";
import { built as literal, narrowed } from "./literal.js";
import { built as forms, make, ordered } from "./forms.js";
import type { Database } from "./forms.js";
export const more = declared.step("more", ["s0", "s${size - 1}"], ({ s0, s${size - 1} }): number => s0.id + s${size - 1}.id);
// @ts-expect-error: no such output
declared.step("more", ["s${size}"], () => 1);
// @ts-expect-error: there already
literal.step("s7", [], () => 1);
export const id: number = (await run()).s7.id;
export const tags: ReadonlyArray<string> = (await narrowed.runPromise()).s0.tags;
export const whole: OutputsOf<typeof literal>["s42"] = { id: 1, tags: [] };
export const items: number = (await make(1).runPromise()).a;
export const service: ServicesOf<typeof forms> extends Database ? true : false = true;
export const sub = pipeline("all").step("n", [], () => 1).add(ordered.returns("total"));
`;

const files = { ...exported, using };
let project: Project;
let written: ReturnType<typeof compile>;
const declarationOf = (name: string): string =>
  readFileSync(join(project.folder, "emitted", `${name}.d.ts`), "utf8");

beforeAll(() => {
  project = makeProject("installed");
  // As it is installed: only what `exports` names can be imported, so that an internal module cannot be named.
  const installed = join(project.folder, "node_modules/espalier");
  cpSync(project.library, join(installed, "dist"), { recursive: true });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  for (const [name, text] of Object.entries(files)) project.write(`${name}.ts`, text);
  const names = Object.keys(exported).map((name) => `${name}.ts`);
  const config = project.configure("write.json", names, {
    paths: {},
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    outDir: "emitted",
  });
  written = compile(7, ["-p", config], project.folder);
  project.write("emitted/using.ts", using);
}, 60_000);

describe("the declarations of exported pipelines", () => {
  test("are written without an error, for 200 steps too", () => {
    expect(written.text).toBe("");
  });

  test.each<Version>([7, 6])(
    "compile elsewhere with TypeScript %i",
    (version) => {
      const config = project.configure(`use-${version}.json`, ["emitted/using.ts"], {
        paths: {},
        skipLibCheck: false,
      });
      expect(compile(version, ["-p", config], project.folder).text).toBe("");
    },
    60_000,
  );

  test("import only what users can import", () => {
    const imported = Object.keys(exported).flatMap((name) =>
      Array.from(
        declarationOf(name).matchAll(/(?:from |import\()"([^"]+)"/g),
        ([, specifier = ""]) => specifier,
      ),
    );
    expect([...new Set(imported)].toSorted()).toEqual(["effect/Context", "effect/Result", "espalier"]);
  });

  test("grow as the pipelines do", () => {
    // The bytes of a step: its name four times, and its type twice, for the compiler and for who reads it.
    expect(declarationOf("declared").length / size).toBeLessThan(220);
    expect(declarationOf("literal").length / size).toBeLessThan(220);
  });

  test("of a pipeline that says what it returns show that, and which names stay taken", () => {
    expect(declarationOf("literal").split("export declare const narrowed")[1]).toMatchSnapshot();
  });
});
