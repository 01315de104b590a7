/** Plans in which every name is a hostile label, and the counts that must be found after parsing them. */
import type { Plan, PlanStep } from "espalier";
import { nastier, someLabels } from "./labels.ts";

export interface Hostile {
  readonly plan: Plan;
  /** The labels that are names of steps. */
  readonly names: ReadonlyArray<string>;
  /** The number of steps, including those inside expansions. */
  readonly steps: number;
  /** The number of inputs, including those of expansions, and of notes of direct values. */
  readonly others: number;
  readonly edges: number;
  /** The number of expanded steps and of their expansions. */
  readonly clusters: number;
}

/** A plan that uses all of these as names: of steps, pipelines, inputs, cases, families, outputs and descriptions. */
export const hostilePlan = (labels: ReadonlyArray<string>): Hostile => {
  const other = (i: number): string => labels[i % labels.length]!;
  const pathOf = (i: number): string => `${i}${labels[i]!}`;
  let [inner, values, expands] = [0, 0, 0];
  const steps = labels.map((name, i): PlanStep => {
    const path = pathOf(i);
    const from = Math.floor((i - 1) / 2);
    // Named after the step that provides it, by a different name, or as a family.
    const reads = [labels[from] ?? "", other(i + 2), `${other(i + 2)}*`][i % 3]!;
    const expansions: PlanStep["expansions"] =
      i % 8 === 1
        ? [
            {
              path,
              plan: {
                name: other(i + 3),
                inputs: [],
                returns: [name],
                steps: [{ path: `${path}/${name}`, name, kind: "step", inputs: [], outputs: [name] }],
              },
            },
          ]
        : i % 8 === 5
          ? [{ path: `${path}[${name}]`, plan: undefined }]
          : undefined;
    if (i % 8 === 1) inner++;
    if (i % 8 === 5) values++;
    if (expansions !== undefined) expands++;
    return {
      path,
      name,
      kind: (["step", "dynamic", "map", "switch"] as const)[i % 4]!,
      inputs: i === 0 ? [{ name: "given", from: "" }] : [{ name: reads, from: pathOf(from) }],
      outputs: i % 5 === 4 ? "all" : [name, other(i + 1)],
      description: other(i + 4),
      tags: [name],
      ...(i % 4 === 3 ? { cases: [name, other(i + 1)] } : {}),
      ...(expansions === undefined ? {} : { expansions }),
    };
  });
  const inputs = [...new Set(["given", ...labels.slice(0, 3)])];
  return {
    plan: { name: other(5), inputs: inputs.map((name) => ({ name })), returns: labels, steps },
    names: labels,
    steps: labels.length + inner,
    others: inputs.length + values,
    edges: labels.length + expands,
    clusters: expands + inner,
  };
};

/** Two thousand random labels, in plans of fifty. */
export const hostilePlans = (what: string): ReadonlyArray<Hostile> => {
  const labels = someLabels(what, nastier, 2_000);
  return Array.from({ length: 40 }, (_, i) => hostilePlan(labels.slice(i * 50, (i + 1) * 50)));
};
