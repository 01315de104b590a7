/**
 * Plants faults in a copy of the engine, one at a time, and checks that the laws find each. A fault that they miss means
 * that a law is missing.
 *
 *     node --conditions=espalier-source scripts/mutation-check.ts            all faults, as a table
 *     node --conditions=espalier-source scripts/mutation-check.ts --write    also writes the table into docs
 *     node --conditions=espalier-source scripts/mutation-check.ts signal     only those that contain this word
 *     node --conditions=espalier-source scripts/mutation-check.ts --recorded only those of recorded runs
 *     node --conditions=espalier-source scripts/mutation-check.ts --cluster  only those of several processes
 *     node --conditions=espalier-source scripts/mutation-check.ts --short    a few of the engine's, different ones each day
 */
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Plant } from "./mutations/plant.ts";
import { plants } from "./mutations/plants.ts";

const root = join(import.meta.dirname, "..");
// Inside the repository, so that packages are found.
const copy = join(root, "temp/mutation-check");
const page = join(root, "docs/explanation/mutation-check.md");
const seed = 1;
const runs = 60;
/** A history of several processes is short, and only a few show a given fault. */
const histories = 6_000;
const runsOf = (of: NonNullable<Plant["laws"]>): number => (of === "cluster" ? histories : runs);
const how = `with seed ${seed} and ${runs} runs of each law, or ${histories} histories of several processes`;
const limitMillis = 240_000;

/** The law that found the fault, or undefined if none did. */
interface Found {
  readonly law: string;
  readonly millis: number;
}

const makeCopy = (): void => {
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of ["src", "types", "property-tests", "package.json"]) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
};

/** `of`: the laws of the engine, of recorded runs, or of several processes. */
const runLaws = (of: NonNullable<Plant["laws"]>): Promise<Found | undefined> =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const laws = spawn(
      process.execPath,
      ["--conditions=espalier-source", "property-tests/catch.ts", String(seed), String(runsOf(of)), of],
      { cwd: copy, stdio: ["ignore", "pipe", "pipe"] },
    );
    let said = "";
    let complained = "";
    laws.stdout.on("data", (text: Buffer) => (said += text.toString()));
    laws.stderr.on("data", (text: Buffer) => (complained += text.toString()));
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      laws.kill("SIGKILL");
    }, limitMillis);
    laws.on("close", (code) => {
      clearTimeout(timer);
      const millis = performance.now() - began;
      if (code === 0) resolve(undefined);
      else if (isLate) resolve({ law: "every run comes to an end", millis });
      else if (said.trim() === "") reject(new Error(`The laws could not be run:\n${complained}`));
      else resolve({ law: (JSON.parse(said.trim().split("\n")[0]!) as { law: string }).law, millis });
    });
  });

/** The file in the copy, and its text with and without the fault. */
const planted = ({ fault, file, from, to }: Plant) => {
  const path = join(copy, file);
  const text = readFileSync(path, "utf8");
  const places = text.split(from).length - 1;
  if (places !== 1)
    throw new Error(
      `"${fault}": its text occurs ${places} times in ${file}, and must occur once. Fix scripts/mutations/plants.ts.`,
    );
  return { path, text, faulty: text.replace(from, () => to) };
};

/** Plants the fault, runs the laws, and removes the fault again. */
const check = async (plant: Plant): Promise<Found | undefined> => {
  const { path, text, faulty } = planted(plant);
  writeFileSync(path, faulty);
  try {
    return await runLaws(plant.laws ?? "engine");
  } finally {
    writeFileSync(path, text);
  }
};

const words = process.argv.slice(2).filter((word) => !word.startsWith("--"));
/** In the short form every nth fault is planted, starting with a different one each day. */
const shortStep = 12;
const today = Math.floor(Date.now() / 86_400_000) % shortStep;

const ofKind = process.argv.includes("--recorded")
  ? plants.filter(({ laws }) => laws === "recorded")
  : process.argv.includes("--cluster")
    ? plants.filter(({ laws }) => laws === "cluster")
    : process.argv.includes("--short")
      ? plants.filter(({ laws = "engine" }) => laws === "engine").filter((_, i) => i % shortStep === today)
      : plants;
const chosen = ofKind.filter(({ fault }) => words.every((word) => fault.includes(word)));

makeCopy();
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
for (const plant of plants) planted(plant);
for (const of of new Set(chosen.map(({ laws = "engine" }) => laws))) {
  const healthy = await runLaws(of);
  if (healthy !== undefined) throw new Error(`Without any fault planted, "${healthy.law}" does not hold.`);
}

const rows: Array<string> = [];
let missed = 0;
for (const plant of chosen) {
  const found = await check(plant);
  if (found === undefined) missed++;
  const seconds = found === undefined ? "" : (found.millis / 1000).toFixed(1);
  console.log(
    `${found === undefined ? "MISSED" : "found "}  ${seconds.padStart(5)} s  ${plant.fault}${found === undefined ? "" : `: ${found.law}`}`,
  );
  rows.push(`| ${plant.fault} | ${found === undefined ? "**missed**" : found.law} |`);
}
console.log(`\n${chosen.length - missed} of ${chosen.length} faults were found, ${how}.`);

if (process.argv.includes("--write")) {
  const text = readFileSync(page, "utf8");
  const [before = "", rest = ""] = text.split("<!-- table -->\n");
  const [, after = ""] = rest.split("<!-- end of table -->\n");
  const head = [
    `${chosen.length - missed} of ${chosen.length} faults are found, each ${how}.`,
    "",
    "| fault | found by the law |",
    "| --- | --- |",
  ];
  const table = [...head, ...rows].join("\n");
  writeFileSync(page, `${before}<!-- table -->\n${table}\n<!-- end of table -->\n${after}`);
  execFileSync("npx", ["biome", "format", "--write", page], { cwd: root, stdio: "inherit" });
}
process.exitCode = missed === 0 ? 0 : 1;
