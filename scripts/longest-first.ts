/**
 * The order of test files: those that take minutes start first, so that none of them runs alone at the end. The times are
 * those of a run of all tests on two cores.
 */
import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

const longest = [
  "test/sqlite/killed.test.ts",
  "test/draw/page.test.ts",
  "test/postgres/killed.test.ts",
  "test/postgres/owners.test.ts",
  "test/cli/watch.test.ts",
  "test/draw/hostile.test.ts",
  "test/cli/serve.test.ts",
  "test/package/package.test.ts",
  "test/sqlite/owners.test.ts",
];

const rankOf = ({ moduleId }: TestSpecification): number => {
  const at = longest.findIndex((file) => moduleId.endsWith(`/${file}`));
  return at === -1 ? longest.length : at;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    return (await super.sort(files)).toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
