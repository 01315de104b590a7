/** Services of pipelines that the command runs: `export const layer`. */
import { expect, test } from "vitest";
import { espalier } from "./espalier.ts";

test("a file's layer provides the services of its pipelines, and is released when the run has ended", async () => {
  const { code, stdout, stderr } = await espalier(["run", "services.ts", "--export", "greeting", "--json"]);
  expect(stderr).toContain("released");
  expect(stdout).toBe('{"text":"Hello, Ada!"}\n');
  expect(code).toBe(0);
});

test("a missing service is named, with the export that would provide it", async () => {
  const { code, stderr } = await espalier(["run", "services.ts", "--export", "lacking"]);
  expect(stderr).toContain(
    'The pipeline needs the service "app/Missing", and services.ts exports a layer that does not provide it. Add to services.ts: export const layer = Layer.succeed(TheService, …)',
  );
  expect(code).toBe(1);
});

test("an export `layer` that is not a layer is refused", async () => {
  const { code, stderr } = await espalier(["run", "wrong-layer.ts"]);
  expect(stderr).toContain('The export "layer" of "wrong-layer.ts" must be a Layer');
  expect(stderr).toContain("got an object");
  expect(code).toBe(1);
});
