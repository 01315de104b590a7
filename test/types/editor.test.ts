/** What an editor shows, as the language server of TypeScript 7 answers: completion where names belong, and hovers. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeProject } from "../../scripts/types-compiler.ts";
import type { Editor } from "./language-server.ts";
import { openEditor } from "./language-server.ts";

const program = `import { dynamic, pipeline, pipelineOf, step, type } from "espalier";

const small = pipeline("small")
  .input("config", type<{ readonly rates: ReadonlyArray<number> }>())
  .step("dataset", ["config"], async ({ config }) => config.rates)
  .step("text", [], () => "a")
  .step("feat_a", [], () => 1);

small.step("one", ["|first|"], () => 1);
small.step("two", ["config", "|second|"], () => 1);
small.step("three", ["da|begun|"], () => 1);
small.step("four", ["config"], () => 1, { outputs: ["|outputs|"] });
small.map("five", "|over|", [], () => 1);
small.map("six", "dataset", ["|map|"], () => 1);
small.dynamic("seven", ["|dynamic|"], () => 1);
small.switch("eight", ["|switch|"], () => "a", { a: () => 1 });
small.returns("|returns|");
small.step("nine", ["config", "text"], ({ |binding| }) => 1);
small.switch("ten", [], (): "low" | "high" => "low", { |cases| });
void small.run({ |run| });
small.only("|only|");
small.step("more", [], () => ({ train: 1, test: 2 }), { outputs: ["|fields|"] });
small.dynamic("some", [], () => ({ train: 1, test: 2 }), { outputs: ["|exposed|"] });
small.step("more", ["config"], async ({ config }) => ({ train: config, test: 2 }), { outputs: ["test", "|another|"] });
small.step("more", ["config"], ({ config }) => ({ config, train: 1 }), { retry: { times: 2 }, outputs: ["|untaken|"] });
small.step("more", ["config"], ({ config }) => [config], { outputs: ["|list|"] });
step("alone", ["a"], ({ a }: { a: number }) => ({ train: a, test: 2 }), { outputs: ["|alone|"] });
dynamic("alone", ["a"], ({ a }: { a: number }) => ({ train: a, test: 2 }), { outputs: ["|unfolded|"] });
const part = (name: string) => pipeline(name).input("config", type<{ readonly rates: ReadonlyArray<number> }>());
small.dynamic("some", ["config"], ({ config }) => config.rates.length > 0
  ? part("some").step("test", [], () => 1).step("train", [], () => 2)
  : part("none").step("train", [], () => 1).step("test", [], () => 2).step("reason", [], () => 3),
  { outputs: ["|branches|"] });
small.dynamic("some", [], () => ({ train: 1, test: 2 }), { outputs: "|every|" });
step("parsed", { raw: type<string>(), rate: type<number>() }, ({ |decoded| }) => 1);
void small.run({ config: { rates: [] } }, { |options| });

const h|pipeline|overed = small;
small.step("eleven", ["config", "text"], (i|parameter|nputs) => inputs);
small.map("twelve", "dataset", [], (i|item|tem) => item);
small.dynamic("thirteen", ["dataset"], (i|expanded|nputs) => pipeline("s").step("thirteen", [], () => inputs));
const o|result|utputs = await small.runPromise({ config: { rates: [] } });
const e|effect|ffect = small.run({ config: { rates: [] } });
const t|step|otal = step("total", ["a"], ({ a }: { a: number }) => a);
const b|standalone|est = dynamic("best", [], () => pipeline("s").step("best", [], () => 1));
const o|ordered|rdered = pipelineOf("ordered", [total, step("a", [], () => 1)]);

const large = pipeline("large")
${Array.from({ length: 40 }, (_, index) => `  .step("s${index}", [], () => ${index})`).join("\n")};
large.step("one", ["|large|"], () => 1);
const m|many|any = large;
const a|all|ll = await large.runPromise();
`;

const names = ["config", "dataset", "feat_a", "text"];

let editor: Editor;
beforeAll(async () => {
  const project = makeProject("editor");
  project.configure("tsconfig.json", ["program.ts"]);
  project.write("program.ts", "");
  editor = await openEditor(project.folder, "program.ts", program);
}, 240_000);
afterAll(() => editor.close());

describe("completion", { timeout: 120_000 }, () => {
  test.each(["first", "second", "map", "dynamic", "switch", "returns", "only"])(
    "offers exactly the names there are: %s",
    async (mark) => {
      expect((await editor.completions(mark)).toSorted()).toEqual(names);
    },
  );

  test("offers the names that begin as what is written", async () => {
    expect(await editor.completions("begun")).toEqual(["dataset"]);
  });

  test("offers a map only what it can run over", async () => {
    expect(await editor.completions("over")).toEqual(["dataset"]);
  });

  test("offers a standalone step what its schemas decode, and a run its options", async () => {
    expect([...(await editor.completions("decoded"))].sort()).toEqual(["rate", "raw"]);
    expect(await editor.completions("options")).toContain("pools?");
  });

  test.each(["fields", "exposed", "another", "alone", "unfolded", "branches"])(
    "offers the fields of what is returned, or what every branch provides, as outputs: %s",
    async (mark) => {
      expect((await editor.completions(mark)).toSorted()).toEqual(["test", "train"]);
    },
  );

  test("offers as outputs no name that is taken, no member of a value, and no sentence", async () => {
    expect(await editor.completions("untaken")).toEqual(["train"]);
    expect(await editor.completions("outputs")).toEqual([]);
    expect(await editor.completions("list")).toEqual([]);
    expect(await editor.completions("every")).toContain("all");
  });

  test("offers all names of a large pipeline", async () => {
    expect((await editor.completions("large")).toSorted()).toEqual(
      Array.from({ length: 40 }, (_, index) => `s${index}`).toSorted(),
    );
  });

  test("offers a function what its inputs list, a switch its cases, and a run its inputs", async () => {
    expect(await editor.completions("binding")).toEqual(["config", "text"]);
    expect((await editor.completions("cases")).toSorted()).toEqual(["high?", "low?"]);
    expect(await editor.completions("run")).toEqual(["config"]);
  });
});

describe("a hover shows plain types with the user's names:", { timeout: 120_000 }, () => {
  test.each([
    "pipeline",
    "parameter",
    "item",
    "expanded",
    "result",
    "effect",
    "step",
    "standalone",
    "ordered",
  ])("%s", async (mark) => {
    expect(await editor.hover(mark)).toMatchSnapshot();
  });

  test("a large pipeline begins with its outputs, and what the compiler keeps beside them is cut short", async () => {
    const shown = await editor.hover("many");
    expect(shown).toMatchSnapshot();
    expect(shown).toContain("const many: Pipeline<{}, ManyOutputs<{\n    readonly s0: number;\n");
    expect(shown).not.toMatch(/OutputType<|Joined<| & /);
    expect(
      shown.split("\n").filter((line) => !/^ {4}readonly s\d+: number;$/.test(line)).length,
    ).toBeLessThan(8);
  });

  test("the result of a large pipeline", async () => {
    const shown = await editor.hover("all");
    expect(shown).toContain("readonly s0: number;");
    expect(shown).not.toMatch(/OutputChunk<|OutputType<|Joined<| & /);
  });
});
