/** A report as readable text: a line for each law, and the gaps in the check's coverage. */
import type { Growth, LawReport, Report } from "./checking.ts";
import type { LawName } from "./laws/index.ts";

const grouped = (count: number): string => count.toLocaleString("en-US");

const plural = (count: number, word: string): string => `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;

const growthText = ({ items, steps }: Growth): string =>
  `${plural(steps, "step")} for ${plural(items, "item")}`;

/** The reason to request each law that is not checked by default. */
const onRequest: Partial<Readonly<Record<LawName, string>>> = {
  crashSafe: "outputs that cannot be recorded, and runs whose result changes after a crash and a resume",
  cacheTransparent: "steps with a cache that find what another step would have computed",
  signalSafe:
    "values for waiting steps that arrive early, at a deadline, twice, or while no process runs them",
  clusterSafe: "runs whose result changes when several processes execute them and some of these fail",
};

const lawLine = (report: LawReport, width: number): string => {
  const name = report.law.padEnd(width);
  const cut = report.isCutShort === true ? ", stopped by the deadline" : "";
  return report.result === "passed"
    ? `  ✓ ${name}  ${plural(report.runs, "input")}, ${grouped(report.runsWithSignal)} could have broken it${cut}`
    : `  – ${name}  vacuous: ${report.reason}`;
};

export const reportText = (
  { growth, laws, notes, seed, subject }: Report,
  notChecked: ReadonlyArray<LawName>,
): string => {
  const passed = laws.filter(({ result }) => result === "passed").length;
  const vacuous = laws.length - passed;
  const width = Math.max(0, ...laws.map(({ law }) => law.length));
  const lines = [
    `"${subject}" keeps ${plural(passed, "law")}${vacuous === 0 ? "" : `; ${vacuous} could not be broken by any input`} (seed ${seed})`,
    "",
    ...laws.map((report) => lawLine(report, width)),
  ];
  if (growth !== undefined) lines.push("", `  The largest expansion: ${growthText(growth)}.`);
  if (notes.length > 0) lines.push("", ...notes.map((note) => `  ! ${note}`));
  const worthAsking = notChecked.filter((name) => name in onRequest);
  if (worthAsking.length > 0) {
    lines.push("", "  Not checked:");
    for (const name of worthAsking) lines.push(`    ${name}: ${onRequest[name]}`);
    lines.push(`  Add them with the option \`laws: [...defaultLaws, "${worthAsking[0]}"]\`.`);
  }
  return lines.join("\n");
};
