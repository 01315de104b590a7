/**
 * Programs that grow without end in one direction: the same call, hundreds of times. Counts of instantiations do not show
 * where the compiler gives up, or where its time grows with the square, so each is compiled at its full size and at a tenth.
 *
 *   node scripts/types-large.ts           prints the cost of each, at both sizes
 *   node scripts/types-large.ts added     only the programs with this text in their names
 */
import { spawnSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { compilerPath, makeProject, shuffled } from "./types-compiler.ts";

export interface LargeProgram {
  readonly name: string;
  readonly size: number;
  /** The program with `size` repetitions. Each reads the last output twice: with its right type and with a wrong one. */
  readonly text: (size: number) => string;
}

const times = (size: number, line: (index: number) => string): string =>
  Array.from({ length: size }, (_, index) => line(index)).join("\n");

/** Reads a number from an output, and checks that it is not a string. */
const reading = (name: string): string => `.step("last", ["${name}"], ({ "${name}": found }) => {
    const right: number = found.at;
    // @ts-expect-error: this output is not a string
    const wrong: string = found;
    return [right, wrong];
  })`;

const head = `import { dynamic, pipeline, pipelineOf, step, type Pipeline } from "espalier";\n`;

/** A step that reads the previous one. */
const stepAfter = (index: number): string =>
  index === 0
    ? `step("s0", [], () => ({ at: 0 }))`
    : `step("s${index}", ["s${index - 1}"], ({ s${index - 1} }: { s${index - 1}: { at: number } }) => ({ at: s${index - 1}.at + 1 }))`;

const nestedAll = (depth: number): string =>
  depth === 0
    ? `pipeline("p").step("s0", [], () => ({ at: 0 }))`
    : `pipeline("p${depth}").dynamic("d${depth}", [], () => ${nestedAll(depth - 1)}, { outputs: "all" }).step("s${depth}", ["s${depth - 1}"], ({ s${depth - 1} }) => ({ at: s${depth - 1}.at + 1 }))`;

/** Each expansion exposes two outputs of the next. */
const nestedLists = (depth: number): string =>
  depth === 0
    ? `pipeline("p").step("s0", [], () => ({ at: 0 })).step("t0", [], () => "text")`
    : `pipeline("p${depth}").dynamic("d${depth}", [], () => ${nestedLists(depth - 1)}, { outputs: ["s${depth - 1}", "t${depth - 1}"] }).step("s${depth}", ["s${depth - 1}"], ({ s${depth - 1} }) => ({ at: s${depth - 1}.at + 1 })).step("t${depth}", ["t${depth - 1}"], ({ t${depth - 1} }) => t${depth - 1})`;

export const largePrograms: ReadonlyArray<LargeProgram> = [
  {
    name: "steps-added",
    size: 1000,
    text: (size) => `${head}${times(size, (index) => `const s${index} = ${stepAfter(index)};`)}
export const built = pipeline("large")
${times(size, (index) => `  .add(s${index})`)}
  ${reading(`s${size - 1}`)};
`,
  },
  {
    name: "pipelines-added",
    size: 300,
    text: (size) => `${head}${times(
      size,
      (index) =>
        `const p${index} = pipeline("p${index}").step("a${index}", [], () => ({ at: 1 })).step("b${index}", ["a${index}"], ({ a${index} }) => ({ at: a${index}.at + 1 }));`,
    )}
export const built = pipeline("large")
${times(size, (index) => `  .add(p${index})`)}
  ${reading(`b${size - 1}`)};
`,
  },
  {
    name: "lists-added",
    size: 500,
    text: (size) => `${head}declare const keys: ReadonlyArray<string>;
export const built = pipeline("large").step("s0", [], () => ({ at: 0 }))
${times(
  size,
  (index) =>
    `  .addAll([step("a${index}", [], () => ({ at: ${index} })), step("b${index}", [], () => ({ at: "text" }))])`,
)}
  ${reading(`a${size - 1}`)};
`,
  },
  {
    name: "all-exposed",
    size: 500,
    text: (size) => `${head}declare const flag: boolean;
export const built = pipeline("large")
${times(
  size,
  (index) =>
    `  .dynamic("d${index}", [], () => flag ? pipeline("x").step("x${index}", [], () => ({ at: 1 })).step("y${index}", [], () => "text") : pipeline("y").step("x${index}", [], () => ({ at: 2 })), { outputs: "all" })`,
)}
  ${reading(`x${size - 1}`)};
`,
  },
  {
    name: "zod-inputs",
    size: 200,
    text: (size) => `${head}import * as z from "zod";
export const built = pipeline("large")
${times(size, (index) => `  .input("i${index}", z.object({ at: z.number(), text: z.string().optional() }))`)}
  ${reading(`i${size - 1}`)};
`,
  },
  {
    name: "literal-list",
    size: 3000,
    text: (size) => `${head}export const built = pipeline("large").addAll([
${times(size, (index) => `  step("s${index}", [], () => ({ at: ${index} })),`)}
])${reading(`s${size - 1}`)};
`,
  },
  {
    name: "any-order-wide",
    size: 2000,
    text: (size) => `${head}export const built = pipelineOf("large", [
${times(size, (index) => `  step("s${index}", [], () => ({ at: ${index} })),`)}
])${reading(`s${size - 1}`)};
`,
  },
  {
    name: "any-order-shuffled",
    size: 2000,
    text: (size) => `${head}export const built = pipelineOf("large", [
${shuffled(Array.from({ length: size }, (_, index) => `  ${stepAfter(index)},`)).join("\n")}
])${reading(`s${size - 1}`)};
`,
  },
  // Its steps in an order that differs from that of the annotation: as written, backwards, and mixed.
  {
    name: "annotated",
    size: 300,
    text: (size) => {
      const names = Array.from({ length: size }, (_, index) => `s${index}`);
      const chain = (order: ReadonlyArray<string>): string =>
        `pipeline("large")\n${order.map((name, index) => `  .step("${name}", [${index === 0 ? "" : `"${order[index - 1]}"`}], () => ({ at: ${index} }))`).join("\n")}`;
      const orders = [names, names.toReversed(), shuffled(names)];
      return `${head}interface All {
${names.map((name) => `  readonly ${name}: { readonly at: number };`).join("\n")}
}
${orders.map((order, index) => `export const made${index}: Pipeline<{}, All, never, never> = ${chain(order)};`).join("\n")}
// @ts-expect-error: it has one output more
export const wrong: Pipeline<{}, All, never, never> = made0.step("more", [], () => 1);
export const built = made2${reading(`s${size - 1}`)};
`;
    },
  },
  {
    name: "outputs-listed",
    size: 500,
    text: (size) => `${head}export const built = pipeline("large").step("s0", [], () => ({ at: 0 }))
${times(
  size,
  (index) =>
    `  .step("made${index}", ["s${index}"], ({ s${index} }) => ({ s${index + 1}: { at: s${index}.at + 1 }, t${index}: "text" }), { outputs: ["s${index + 1}", "t${index}"] })`,
)}
  ${reading(`s${size}`)};
`,
  },
  // Ten object literals in the type of each output: the compiler walks all of them.
  {
    name: "switches",
    size: 400,
    text: (size) => {
      const keys = Array.from({ length: 10 }, (_, index) => `k${index}`);
      return `${head}declare const key: ${keys.map((key) => `"${key}"`).join(" | ")};
export const built = pipeline("large").step("s0", [], () => ({ at: 0 }))
${times(
  size,
  (index) =>
    `  .switch("s${index + 1}", ["s${index}"], () => key, { ${keys.map((key) => `${key}: ({ s${index} }) => ({ at: s${index}.at + 1 })`).join(", ")} })`,
)}
  ${reading(`s${size}`)};
`;
    },
  },
  {
    name: "conditionally-added",
    size: 500,
    text: (size) => `${head}declare const flag: boolean;
${times(size, (index) => `const a${index} = step("a${index}", [], () => ({ at: ${index} }));\nconst b${index} = step("b${index}", [], () => "text");`)}
export const built = pipeline("large").step("s0", [], () => ({ at: 0 }))
${times(size, (index) => `  .add(flag ? a${index} : b${index})`)}
  .step("maybe", ["a${size - 1}?"], ({ a${size - 1}: found }) => {
    const right: number | undefined = found?.at;
    // @ts-expect-error: it may be missing
    const wrong: number = found.at;
    return [right, wrong];
  })
  ${reading("s0")};
`,
  },
  {
    name: "conditions",
    size: 200,
    text: (size) => `${head}export const built = pipeline("large").step("s0", [], () => ({ at: 0 }))
${times(size, (index) => `  .when("w${index}", ["s0"], ({ s0 }) => s0.at > ${index}, (inside) => inside.step("x${index}", ["s0"], ({ s0 }) => s0))`)}
  .step("maybe", ["x${size - 1}?"], ({ x${size - 1}: found }) => {
    const right: number | undefined = found?.at;
    // @ts-expect-error: it may be missing
    const wrong: number = found.at;
    return [right, wrong];
  })
  ${reading("s0")};
`,
  },
  {
    name: "nested-lists",
    size: 30,
    text: (size) => `${head}export const built = ${nestedLists(size)}${reading(`s${size}`)};
`,
  },
  {
    name: "nested-all",
    size: 30,
    text: (size) => `${head}export const built = ${nestedAll(size)}${reading(`s${size}`)};
`,
  },
];

export interface Taken {
  /** CPU time, in seconds: unlike elapsed time it hardly depends on the machine's other work. */
  readonly seconds: number;
  readonly instantiations: number;
  readonly errors: ReadonlyArray<string>;
}

/** The CPU time of the processes that a shell has started, as the last line of `times` prints it: `0m1.120s 0m0.524s`. */
const processorTime = (printed: string): number => {
  const parts = [...printed.matchAll(/(\d+)m([\d.]+)s/g)].slice(-2);
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60 + Number(seconds), 0);
};

