/**
 * Plants weakenings in a copy of the types, one at a time, and checks that a type test notices each: a fixture of
 * `test/types/mistakes` that is no longer one error, or a case of `test/types/inference` that no longer compiles.
 *
 *     node scripts/types-mutations.ts          all weakenings
 *     node scripts/types-mutations.ts cycle    only those that contain one of these words
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TypePlant } from "./mutations/type-plants.ts";
import { typePlants } from "./mutations/type-plants.ts";
import { entryPoints, root } from "./package.ts";
import { compile, makeProject } from "./types-compiler.ts";
import { fixtures } from "./types-mistakes.ts";

// Inside the repository, so that packages are found.
const copy = join(root, "temp/types-mutations");

const makeCopy = (): void => {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of ["src", "types", "package.json"])
    cpSync(join(root, name), join(copy, name), { recursive: true });
};

/** The names of the fixtures and cases for which the compiler's messages are not the expected ones. */
const noticed = (project: ReturnType<typeof makeProject>): ReadonlyArray<string> => {
  // The sources themselves: writing their declarations first would take longer than all checks.
  const paths = Object.fromEntries(
    entryPoints().map(({ specifier, declarations }) => [
      specifier,
      [join(copy, declarations.slice(join(root, "dist").length).replace(/\.d\.ts$/, ".ts"))],
    ]),
  );
  const files = fixtures.map(({ name }) => `${name}.ts`);
  const cases = ["one-of-several", "overlapping-families"].map((name) => `inference/cases/${name}.ts`);
  const config = project.configure("tsconfig.json", [...files, ...cases], {
    paths,
    allowImportingTsExtensions: true,
  });
  const { text } = compile(7, ["-p", config, "--singleThreaded"], project.folder);
  const errors = text.split("\n").flatMap((line) => /^([\w/-]+)\.ts\(/.exec(line)?.[1] ?? []);
  const wrong = fixtures.filter(({ name }) => errors.filter((found) => found === name).length !== 1);
  return [...wrong.map(({ name }) => name), ...errors.filter((name) => name.startsWith("inference/"))];
};

const main = (words: ReadonlyArray<string>): void => {
  const project = makeProject("mutations");
  for (const { name, text } of fixtures) project.write(`${name}.ts`, text);
  cpSync(join(root, "test/types/inference"), join(project.folder, "inference"), { recursive: true });
  makeCopy();
  const before = noticed(project);
  if (before.length > 0) throw new Error(`Without a weakening, these are wrong: ${before.join(", ")}`);
  const plant = ({ fault, file, from, to }: TypePlant): boolean => {
    const text = readFileSync(join(root, file), "utf8");
    if (text.split(from).length !== 2) throw new Error(`${file} must have this text once: ${from}`);
    writeFileSync(
      join(copy, file),
      text.replace(from, () => to),
    );
    const by = noticed(project);
    writeFileSync(join(copy, file), text);
    console.log(`${fault}: ${by.length === 0 ? "NOT NOTICED" : `noticed by ${by[0]} (${by.length})`}`);
    return by.length > 0;
  };
  const chosen = typePlants.filter(
    ({ fault }) => words.length === 0 || words.some((word) => fault.includes(word)),
  );
  const found = chosen.filter(plant);
  console.log(`${found.length} of ${chosen.length} weakenings are noticed.`);
  if (found.length < chosen.length) process.exitCode = 1;
};

main(process.argv.slice(2));
