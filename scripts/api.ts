/**
 * Writes (`--write`) or checks (`--check`) the API reports in `docs/api`, one for each public entry point that
 * `exports` in package.json names. Reads the declarations in `dist`, so build first. Both modes fail if a public member
 * lacks a sentence or a release tag, or if a type is mentioned that cannot be imported.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { omissions } from "./api-rules.ts";
import { entryPoints, root } from "./package.ts";

const mode = process.argv[2];
if (mode !== "--write" && mode !== "--check") throw new Error("Usage: node scripts/api.ts --write | --check");

const reports = join(root, "docs/api");
mkdirSync(reports, { recursive: true });

/** The report of `espalier/testing` is `espalier-testing.api.md`. */
const reportName = (specifier: string): string => `${specifier.replaceAll("/", "-")}.api.md`;

const report = (specifier: string, declarations: string): boolean => {
  const config = ExtractorConfig.prepare({
    configObjectFullPath: join(root, "api-extractor.json"),
    packageJsonFullPath: join(root, "package.json"),
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: declarations,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: "es2022",
            lib: ["esnext"],
            module: "nodenext",
            moduleResolution: "nodenext",
            types: ["node"],
            strict: true,
            exactOptionalPropertyTypes: true,
            skipLibCheck: true,
          },
          files: [declarations],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: reportName(specifier),
        reportFolder: reports,
        reportTempFolder: join(root, "temp/api"),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
          // api-rules.ts checks this: it knows which names may stay unexported and which ones another entry point exports.
          "ae-forgotten-export": { logLevel: ExtractorLogLevel.None },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  const result = Extractor.invoke(config, { localBuild: mode === "--write", showVerboseMessages: false });
  // Warnings are part of the report; only an error or a changed report fails.
  if (result.errorCount > 0) return false;
  return mode === "--write" || !result.apiReportChanged;
};

const entries = entryPoints();
const failed = entries.filter(({ specifier, declarations }) => !report(specifier, declarations));

const silent = omissions(entries, join(root, "dist"));
for (const omission of silent) console.error(omission);

const expected = new Set(entries.map(({ specifier }) => reportName(specifier)));
const stale = readdirSync(reports).filter((file) => file.endsWith(".api.md") && !expected.has(file));
for (const file of stale) {
  if (mode === "--write") rmSync(join(reports, file));
  else console.error(`docs/api/${file} belongs to no entry point: run npm run api`);
}

for (const { specifier } of failed) {
  const file = reportName(specifier);
  console.error(
    existsSync(join(reports, file))
      ? `docs/api/${file} differs from the API: look at the change, then run npm run api`
      : `docs/api/${file} is missing: run npm run api`,
  );
}
if (failed.length > 0 || silent.length > 0 || (mode === "--check" && stale.length > 0)) process.exit(1);
