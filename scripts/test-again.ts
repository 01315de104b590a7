/**
 * Repeats the tests that failed in the last `vitest run`, one file at a time, with nothing else running. In a run of
 * all tests two files share two cores, and a CI machine has other guests: a browser or a server that starves there for
 * a minute proves nothing about the code. The output names every test that was repeated.
 *
 * Reads `temp/test-results.json`, and corrects its counts when all of these tests pass. With more than {@link mostTests}
 * failures nothing is repeated. Exits with 1 unless every test has passed.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

/** More failures than this have a cause other than a busy machine. */
const mostTests = 5;

interface Assertion {
  readonly ancestorTitles: ReadonlyArray<string>;
  readonly title: string;
  readonly status: string;
}

interface Results {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  readonly testResults: ReadonlyArray<{
    readonly name: string;
    readonly status: string;
    readonly assertionResults: ReadonlyArray<Assertion>;
  }>;
}

const root = join(import.meta.dirname, "..");
const resultsFile = join(root, "temp/test-results.json");
const againFile = join(root, "temp/test-results-again.json");

const resultsIn = (file: string): Results => JSON.parse(readFileSync(file, "utf8"));

const results = resultsIn(resultsFile);
const failedFiles = results.testResults.filter(({ status }) => status === "failed");
const failedIn = (assertions: ReadonlyArray<Assertion>): ReadonlyArray<string> =>
  assertions
    .filter(({ status }) => status === "failed")
    .map(({ ancestorTitles, title }) => [...ancestorTitles, title].join(" > "));

// A file that failed to load, or whose hook failed, has no failed tests; repeating those would hide that.
const unexplained = failedFiles.filter(({ assertionResults }) => failedIn(assertionResults).length === 0);
if (failedFiles.length === 0 || unexplained.length > 0 || results.numFailedTests > mostTests) process.exit(1);

for (const { name, assertionResults } of failedFiles) {
  const file = relative(root, name);
  const names = failedIn(assertionResults);
  for (const test of names) console.log(`repeated alone: ${file} > ${test}`);
  const pattern = names.map((test) => `^${RegExp.escape(test)}$`).join("|");
  const { status } = spawnSync(
    join(root, "node_modules/.bin/vitest"),
    ["run", file, "--maxWorkers=1", "-t", pattern, `--outputFile.json=${againFile}`],
    { cwd: root, stdio: "inherit" },
  );
  // Otherwise a pattern that matches no test would pass.
  if (status !== 0 || resultsIn(againFile).numPassedTests !== names.length) process.exit(1);
}

writeFileSync(
  resultsFile,
  JSON.stringify({
    ...results,
    numFailedTests: 0,
    numPassedTests: results.numPassedTests + results.numFailedTests,
  }),
);
