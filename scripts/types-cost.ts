/**
 * The cost of pipelines for the type checker, counted: instantiations and types do not vary from run to run.
 *
 *   node scripts/types-cost.ts            prints the cost of each program next to the committed counts
 *   node scripts/types-cost.ts --write    writes the counts to test/types/budget.json
 *   node scripts/types-cost.ts --compare  prints the same graphs in a builder that intersects its outputs, with times
 *   node scripts/types-cost.ts chain-50   only the programs with this text in their names
 *
 * Each program contains a read that must fail, since a type that collapsed to `never` or `any` would look cheap.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./package.ts";
import { compile, makeProject, shuffled } from "./types-compiler.ts";

/** How the outputs are typed, which makes a difference to the checker. */
type Kind = "declared" | "literal";

export interface Program {
  readonly name: string;
  readonly text: string;
}

export interface Cost {
  readonly instantiations: number;
  readonly types: number;
}

/** The text of a program that depends on the builder. */
interface Builder {
  readonly head: string;
  readonly start: string;
}

const espalier: Builder = {
  head: 'import { dynamic, pipeline, pipelineOf, step } from "espalier";',
  start: 'pipeline("bench")',
};

/** The approach of most typed builders, which this library is compared with. */
const intersection: Builder = {
  head: `interface Plain<Outputs> {
  step<const Name extends string, const Read extends keyof Outputs, Value>(
    name: Name,
    inputs: ReadonlyArray<Read>,
    run: (inputs: Pick<Outputs, Read>) => Value,
  ): Plain<Outputs & Record<Name, Value>>;
}
declare const start: Plain<{}>;`,
  start: "start",
};

const rows = 8;
const declarations = Array.from(
  { length: rows },
  (_, row) => `interface Row${row} { readonly id${row}: number; readonly tags: ReadonlyArray<string> }
declare const row${row}: Row${row};`,
).join("\n");

/** The value of step `index`, computed from the names that it reads. */
const valueOf = (kind: Kind, index: number, reads: ReadonlyArray<string>): string => {
  const parts = reads.map((read) => `void ${read};`).join(" ");
  return kind === "declared"
    ? `{ ${parts} return row${index % rows}; }`
    : `{ ${parts} return { id${index % rows}: ${index}, tags: ["${index % rows}"] }; }`;
};

const stepText = (kind: Kind, index: number, reads: ReadonlyArray<string>): string =>
  `("s${index}", [${reads.map((read) => `"${read}"`).join(", ")}], (${
    reads.length === 0 ? "" : `{ ${reads.join(", ")} }`
  }) => ${valueOf(kind, index, reads)})`;

/** A step that reads the output of step `index`, once with the right type and once with a wrong one. */
const lastStep = (index: number): string => `("last", ["s${index}"], ({ s${index} }) => {
    const right: number = s${index}.id${index % rows};
    // @ts-expect-error: this output is no string
    const wrong: string = s${index};
    return [right, wrong];
  })`;

const before = (index: number, distances: ReadonlyArray<number>): ReadonlyArray<string> =>
  distances.flatMap((distance) => (index - distance >= 0 ? [`s${index - distance}`] : []));

/** Each step reads the two previous ones. */
const chainReads = (index: number): ReadonlyArray<string> => before(index, [1, 2]);

/** Layers of ten; each step reads three of the previous layer. */
const layerReads = (index: number): ReadonlyArray<string> =>
  index < 10
    ? []
    : [...new Set([0, 3, 7].map((shift) => `s${Math.floor(index / 10 - 1) * 10 + ((index + shift) % 10)}`))];

const fluent = (
  builder: Builder,
  name: string,
  kind: Kind,
  size: number,
  reads: (index: number) => ReadonlyArray<string>,
): Program => ({
  name: `${name}-${size}-${kind}`,
  text: `${builder.head}
${declarations}
export const built = ${builder.start}
${Array.from({ length: size }, (_, index) => `  .step${stepText(kind, index, reads(index))}`).join("\n")}
  .step${lastStep(size - 1)};
`,
});

const typedStep = (kind: Kind, index: number): string => {
  const reads = chainReads(index);
  const typeOf = (read: string): string => {
    const row = Number(read.slice(1)) % rows;
    return kind === "declared" ? `Row${row}` : `{ id${row}: number; tags: string[] }`;
  };
  const parameter =
    reads.length === 0
      ? ""
      : `{ ${reads.join(", ")} }: { ${reads.map((read) => `${read}: ${typeOf(read)}`).join("; ")} }`;
  return `step("s${index}", [${reads.map((read) => `"${read}"`).join(", ")}], (${parameter}) => ${valueOf(kind, index, reads)})`;
};

const anyOrder = (kind: Kind, size: number): Program => ({
  name: `pipelineOf-${size}-${kind}`,
  text: `${espalier.head}
${declarations}
export const built = pipelineOf("bench", [
${shuffled(Array.from({ length: size }, (_, index) => `  ${typedStep(kind, index)},`)).join("\n")}
]).step${lastStep(size - 1)};
`,
});

/** Ten dynamic steps, each of whose sub-pipelines has one, whose sub-pipeline also has one. */
const nested = (kind: Kind): Program => {
  const sub = (index: number, depth: number): string =>
    depth === 0
      ? `pipeline("d${index}").step("t", [], () => 1).step("s${index}", ["t"], ({ t }) => ${valueOf(kind, index, ["t"])})`
      : `pipeline("d${index}_${depth}").step("u${depth}", [], () => ${depth}).dynamic("s${index}", ["u${depth}"], ({ u${depth} }) => u${depth} > 0 ? ${sub(index, depth - 1)} : ${kind === "declared" ? `row${index % rows}` : `{ id${index % rows}: 1, tags: ["x"] }`})`;
  return {
    name: `nested-10-${kind}`,
    text: `${espalier.head}
${declarations}
export const built = pipeline("bench").step("s0", [], () => ${valueOf(kind, 0, [])})
${Array.from({ length: 10 }, (_, index) => index + 1)
  .map(
    (index) =>
      `  .dynamic("s${index}", ["s${index - 1}"], ({ s${index - 1} }) => { void s${index - 1}; return ${sub(index, 2)}; })`,
  )
  .join("\n")}
  .step${lastStep(10)};
`,
  };
};

