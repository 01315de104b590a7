/** Programs of hundreds of calls compile, and none takes the compiler over ten times what a tenth of it takes. */
import { describe, expect, test } from "vitest";
import { largePrograms, makeCompiler } from "../../scripts/types-large.ts";

const take = makeCompiler("large-test");

describe.each(largePrograms)("$name, $size", (program) => {
  const whole = take(program, program.size);

  test("compiles, with the types in place", () => {
    expect(whole.errors).toEqual([]);
  });

  test("takes at most ten times what a tenth takes", () => {
    const tenth = take(program, Math.ceil(program.size / 10));
    expect(tenth.errors).toEqual([]);
    expect(whole.seconds).toBeLessThanOrEqual(tenth.seconds * 10);
  });
});
