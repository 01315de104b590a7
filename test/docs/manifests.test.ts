/** The manifests of the guide to clusters are valid for Docker and Kubernetes, and they start a command that the program has. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Document } from "yaml";
import { parseAllDocuments } from "yaml";

const root = join(import.meta.dirname, "../..");
const guide = readFileSync(join(root, "docs/guides/clusters.md"), "utf8");
const runner = readFileSync(join(root, "src/cli/commands/runner.ts"), "utf8");
const flagsOf = /(?:Flag\.\w+|portFlag)\(\s*"(?<flag>[a-z-]+)"/g;
const shared = ["src/cli/served-files.ts", "src/cli/store.ts"].map((file) =>
  readFileSync(join(root, file), "utf8"),
);
const flags = new Set(
  [runner, ...shared].flatMap((text) =>
    [...text.matchAll(flagsOf)].map((match) => `--${match.groups!["flag"]}`),
  ),
);

const blocksOf = (language: string): ReadonlyArray<string> =>
  [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(?<text>[\\s\\S]*?)^\`\`\``, "gm"))].map(
    (match) => match.groups!["text"]!,
  );

/** The instruction and arguments of each line of a Dockerfile, with continued lines joined. */
const instructions = (text: string): ReadonlyArray<readonly [instruction: string, rest: string]> =>
  text
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, instruction, rest] = /^(\S+)\s+(.+)$/.exec(line)!;
      return [instruction!, rest!] as const;
    });

const known = ["FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "EXPOSE", "ENTRYPOINT", "CMD"];

/** The arguments of the image, and those that the deployment adds. */
const [dockerfile] = blocksOf("dockerfile").map(instructions);
const documents = blocksOf("yaml").flatMap(
  (text) =>
    [...parseAllDocuments(text, { strict: true, uniqueKeys: true })] as ReadonlyArray<Document.Parsed>,
);
const manifests = documents.map((document) => document.toJS() as any);
const [deployment] = manifests;
const [container] = deployment.spec.template.spec.containers;
const command = JSON.parse(dockerfile!.find(([name]) => name === "ENTRYPOINT")![1]) as ReadonlyArray<string>;
const args: ReadonlyArray<string> = [...command, ...container.args];
const after = (flag: string): string => args[args.indexOf(flag) + 1]!;

describe("The guide to clusters", () => {
  test("has manifests that a strict parser accepts", () => {
    expect(documents).toHaveLength(1);
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
  });

  test("has a Dockerfile of known instructions, which runs as a user and has its command in exec form", () => {
    expect(dockerfile!.map(([name]) => name).filter((name) => !known.includes(name))).toEqual([]);
    expect(dockerfile![0]![0]).toBe("FROM");
    expect(dockerfile!.some(([name, rest]) => name === "USER" && rest !== "root")).toBe(true);
    expect(command.slice(0, 3)).toEqual(["npx", "espalier", "runner"]);
  });

  test("starts runners with flags that the command has", () => {
    const used = args.filter((arg) => arg.startsWith("--"));
    expect(used.length).toBeGreaterThan(3);
    expect(used.filter((flag) => !flags.has(flag))).toEqual([]);
  });

  test("has a Deployment whose parts fit together", () => {
    expect(deployment).toMatchObject({ apiVersion: "apps/v1", kind: "Deployment" });
    const { selector, template } = deployment.spec;
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    const ports = container.ports.map(
      ({ containerPort }: { readonly containerPort: number }) => containerPort,
    );
    expect(ports).toEqual([Number(after("--port")), Number(after("--step-port"))]);
    for (const probe of [container.readinessProbe, container.livenessProbe])
      expect(probe.httpGet).toEqual({ path: "/health", port: ports[0] });
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(after("--drain")) + 5);
    const variables = container.env.map(({ name }: { readonly name: string }) => name);
    expect(variables).toContain("ESPALIER_DATABASE");
    // An argument refers only to variables of the container.
    for (const [, name] of args.join(" ").matchAll(/\$\((\w+)\)/g)) expect(variables).toContain(name);
  });
});