/** Ten families among fifty steps, each read by a glob. */
const families = (kind: Kind): Program => ({
  name: `families-10-${kind}`,
  text: `${espalier.head}
${declarations}
declare const keys: ReadonlyArray<number>;
export const built = pipeline("bench")
${Array.from({ length: 50 }, (_, index) => {
  const family = Math.floor(index / 5);
  return index % 5 === 0
    ? `  .addAll(keys.map((key) => step(\`f${family}_\${key}\`, [], () => ${valueOf(kind, family, [])})))
  .step("s${index}", ["f${family}_*"], (found) => { void found; return ${kind === "declared" ? `row${index % rows}` : `{ id${index % rows}: 1, tags: ["x"] }`}; })`
    : `  .step${stepText(kind, index, chainReads(index))}`;
}).join("\n")}
  .step("all", ["f3_*"], (found) => {
    const right: ReadonlyArray<number> = Object.values(found["f3_*"]).map((each) => each.id3);
    // @ts-expect-error: a family is a record
    const wrong: string = found["f3_*"];
    return [right, wrong];
  })
  .step${lastStep(49)};
`,
});

/** Fifty pipelines of eight steps. */
const project = (kind: Kind): Program => ({
  name: `project-50-${kind}`,
  text: `${espalier.head}
${declarations}
${Array.from({ length: 50 }, (_, index) =>
  `export const p${index} = pipeline("p${index}")
${Array.from({ length: 8 }, (__, at) => `  .step${stepText(kind, at, chainReads(at))}`).join("\n")}
  .step${lastStep(7)};`.replaceAll(/\bs(\d)\b/g, `s${index}_$1`),
).join("\n")}
`,
});

const kinds: ReadonlyArray<Kind> = ["declared", "literal"];
const sizes = [10, 50, 100, 200, 500, 1000];

/** All programs of the budget. */
export const programs: ReadonlyArray<Program> = kinds.flatMap((kind) => [
  ...[20, 21, ...sizes].map((size) => fluent(espalier, "chain", kind, size, chainReads)),
  ...sizes.map((size) => fluent(espalier, "layers", kind, size, layerReads)),
  anyOrder(kind, 100),
  anyOrder(kind, 300),
  nested(kind),
  families(kind),
  project(kind),
]);

/** The chains in the other builder. */
const comparison: ReadonlyArray<Program> = kinds.flatMap((kind) =>
  [100, 200, 500, 1000].map((size) => fluent(intersection, "intersection", kind, size, chainReads)),
);

/** Compiles a program alone. If the result is not as expected, throws an error with the compiler's output. */
const costOf = (project: ReturnType<typeof makeProject>, program: Program, mayFail: boolean) => {
  project.write(`${program.name}.ts`, program.text);
  const config = project.configure(`${program.name}.json`, [`${program.name}.ts`], { noUnusedLocals: false });
  const { text } = compile(7, ["-p", config, "--extendedDiagnostics", "--singleThreaded"], project.folder);
  const number = (label: string): number =>
    Number(new RegExp(`^${label}:\\s+([\\d.]+)`, "m").exec(text)?.[1]);
  const errors = text.split("\n").filter((line) => line.includes("error TS"));
  if (errors.length > 0 && !mayFail)
    throw new Error(`${program.name} does not compile:\n${errors.slice(0, 5).join("\n")}`);
  return {
    cost: { instantiations: number("Instantiations"), types: number("Types") } satisfies Cost,
    seconds: number("Check time"),
    error: errors[0],
  };
};

/** The cost of each program. */
export const measure = (
  folder: string,
  chosen: ReadonlyArray<Program>,
  told: (program: Program, cost: Cost, seconds: number, error: string | undefined) => void = () => {},
  mayFail = false,
): Readonly<Record<string, Cost>> => {
  const project = makeProject(folder);
  return Object.fromEntries(
    chosen.map((program) => {
      const { cost, seconds, error } = costOf(project, program, mayFail);
      told(program, cost, seconds, error);
      return [program.name, cost];
    }),
  );
};

export const budgetFile: string = join(root, "test/types/budget.json");

export const readBudget = (): Readonly<Record<string, Cost>> =>
  JSON.parse(readFileSync(budgetFile, "utf8")) as Readonly<Record<string, Cost>>;

const main = (args: ReadonlyArray<string>): void => {
  const words = args.filter((arg) => !arg.startsWith("--"));
  const comparing = args.includes("--compare");
  const among = comparing ? [...comparison, ...programs] : programs;
  const chosen = among.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  const budget = args.includes("--write") ? {} : readBudget();
  const costs = measure(
    "cost",
    chosen,
    ({ name }, { instantiations, types }, seconds, error) => {
      const was = budget[name]?.instantiations;
      const change = was === undefined ? "" : `${(((instantiations - was) / was) * 100).toFixed(1)} %`;
      const columns = [instantiations, types, `${seconds.toFixed(2)} s`, change, error ?? ""];
      console.log([name.padEnd(24), ...columns.map((column) => String(column).padStart(10))].join(" "));
    },
    true,
  );
  if (args.includes("--write")) writeFileSync(budgetFile, `${JSON.stringify(costs, undefined, 2)}\n`);
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
