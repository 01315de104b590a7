#!/usr/bin/env node
/**
 * Makes a project: `npm create espalier [folder]`. It copies `template`, names the project after its folder, and says
 * what to do next. Plain JavaScript, since it runs before anything is installed.
 */
import { cpSync, existsSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";

const usage = "Usage: npm create espalier [folder]";

const fail = (/** @type {string} */ message) => {
  console.error(message);
  process.exit(1);
};

const args = process.argv.slice(2);
if (args.includes("--help") || args.includes("-h")) {
  console.log(
    `${usage}\n\nMakes a project with one pipeline, one script and one test. The folder is my-pipeline unless you name one.`,
  );
  process.exit(0);
}
const flag = args.find((arg) => arg.startsWith("-"));
if (flag !== undefined) fail(`Unknown option ${flag}. ${usage}`);
if (args.length > 1) fail(`Expected one folder, received ${args.length}: ${args.join(", ")}. ${usage}`);

const folder = resolve(args[0] ?? "my-pipeline");
try {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    fail(
      `The folder ${folder} is not empty, and nothing in it was changed. Name another: npm create espalier other-name`,
    );
  }
  cpSync(join(import.meta.dirname, "template"), folder, { recursive: true });
  // npm leaves a file of this name out of packages, so the template has it without its dot.
  renameSync(join(folder, "gitignore"), join(folder, ".gitignore"));

  // What npm accepts as a name: a folder may be called anything.
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "")
    .slice(0, 200);
  for (const file of ["package.json", "README.md"]) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("{{name}}", name || "my-pipeline"));
  }
} catch (error) {
  fail(
    `The project could not be written to ${folder}: ${error instanceof Error ? error.message : String(error)}`,
  );
}

console.log(`Made ${folder}. Next:

  cd ${relative(process.cwd(), folder) || "."}
  npm install
  npm start      # runs the pipeline
  npm test       # checks the types, then the dynamic step against random inputs`);
