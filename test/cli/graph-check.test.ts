import { expect, test } from "vitest";
import { espalier } from "./espalier.ts";
import { shell } from "./shell.ts";

const command = shell();

test("graph prints the graph and nothing else, in each format", async () => {
  const mermaid = await espalier(["graph", "training.ts"]);
  expect(mermaid.stdout).toBe(
    [
      "flowchart TD",
      '  n0(["rates"])',
      '  n1(["name"])',
      '  n2["doubled"]',
      '  n3[["models"]]',
      '  n4["best"]',
      "  n0 --> n2",
      "  n2 --> n3",
      "  n1 --> n3",
      "  n3 --> n4",
      "",
    ].join("\n"),
  );
  const dot = await espalier(["graph", "noisy.ts", "--format", "dot"]);
  expect(dot.stdout).toMatch(/^digraph \{\n {2}label="noisy";[^]*n0 -> n1;\n {2}n1 -> n2;\n\}\n$/u);
  expect(dot.stderr).toBe("loading\n");
  const json = await espalier(["graph", "several.ts", "--export", "weekly", "--format", "json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({ name: "weekly", steps: [{ name: "b", kind: "step" }] });
  const svg = await espalier(["graph", "training.ts", "--format", "svg"]);
  expect(svg.stdout).toMatch(/^<svg [^]*>doubled<[^]*<\/svg>\n$/u);
  expect([mermaid.code, dot.code, json.code, svg.code]).toEqual([0, 0, 0, 0]);
});

test("check describes a pipeline, and runs nothing", async () => {
  const { code, stdout, stderr } = await command(["check", "training.ts"]);
  expect(stdout).toBe(
    'training: 3 steps, takes "rates" and "name", returns "best" and "models": no mistakes.\n',
  );
  expect(stderr).toBe("");
  expect(code).toBe(0);
});

test("check warns of outputs that no step reads", async () => {
  const forgotten = await command(["check", "unread.ts", "--export", "forgotten"]);
  expect(forgotten.stderr).toBe(
    'Warning: No step reads the input "idle".\nWarning: No step reads the output "lost", and .returns does not include it.\n',
  );
  expect(forgotten.stdout).toContain("2 warnings.");
  const open = await command(["check", "unread.ts", "--export", "open"]);
  expect(open.stderr).toBe(
    'Warning: No step reads the outputs "a", "b" and "c". Add .returns(…) with those that a run should return.\n',
  );
  expect([forgotten.code, open.code]).toEqual([0, 0]);
});

test("help teaches with examples, and completions are printed for each shell", async () => {
  const help = await command(["--help"]);
  for (const word of ["run", "graph", "check", "EXAMPLES", "--completions"])
    expect(help.stdout).toContain(word);
  const run = await command(["run", "--help"]);
  expect(run.stdout).toContain("espalier run training.ts --json | jq .bestModel");
  for (const name of ["bash", "zsh", "fish", "powershell"]) {
    const completions = await espalier(["--completions", name]);
    expect(completions.stdout).toContain("concurrency");
    expect(completions.code).toBe(0);
  }
  expect([help.code, run.code]).toEqual([0, 0]);
  expect((await command(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/u);
});

test("graph --format text prints a line for each step, with its inputs and its possible expansions", async () => {
  const { stdout, code } = await command(["graph", "training.ts", "--format", "text"]);
  expect(stdout).toBe(
    [
      "training (rates, name) → best, models",
      "├─ doubled  ← rates",
      "├─ models   ← doubled, name  (for each of doubled)",
      "└─ best     ← models",
      "",
    ].join("\n"),
  );
  expect(code).toBe(0);
});
