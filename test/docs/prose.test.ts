/** `npm run prose`: each of its rules finds the phrases that it is for, and code does not count as prose. */
import { expect, test } from "vitest";
import { proseRules } from "../../scripts/prose-rules.ts";
import { findingsIn } from "../../scripts/prose.ts";

/** At least one sentence for each rule. */
const wrong = [
  "It is read by nobody.",
  "Mend the step.",
  "Somebody has to answer.",
  "Steps that read each other in a circle are refused.",
  "The run goes on.",
  "It is built anew.",
  "The step gave a list.",
  "The rule stands in a table.",
  "It can end at whatever moment.",
  "Whoever waits is interrupted.",
  "The caller is told.",
  "This is no function.",
  "We hold it against the laws.",
  "It runs for ever.",
  "It uses a record in place of a list.",
  "A name may not end so.",
  "Items run one after the other.",
  "A step runs. What it returns is its output.",
  "It reads the input as one would have it.",
  "It says what became of the step.",
  "A test looks whether it is true.",
  "It is recorded, also where a schema refuses it.",
  "It expanded otherwise than before.",
  "The fallback fails in its turn.",
  "A reader gets all events from the first on.",
  "It refuses a step that is none.",
];

test.each(wrong)("finds: %s", (sentence) => {
  expect(findingsIn("page.md", `# Title\n\n${sentence}\n`)).toMatchObject([{ line: 3 }]);
  expect(
    findingsIn("source.ts", `export const a = 1;\n/** ${sentence} */\nexport const b = 2;\n`),
  ).toMatchObject([{ line: 2 }]);
  expect(findingsIn("source.ts", `\nexport const text = ${JSON.stringify(sentence)};\n`)).toMatchObject([
    { line: 2 },
  ]);
});

test("every rule has a sentence that it finds", () => {
  const idle = proseRules.filter(({ pattern }) => !wrong.some((sentence) => sentence.search(pattern) !== -1));
  expect(idle.map(({ pattern }) => pattern.source)).toEqual([]);
});

test("code, links and questions are not reported", () => {
  const page = [
    "Write `nobody` as it is, and [a link](mend.md).",
    "",
    "```ts",
    "const nobody = 1; // goes on",
    "```",
    "",
    "What is a run? There is no run.",
  ];
  expect(findingsIn("page.md", page.join("\n"))).toEqual([]);
  expect(findingsIn("source.ts", 'import nobody from "./nobody.ts";\nexport const mend = nobody;\n')).toEqual(
    [],
  );
});
