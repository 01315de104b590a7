/** Plans with hostile names, nested to any depth. */
import type { Plan } from "espalier";
import * as fc from "fast-check";

export const hostile = [
  "end",
  'a"b',
  "`code`",
  "%%{init: {}}%%",
  "<script>alert(1)</script>",
  "]",
  '"]; n0 --> n1; n2["',
  '"]; evil [label="',
  "a\nb",
  "a\r\nend\n",
  "\u202eevil\u2066",
  "1. x",
  "- x",
  "**b** __c__",
  "style n0 fill:#f00;x;",
  "ﬂ°°35¶ß",
  "#quot;",
  "&amp; &#34;",
  "\\",
  "a\\",
  "\\N \\G",
  "😀 👨‍👩‍👧",
  "می‌خواهم",
  "\ud800",
  "\u0000\u001b[31m",
  "   ",
  "constructor",
  "__proto__",
  "|x|",
  "{{x}} [[x]] ((x))",
];

export const label: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostile),
  fc.array(fc.constantFrom(...hostile), { minLength: 2, maxLength: 4 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom(
      '"',
      "\\",
      "[",
      "]",
      "{",
      "}",
      "|",
      "`",
      "#",
      ";",
      "&",
      "<",
      ">",
      "%",
      "\n",
      "e",
      "-",
      "_",
      ".",
      "1",
      " ",
    ),
  }),
);

/** A plan whose names are all taken from three labels: an input, a step that reads it, and an expansion in that step. */
export const planOfLabels = (a: string, b: string, c: string): Plan => ({
  name: a,
  inputs: [{ name: b }],
  steps: [
    {
      path: a,
      name: a,
      kind: "dynamic",
      inputs: [{ name: b, from: "" }],
      outputs: [b, c],
      description: c,
      expansions: [
        {
          path: a,
          plan: {
            name: c,
            inputs: [],
            steps: [{ path: `${a}/${b}`, name: b, kind: "switch", inputs: [], outputs: [b] }],
            returns: [b],
          },
        },
        { path: `${a}[0]`, plan: undefined },
      ],
    },
    { path: `${a}2`, name: c, kind: "map", inputs: [{ name: `${c}x`, from: a }], outputs: "all" },
  ],
  returns: [c],
});

/** Nested dynamic steps. */
export const deepPlan = (depth: number): Plan => {
  let plan: Plan = { name: "p", inputs: [], steps: [], returns: [] };
  for (let i = 0; i < depth; i++) {
    const path = `d${i}`;
    plan = {
      name: "p",
      inputs: [{ name: "x" }],
      steps: [
        {
          path,
          name: path,
          kind: "dynamic",
          inputs: [{ name: "x", from: "" }],
          outputs: [path],
          expansions: [{ path, plan }],
        },
      ],
      returns: [path],
    };
  }
  return plan;
};
