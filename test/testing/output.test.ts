/** The text that people read when a law is broken. */
import { dynamic, pipeline, step } from "espalier";
import { checkDynamic, LawViolation } from "espalier/testing";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { broken } from "./fixtures/steps.ts";

const violationOf = async (check: Promise<unknown>): Promise<LawViolation> => {
  try {
    await check;
  } catch (error) {
    if (error instanceof LawViolation) return error;
    throw error;
  }
  throw new Error("No law was broken.");
};

describe("a violation describes the fault, draws its location, and prints a test to paste", () => {
  test("for two steps with the same name: the sub-pipeline up to that point", async () => {
    const rates = fc.record({ rates: fc.array(fc.nat(9)) });
    const { message } = await violationOf(checkDynamic(broken, { input: rates, seed: 1 }));
    expect(message).toMatchInlineSnapshot(`
      ""total" breaks the law wellFormed: For every input, the expansion is a valid graph: no cycle, no duplicate name, every input provided.

        input     { rates: [3, 3] }
        declared  a graph without cycles or duplicate names, with every input provided
        actual    "total" threw GraphError: Pipeline "sum", step "rate-3": The output "rate-3" is already provided: give this one another name.

        check
        └─ total (dynamic)  ← rates
      ✗    └─ rate-3

      Seed 1, path "0:1:0:6". A test to paste:

        test("total keeps wellFormed", async () => {
          const input = fc.constant({ rates: [3, 3] });
          await checkDynamic(total, { input, laws: ["wellFormed"], seed: 1 });
        });"
    `);
  });

  test("for a branch that forgets an output", async () => {
    const forgetful = dynamic("score", ["size"], ({ size }: { size: number }) =>
      size > 10 ? (pipeline("large").step("scores", [], () => 1) as never) : 0,
    );
    const input = fc.record({ size: fc.nat() });
    const { message } = await violationOf(checkDynamic(forgetful, { input, seed: 1 }));
    expect(message).toMatchInlineSnapshot(`
      ""score" breaks the law exposes: For every input, each declared output is provided exactly once.

        input     { size: 11 }
        declared  each declared output, exactly once
        actual    "score" provides "scores", and not "score"

        check
      ✗ └─ score (dynamic)  ← size
           └─ scores

      Seed 1, path "0:1:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1:1:1". A test to paste:

        test("score keeps exposes", async () => {
          const input = fc.constant({ size: 11 });
          await checkDynamic(score, { input, laws: ["exposes"], seed: 1 });
        });"
    `);
  });

  test("for a race: the order that triggers it", async () => {
    const racing = dynamic("sum", ["by"], ({ by }: { by: number }) => {
      let shared = 1;
      return pipeline("race")
        .step("add", [], async () => (shared += by))
        .step("double", [], async () => (shared *= 2))
        .step("sum", ["add", "double"], () => shared);
    });
    const input = fc.record({ by: fc.nat(9) });
    const found = await violationOf(checkDynamic(racing, { input, seed: 1 }));
    expect(found.law).toBe("orderIndependent");
    expect(found.message).toMatchInlineSnapshot(`
      ""sum" breaks the law orderIndependent: The same input returns the same result in whatever order independent steps run.

        input     { by: 1 }
        declared  run in the order sum, sum/add, sum/double, sum/sum, it returned { sum: 4 }
        actual    run in the order sum, sum/double, sum/add, sum/sum, it returned { sum: 3 }
        order     the ready steps taken were number 1 (0: the first)

        check
        └─ sum (dynamic)  ← by
           ├─ add
      ✗    ├─ double
           └─ sum  ← add, double

      Seed 1, path "1:1:0:0:0". A test to paste:

        test("sum keeps orderIndependent", async () => {
          const input = fc.constant({ by: 1 });
          await checkDynamic(sum, { input, laws: ["orderIndependent"], seed: 1 });
        });"
    `);
  });
});

describe("a violation is", () => {
  test("one error with its own message and stack, and nothing else", async () => {
    const rates = fc.record({ rates: fc.array(fc.nat(9)) });
    const error = await violationOf(checkDynamic(broken, { input: rates, seed: 1 }));
    expect(Object.hasOwn(error, "message")).toBe(true);
    expect(error.stack).toContain(error.message);
    expect(Object.keys(error)).not.toContain("drawing");
    expect(error.drawing?.mermaid).toMatch(/^flowchart TD\n/);
    expect(error.drawing?.dot).toMatch(/^digraph \{\n/);
  });

  test("found again at once by its seed and path", async () => {
    const input = fc.record({ rates: fc.array(fc.nat(9)) });
    const { path, seed } = await violationOf(checkDynamic(broken, { input, seed: 1 }));
    const again = await violationOf(checkDynamic(broken, { input, seed, path, laws: ["wellFormed"] }));
    expect(again.input).toEqual({ rates: [3, 3] });
  });

  test("small, whatever its original size: a mistake among fifty steps is reduced to two of them", async () => {
    const clash = dynamic("all", ["names"], ({ names }: { names: ReadonlyArray<string> }) =>
      pipeline("many")
        .addAll(names.map((name) => step(`x-${name.length}`, [], () => name)))
        .step("all", [], () => names),
    );
    const input = fc.record({ names: fc.array(fc.string(), { minLength: 20, maxLength: 50, size: "max" }) });
    const { input: found } = await violationOf(checkDynamic(clash, { input, seed: 1 }));
    // As few as the arbitrary allows, each as short as possible.
    expect((found as { names: ReadonlyArray<string> }).names).toHaveLength(20);
  });
});
