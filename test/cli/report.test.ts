import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PageData } from "../../src/draw/page/data.ts";
import { espalier } from "./espalier.ts";
import { dataOf } from "../draw/page-data.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "espalier-report-"));
});
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

/** The data of a report that the command wrote. */
const written = async (file: string): Promise<PageData> => dataOf(await readFile(file, "utf8"));

test("run --report writes the page of the run, in a folder that it creates, and prints its usual output", async () => {
  const file = join(folder, "new", "folder", "report.html");
  const args = ["run", "training.ts", "-i", "rates=[1,2]", "-i", 'name="x"', "--report", file];
  const { code, stdout, stderr } = await espalier(args);
  expect(stdout).toBe("best: 'x@2'\nmodels: [ 'x@2', 'x@4' ]\n");
  expect(stderr).toContain(`report: ${file}`);
  expect(code).toBe(0);
  const { title, steps, run } = await written(file);
  expect([title, run?.state]).toEqual(["training", "done"]);
  expect(steps.map(({ path, run }) => [path, run?.state])).toEqual([
    ["doubled", "done"],
    ["models", "done"],
    ["best", "done"],
    ["models[0]", "done"],
    ["models[1]", "done"],
  ]);
  expect(steps[2]!.run?.values).toEqual([["best", '"x@2"']]);
});

test("a run that fails is reported with its error", async () => {
  const file = join(folder, "failed.html");
  const { code, stderr } = await espalier(["run", "failing.ts", "--export", "thrown", "--report", file]);
  expect(code).toBe(1);
  expect(stderr).toContain(`report: ${file}`);
  const { steps, run } = await written(file);
  expect(run?.state).toBe("failed");
  expect(steps.filter(({ run }) => run?.state === "failed").length).toBeGreaterThan(0);
  expect(steps.find(({ run }) => run?.error !== undefined)?.run?.error?.[0]?.text).toContain("StepFailed");
});

test("an interrupted run is reported too", async () => {
  const file = join(folder, "stopped.html");
  const { code } = await espalier(["run", "slow.ts", "--report", file], {
    onStderr: (said, kill) => {
      if (said.includes("waiting")) kill("SIGINT");
    },
  });
  expect(code).toBe(130);
  expect((await written(file)).run?.state).toBe("stopped");
});

test("a report that cannot be written fails a successful run, and does not hide why a run failed", async () => {
  const fine = await espalier(["run", "noisy.ts", "--report", "/dev/null/report.html"]);
  expect(fine.stderr).toContain("The report cannot be written to /dev/null/report.html");
  expect(fine.code).toBe(1);
  const failed = await espalier([
    "run",
    "failing.ts",
    "--export",
    "thrown",
    "--report",
    "/dev/null/report.html",
  ]);
  const alone = await espalier(["run", "failing.ts", "--export", "thrown"]);
  expect(failed.stderr).toContain("The report cannot be written to /dev/null/report.html");
  expect(failed.stderr.trimEnd().split("\n").at(-1)).toBe(alone.stderr.trimEnd().split("\n").at(-1));
});

test("graph --format html prints a page of the plan", async () => {
  const { code, stdout } = await espalier(["graph", "training.ts", "--format", "html"]);
  expect(code).toBe(0);
  const { title, steps, run } = dataOf(stdout);
  expect([title, run]).toEqual(["training", undefined]);
  expect(steps.map(({ name, kind }) => [name, kind])).toEqual([
    ["doubled", "step"],
    ["models", "map"],
    ["best", "step"],
  ]);
});