/** Compiles each program alone, at one size. */
export const makeCompiler = (folder: string): ((program: LargeProgram, size: number) => Taken) => {
  const project = makeProject(folder);
  return ({ name, text }, size) => {
    const file = `${name}-${size}`;
    project.write(`${file}.ts`, text(size));
    const config = project.configure(`${file}.json`, [`${file}.ts`], { noUnusedLocals: false });
    const args = ["-p", config, "--pretty", "false", "--extendedDiagnostics", "--singleThreaded"];
    const { stdout: printed, error } = spawnSync(
      "sh",
      ["-c", '"$0" "$@"; times', process.execPath, compilerPath(7), ...args],
      { cwd: project.folder, encoding: "utf8" },
    );
    if (error !== undefined) throw error;
    const number = (label: string): number =>
      Number(new RegExp(`^${label}:\\s+([\\d.]+)`, "m").exec(printed)?.[1]);
    return {
      seconds: processorTime(printed),
      instantiations: number("Instantiations"),
      errors: printed.split("\n").filter((line) => line.includes("error TS")),
    };
  };
};

const main = (words: ReadonlyArray<string>): void => {
  const take = makeCompiler("large");
  for (const program of largePrograms) {
    if (words.length > 0 && !words.some((word) => program.name.includes(word))) continue;
    for (const size of [Math.ceil(program.size / 10), program.size]) {
      const { seconds, instantiations, errors } = take(program, size);
      const columns = [`${seconds.toFixed(2)} s`, instantiations, errors[0]?.slice(0, 160) ?? ""];
      console.log([`${program.name} ${size}`.padEnd(26), ...columns].join("  "));
    }
  }
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
