/** Hostile labels: texts that some renderer, parser or terminal would misinterpret. */
import * as fc from "fast-check";

/** The beginnings of sequences that end other texts, where a label may be. */
const breakers = ["", '"', "'", "`", "</script>", "</title>", "</style>", "-->", "]]>", "\u2028", "\\", "${"];

/** Texts that would run, show, move or command something if they were not escaped. */
const payloads = [
  "<script>window.pwned=1;alert(1)</script>",
  "<img src=x onerror=window.pwned=1>",
  "<svg onload=window.pwned=1>",
  "<!--<script>window.pwned=1",
  "javascript:window.pwned=1",
  "<style>*{display:none}</style>",
  "<iframe srcdoc='<script>parent.pwned=1</script>'>",
  "<a href=javascript:window.pwned=1>x</a>",
  "&lt;script&gt;window.pwned=1",
  "\u202eevil\u2066",
  "line\nline\r\n\ttab\0nul\u001b[2J",
  "👩‍👩‍👧‍👦🏳️‍🌈e\u0301",
  "\ud800",
];

/** Sequences that Mermaid, DOT and terminals interpret. */
const words = [
  "end",
  "%%{init: {'securityLevel': 'loose'}}%%",
  "click n0 call alert(1)",
  'click n0 href "javascript:window.pwned=1"',
  '"]; n0 --> n1; n2["',
  '"]; evil -> worse [label="',
  "a\nend\nsubgraph x",
  "style n0 fill:#f00;x;",
  "ﬂ°°35¶ß",
  "#quot;#60;img src=x onerror=window.pwned=1#62;",
  "&#60;script&#62;alert(1)&#60;/script&#62;",
  "$$\\href{javascript:alert(1)}{x}$$",
  "[x](javascript:alert(1))",
  "fa:fa-car **b** __c__ 1. x",
  "\\N \\G \\l",
  "\u001b]0;title\u0007\u009b2J",
  "\u001b[31mred\u001b[1A\r",
  "   ",
  "constructor",
];

/** Labels of up to 10,000 characters: markup, quotes, line breaks, marks of direction, controls, emoji, and mixtures. */
export const nasty: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 80 }) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...breakers),
        fc.constantFrom(...payloads),
        fc.constantFrom("", '"', "'", ">", "\n", "x".repeat(10_000)),
      )
      .map((parts) => parts.join("")),
  },
);

/** The same, and sequences that languages other than HTML interpret. */
export const nastier: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: nasty },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 60 }) },
  {
    weight: 3,
    arbitrary: fc
      .array(fc.constantFrom(...words, ...breakers), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join("")),
  },
);

/** This many labels, and the printed seed that reproduces them: `SEED=… vitest run`. */
export const someLabels = (what: string, arbitrary: fc.Arbitrary<string>, numRuns: number): Array<string> => {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.info(`${what}: SEED=${seed}`);
  return fc.sample(arbitrary, { numRuns, seed });
};
