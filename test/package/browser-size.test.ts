/** The size that an entry point adds to a user's page: its code with Effect's, bundled for browsers, minified and compressed. */
import { writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "temp/browser-size");

/** The size in kB that a page loads for all exports of that entry point, without modules that are imported only on demand. */
const loaded = async (specifier: string): Promise<number> => {
  mkdirSync(folder, { recursive: true });
  const input = join(folder, `${specifier.replace("/", "-")}.ts`);
  writeFileSync(input, `export * from "${specifier}";\n`);
  const bundle = await rolldown({
    input,
    platform: "browser",
    resolve: { conditionNames: ["espalier-source", "import", "default"] },
  });
  const { output } = await bundle.generate({ format: "es", minify: true });
  await bundle.close();
  const chunks = new Map(output.flatMap((file) => (file.type === "chunk" ? [[file.fileName, file]] : [])));
  const reached = new Set(
    output.flatMap((file) => (file.type === "chunk" && file.isEntry ? [file.fileName] : [])),
  );
  for (const name of reached) for (const imported of chunks.get(name)!.imports) reached.add(imported);
  const bytes = Array.from(reached, (name) => gzipSync(chunks.get(name)!.code).length);
  return bytes.reduce((sum, length) => sum + length, 0) / 1000;
};

test.for([
  ["espalier", 110],
  ["espalier/draw", 130],
  ["espalier/client", 5],
] as const)("%s adds at most %i kB to a page", async ([specifier, limit]) => {
  const size = await loaded(specifier);
  console.info(`${specifier}: ${size.toFixed(1)} kB, compressed`);
  expect(size).toBeLessThan(limit);
  // A size close to zero would mean that the entry point was not found.
  expect(size).toBeGreaterThan(1);
});
