/** A test that reproduces a violation, to paste into a test file. */
import type { CheckOptions } from "./checking.ts";
import type { LawName } from "./laws/index.ts";
import { functionSource, sourceOf } from "./source.ts";

interface Seen {
  readonly check: "checkDynamic" | "checkPipeline";
  readonly subject: string;
  readonly law: LawName;
  readonly input: unknown;
  readonly seed: number;
  readonly path: string;
  readonly options: Partial<CheckOptions<any>>;
}

const isRecord = (value: unknown): value is object =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === null;

const identifier = (name: string): string => {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
  const made = words.map((word, i) => (i === 0 ? word : word[0]!.toUpperCase() + word.slice(1))).join("");
  return /^[A-Za-z_$]/.test(made) ? made : `step${made}`;
};

/** The given options that can affect the law. */
const optionsFor = (law: LawName): ReadonlyArray<keyof CheckOptions<any>> => [
  "mocks",
  "run",
  "services",
  "patience",
  "same",
  "bound",
  ...(law === "expect" ? (["expect"] as const) : []),
  "answers",
  ...(law === "cacheTransparent" ? (["earlier"] as const) : []),
  ...(law === "stable" ? (["recorded"] as const) : []),
  ...(law === "bounded" ? [] : (["interleavings"] as const)),
];

/** The source of an option; undefined where it cannot be written. */
const optionSource = (name: string, value: unknown): string | undefined => {
  if (typeof value === "function") return functionSource(value as () => unknown);
  if (name !== "mocks") return sourceOf(value);
  const mocks = (value as ReadonlyArray<{ readonly name: string; readonly run: () => unknown }>).map(
    ({ name, run }) => {
      const source = functionSource(run);
      return source === undefined ? undefined : `{ name: ${JSON.stringify(name)}, run: ${source} }`;
    },
  );
  return mocks.includes(undefined) ? undefined : `[${mocks.join(", ")}]`;
};

export const regressionOf = ({ check, input, law, options, path, seed, subject }: Seen): string => {
  // Only the names of a record of inputs are read, whatever its prototype.
  const text = sourceOf(isRecord(input) ? { ...input } : input);
  const comments: Array<string> = [];
  const given: Array<string> = ["input", `laws: ["${law}"]`, `seed: ${seed}`];
  if (text === undefined) {
    comments.push("  // The same arbitrary as before, here called input.");
    given.push(`path: "${path}"`);
  }
  const missing: Array<string> = [];
  for (const name of optionsFor(law)) {
    const value = options[name];
    if (value === undefined) continue;
    const source = optionSource(name, value);
    if (source === undefined) missing.push(name);
    given.push(source === undefined ? name : `${name}: ${source}`);
  }
  if (missing.length > 0) comments.push(`  // As in the check that found it: ${missing.join(", ")}.`);
  return [
    `test(${JSON.stringify(`${subject} keeps ${law}`)}, async () => {`,
    ...comments,
    ...(text === undefined ? [] : [`  const input = fc.constant(${text});`]),
    `  await ${check}(${identifier(subject)}, { ${given.join(", ")} });`,
    "});",
  ].join("\n");
};
