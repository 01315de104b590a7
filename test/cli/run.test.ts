import { closeSync, existsSync, openSync } from "node:fs";
import { expect, test } from "vitest";
import { espalier, sentences } from "./espalier.ts";

test("run prints the outputs on standard output and the progress on standard error", async () => {
  const { code, stdout, stderr } = await espalier([
    "run",
    "training.ts",
    "--input",
    "rates=[1,2]",
    "--input",
    'name="x"',
  ]);
  expect(stdout).toBe("best: 'x@2'\nmodels: [ 'x@2', 'x@4' ]\n");
  expect(stderr).toMatch(
    /^▶ training\n✓ doubled .*\n✓ models: 2 items .*\n✓ best .*\n✓ done in .*\n {2}\d+ steps, 1 expansion in .*\n {2}critical path: .*\n$/u,
  );
  expect(code).toBe(0);
});

test("an input can be read from a file, and its name can contain the sign =", async () => {
  const { code, stdout } = await espalier([
    "run",
    "schema.ts",
    "-i",
    "rates=@rates.json",
    "-i",
    'a=b="x=y"',
    "--json",
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ sum: [3, "none", "x=y"] });
  expect(code).toBe(0);
});

test("with --json, standard output has only one JSON object, whatever the file and its steps print", async () => {
  const { code, stdout, stderr } = await espalier(["run", "noisy.ts", "--json"]);
  expect(stdout).toBe('{"a":1,"b":2,"c":3}\n');
  for (const noise of ["loading", "plain noise", "direct noise", "effect noise", "said by c", "50 % half"]) {
    expect(stderr).toContain(noise);
  }
  expect(code).toBe(0);
});

test("--json writes values that JSON can hold", async () => {
  const { stdout } = await espalier(["run", "values.ts", "--export", "fine", "--json"]);
  expect(JSON.parse(stdout)).toEqual({
    date: "1970-01-01T00:00:00.000Z",
    none: null,
    gone: null,
    text: 'é "\n\u202e',
    constructor: { b: [true] },
  });
});

test("characters that a terminal would obey are made visible", async () => {
  const { stdout } = await espalier(["run", "values.ts", "--export", "fine"]);
  expect(stdout).toContain("\\u202e");
  expect(stdout).not.toContain("\u202e");
});

test.for([
  ["map", 'The output "m" cannot be written as JSON: its list[1] is a Map.'],
  ["nan", 'The output "n" cannot be written as JSON: it is NaN.'],
  ["cycle", 'The output "c" cannot be written as JSON: it contains itself'],
] as const)("--json refuses values that JSON would change: %s", async ([name, sentence]) => {
  const ended = await espalier(["run", "values.ts", "--export", name, "--json"]);
  expect(ended.stdout).toBe("");
  expect(sentences(ended)).toEqual([expect.stringContaining(sentence)]);
  expect(ended.code).toBe(1);
});

test.for([
  ["thrown", 'Step "outer/outer" failed: boom (failing.ts:13:11)'],
  ["typed", 'Step "fetch" failed: Refused: the server answered 503 (failing.ts:17:76)'],
  ["nothing", 'Step "n" failed: null'],
] as const)("a run that fails is reported in one sentence with the path: %s", async ([name, sentence]) => {
  const ended = await espalier(["run", "failing.ts", "--export", name]);
  expect(sentences(ended)).toEqual([sentence]);
  expect(ended.stdout).toBe("");
  expect(ended.code).toBe(1);
});

test("a message with line breaks and terminal commands stays one visible line", async () => {
  const ended = await espalier(["run", "failing.ts", "--export", "item", "-i", "items=[1,2]"]);
  expect(sentences(ended)).toEqual([
    expect.stringMatching(/^Step "each\[1\]" failed: two is bad\\nreally\\u001b\[31m/u),
  ]);
  expect(ended.code).toBe(1);
});

test("a rejected Promise that the file did not await fails the command", async () => {
  const ended = await espalier(["run", "failing.ts", "--export", "stray"]);
  expect(sentences(ended)).toEqual([
    expect.stringContaining(
      "A Promise that was not awaited was rejected: no one waited for this (failing.ts:24:",
    ),
  ]);
  expect(ended.code).toBe(1);
});

test.for([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s interrupts the run, fires its signals, and exits with %d", async ([signal, code]) => {
  const ended = await espalier(["run", "slow.ts", "--json"], {
    onStderr: (said, kill) => {
      if (said.includes("waiting") && !said.includes("cleaned up")) kill(signal);
    },
  });
  expect(ended.stderr).toContain("cleaned up");
  expect(ended.stderr).toContain("✗ interrupted after");
  expect(ended.stdout).toBe("");
  expect(ended.code).toBe(code);
});

test("--concurrency limits the number of steps that run at once", async () => {
  const one = await espalier(["run", "overlap.ts", "--concurrency", "1", "--json"]);
  expect(one.stdout).toBe('{"most":1}\n');
  const two = await espalier(["run", "overlap.ts", "-c", "2", "--json"]);
  expect(two.stdout).toBe('{"most":2}\n');
});

test("a large output arrives whole, however slowly it is read", async () => {
  const { code, stdout } = await espalier(["run", "values.ts", "--export", "large", "--json"]);
  expect(stdout.length).toBe(3_000_000 + '{"text":""}\n'.length);
  expect(code).toBe(0);
});

test("a second Ctrl-C does not wait for a step that ignores the first", async () => {
  let began = Infinity;
  const ended = await espalier(["run", "stubborn.ts"], {
    onStderr: (said, kill) => {
      if (!said.includes("waiting")) return;
      began = Math.min(began, performance.now());
      kill("SIGINT");
      setTimeout(() => kill("SIGINT"), 300);
    },
  });
  expect(ended.code).toBe(130);
  expect(performance.now() - began).toBeLessThan(4500);
});

test.skipIf(!existsSync("/dev/full"))("an output that cannot be written is a failure", async () => {
  const full = openSync("/dev/full", "w");
  const ended = await espalier(["graph", "training.ts"], { stdout: full });
  closeSync(full);
  expect(sentences(ended)).toEqual([expect.stringMatching(/^Standard output cannot be written: .*ENOSPC/u)]);
  expect(ended.code).toBe(1);
});
