/** `Plan.toSvg` of the core, which loads its dependencies at the first call. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { Plan, pipeline } from "espalier";
import { Plan as Drawn } from "espalier/draw";
import { afterEach, expect, test, vi } from "vitest";

const plan = pipeline("sum")
  .step("one", [], () => 1)
  .step("two", ["one"], ({ one }) => one + 1)
  .plan();

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test("draws the same as toSvg of espalier/draw", () => {
  expect(Plan.toSvg(plan)).toBe(Drawn.toSvg(plan));
});

test("loads the layout at the first picture, and not before", () => {
  const program = `
import { Plan, pipeline } from "espalier";
import { registerHooks } from "node:module";
const loaded = [];
registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
const { plan } = { plan: pipeline("p").step("a", [], () => 1).plan() };
Plan.toMermaid(plan);
const before = loaded.length;
const svg = Plan.toSvg(plan);
console.log(before, loaded.some((url) => url.includes("d3-dag")), svg.startsWith("<svg "));
`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=espalier-source", "--input-type=module", "--eval", program],
    { cwd: join(import.meta.dirname, "../.."), encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(stdout).toBe("0 true true\n");
});

test("names the alternative if nothing can be loaded synchronously", async () => {
  vi.resetModules();
  const fresh = await import("espalier");
  vi.stubGlobal("process", undefined);
  expect(() => fresh.Plan.toSvg(plan)).toThrow('import { Plan } from "espalier/draw"');
});
