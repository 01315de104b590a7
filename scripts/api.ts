/**
 * Writes (`--write`) or checks (`--check`) the API reports in `docs/api`: one for each public entry point that
 * `exports` in package.json names. Reads the declarations in `dist`, so build first.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { entryPoints, root } from "./package.ts";

const mode = process.argv[2];
if (mode !== "--write" && mode !== "--check") throw new Error("Usage: node scripts/api.ts --write | --check");

const reports = join(root, "docs/api");
mkdirSync(reports, { recursive: true });

/** `espalier/testing` is reported in `espalier-testing.api.md`. */
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
          // What an entry point's types mention without exporting stands in the report, where a reviewer sees it.
          "ae-forgotten-export": { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  const result = Extractor.invoke(config, { localBuild: mode === "--write", showVerboseMessages: false });
  // A warning stands in the report; only an error, or a report that differs, fails.
  if (result.errorCount > 0) return false;
  return mode === "--write" || !result.apiReportChanged;
};

const entries = entryPoints();
const failed = entries.filter(({ specifier, declarations }) => !report(specifier, declarations));

// What nobody can read about fails: members without a sentence, and types that are mentioned without being exported. The types
// by which the compiler checks a pipeline are neither documented nor exported: they stand in `types/`, for the sources.
const helpers = new Set(
  readdirSync(join(root, "types")).flatMap((file) =>
    [
      ...readFileSync(join(root, "types", file), "utf8").matchAll(/^(?:export )?(?:type|interface) (\w+)/gm),
    ].map(([, name]) => name),
  ),
);
const reportOf = (specifier: string): string => readFileSync(join(reports, reportName(specifier)), "utf8");

/** Types of the main entry point, which the others mention: nobody looks for them there. */
const exported = new Set(
  [...reportOf("espalier").matchAll(/^export (?:type|interface|class|const|function) (\w+)/gm)].map(
    ([, name]) => name,
  ),
);

let isSilent = false;
for (const { specifier } of entries) {
  const text = reportOf(specifier);
  const complaints = {
    "no word about": [...text.matchAll(/\(undocumented\)\n\s*(.*)/g)]
      .map(([, member = ""]) => member)
      .filter(
        (member) => !/^(?:get message\(\)|readonly (?:code|name|_tag) =|readonly type: ")/.test(member),
      ),
    "not exported, and mentioned:": [...text.matchAll(/ae-forgotten-export\) The symbol "(\w+)"/g)]
      .map(([, name = ""]) => name.replace(/_\d+$/, ""))
      .filter((name) => !name.endsWith("_base") && !helpers.has(name) && !exported.has(name)),
    "without @public or another release tag:": [...text.matchAll(/ae-missing-release-tag\) "(\w+)"/g)].map(
      ([, name = ""]) => name,
    ),
  };
  for (const [complaint, names] of Object.entries(complaints)) {
    if (names.length === 0) continue;
    isSilent = true;
    console.error(`${specifier}: ${complaint} ${[...new Set(names)].join(", ")}`);
  }
}

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
if (isSilent || failed.length > 0 || (mode === "--check" && stale.length > 0)) process.exit(1);
