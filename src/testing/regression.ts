/** A test that shows a violation again, to paste into a file of tests. */
import type { LawName } from "./laws/index.ts";
import { textOf } from "./words.ts";

interface Seen {
  readonly check: "checkDynamic" | "checkPipeline";
  readonly subject: string;
  readonly law: LawName;
  readonly input: unknown;
  readonly seed: number;
  readonly path: string;
}

/** Can the text of the input be read back as the input? Where not, the seed leads to it. */
const isLiteral = (text: string): boolean =>
  !/\[function\]|\[circle|\[an object|Symbol\(|\b[A-Z]\w+ \{/.test(text);

const identifier = (name: string): string => {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const made = words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join("");
  return /^[A-Za-z_$]/.test(made) ? made : `step${made}`;
};

export const regressionOf = ({ check, input, law, path, seed, subject }: Seen): string => {
  const text = textOf(input);
  const name = identifier(subject);
  const title = `test(${JSON.stringify(`${subject} keeps ${law}`)}, async () => {`;
  const lines = isLiteral(text)
    ? [
        `  const input = fc.constant(${text});`,
        `  await ${check}(${name}, { input, laws: ["${law}"], seed: ${seed} });`,
      ]
    : [
        `  // The same arbitrary as before, here called input.`,
        `  await ${check}(${name}, { input, laws: ["${law}"], seed: ${seed}, path: "${path}" });`,
      ];
  return [title, ...lines, "});"].join("\n");
};
