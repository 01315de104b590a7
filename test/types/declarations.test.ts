/** A pipeline that a library exports: the declaration that the compiler writes is readable, and compiles elsewhere. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Version } from "../../scripts/types-compiler.ts";
import { compile, makeProject } from "../../scripts/types-compiler.ts";

const steps = Array.from({ length: 200 }, (_, index) => {
  const reads = [index - 2, index - 1].filter((read) => read >= 0).map((read) => `s${read}`);
  return `  .step("s${index}", ${JSON.stringify(reads)}, (${reads.length > 0 ? `{ ${reads.join(", ")} }` : ""}) => ({ at: [${reads.join(", ")}].length }))`;
});

const library = `import { dynamic, pipeline, pipelineOf, step, type } from "espalier";
import * as Effect from "effect/Effect";

export const small = pipeline("small")
  .input("rate", type<number>())
  .step("rows", ["rate"], async ({ rate }) => [rate])
  .step("sum", ["rows"], ({ rows }) => (rows.length > 1 ? Effect.fail("none" as const) : Effect.succeed(rows.length)));
export const total = step("total", ["sum"], ({ sum }: { readonly sum: number }) => sum + 1);
export const best = dynamic("best", ["sum"], ({ sum }: { readonly sum: number }) =>
  pipeline("sub").step("best", [], () => sum),
);
export const ordered = pipelineOf("ordered", [total, step("sum", [], () => 1)]);
export const large = pipeline("large")
${steps.join("\n")};
`;

const user = `import { best, large, ordered, small, total } from "./library-out/library.js";

const all = small.add(total).add(best);
const outputs = await large.step("more", ["s0", "s199"], ({ s0, s199 }) => s0.at + s199.at).runPromise();
const at: number = outputs.s150.at + outputs.more;
// @ts-expect-error: it is a number
const wrong: string = outputs.s150.at;
// @ts-expect-error: nothing provides that
large.step("other", ["s200"], () => 1);
// @ts-expect-error: that is there already
large.step("s7", [], () => 1);
void ordered.runPromise().then(({ total }) => total.toFixed());
void all.run({ rate: at });
void wrong;
`;

describe.each<Version>([7, 6])("TypeScript %i", (version) => {
  const project = makeProject(`declarations-${version}`);
  project.write("library.ts", library);
  const config = project.configure("library.json", ["library.ts"], {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: ".",
    outDir: "library-out",
  });
  const emitted = compile(version, ["-p", config], project.folder);

  test("writes the declarations of a library without an error", () => {
    expect(emitted).toEqual({ status: 0, text: "" });
  });

  test("writes what a person can read", async () => {
    const text = readFileSync(join(project.folder, "library-out/library.d.ts"), "utf8");
    await expect(text.slice(0, text.indexOf("export declare const large"))).toMatchFileSnapshot(
      `__snapshots__/library-${version}.d.ts.txt`,
    );
  });

  test("names nothing of the library that is not exported", () => {
    const text = readFileSync(join(project.folder, "library-out/library.d.ts"), "utf8");
    expect([...new Set(text.match(/import\("[^"]*"\)/g))]).toEqual(['import("espalier")']);
  });

  test("compiles them elsewhere, with all types in place", () => {
    project.write("user.ts", user);
    const elsewhere = project.configure("user.json", ["user.ts"], { skipLibCheck: false });
    expect(compile(version, ["-p", elsewhere], project.folder).text).toBe("");
  });
});

test("TypeScript 5.9 compiles each form of the contract, and reports a mistake in a sentence", () => {
  const project = makeProject("smoke-5.9");
  for (const [file, source] of [
    ["contract.ts", "contract.ts"],
    ["mistake.ts", "mistakes/fixtures/input-missing.ts"],
  ] as const)
    project.write(file, readFileSync(join(import.meta.dirname, source), "utf8"));
  const config = project.configure("tsconfig.json", ["contract.ts", "mistake.ts"]);
  const { text } = compile(5.9, ["-p", config], project.folder);
  const errors = text.split("\n").filter((line) => line.includes("error TS"));
  expect(errors.map((line) => line.slice(0, line.indexOf("(")))).toEqual(["mistake.ts"]);
  expect(errors[0]).toContain("The step 'model' reads 'datset', and nothing provides that.");
});
