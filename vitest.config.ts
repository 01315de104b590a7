import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { FlakyReporter } from "./scripts/flaky-reporter.ts";
import { LongestFirst } from "./scripts/longest-first.ts";

// Hundreds of tests start a process of their own: they share what Node has compiled, which is a third of their time.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "temp/compile-cache");

// Tests import the library as users do (`espalier`); this condition leads that name to the sources here.
const conditions = ["espalier-source", "node", "import", "module", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["test/**/*.test.ts", "property-tests/**/*.test.ts"],
    globalSetup: "test/postgres/server/global-setup.ts",
    environment: "node",
    pool: "forks",
    // Many tests start processes, and a machine may have other things to do: a timeout here means that something hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    execArgv: ["--conditions=espalier-source"],
    // In continuous integration a failed test has a second try, since machines there stall for seconds; whatever needed
    // it is listed at the end, with the seed of the first try. At home a failure is a failure.
    retry: process.env["CI"] ? 1 : 0,
    // The counts at the end of a continuous-integration run are read from the file.
    reporters: process.env["CI"] ? ["default", "json", new FlakyReporter()] : ["default"],
    outputFile: { json: "temp/test-results.json" },
  },
});
