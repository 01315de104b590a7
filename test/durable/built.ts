/**
 * Programs of tests, each built into one file: a process starts with it in half of the time, and most of those that tests
 * start do little else.
 */
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, beforeAll } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
// Beneath the repository, so that packages are found from there.
const folders = join(root, `temp/built-${process.pid}`);
let count = 0;

/** Builds programs, given by their paths in `test`, for the tests of a file. Returns where each of them is. */
export const built = (...programs: ReadonlyArray<string>): ((program: string) => string) => {
  const folder = `${folders}-${count++}`;
  beforeAll(async () => {
    const bundle = await rolldown({
      input: programs.map((program) => join(root, "test", program)),
      platform: "node",
      external: (id, _, isResolved) => !isResolved && /^(node:|pg)/.test(id),
      resolve: { conditionNames: ["espalier-source", "node", "import", "default"] },
    });
    await bundle.write({ dir: folder });
    await bundle.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
  return (program) => {
    if (!programs.includes(program)) throw new Error(`"${program}" is not built.`);
    return join(folder, `${basename(program, ".ts")}.js`);
  };
};
