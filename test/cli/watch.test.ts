/** `espalier graph FILE --watch` on a terminal and in a pipe: the real command and real saves. */
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { expect, test } from "vitest";
import {
  childrenOf,
  file,
  hasTerminals,
  main,
  names,
  patience,
  replace,
  save,
  watch,
  watchOnTerminal,
} from "./watching.ts";

test("saving the file, or one that it imports, draws the graph again", async () => {
  const { until, said, interrupt } = watch("--format", "text");
  await until(/└─ first\n/);
  expect(said().stdout).toBe("watched → first\n└─ first\n");
  save("names.ts", names("first", "second"));
  await until(/└─ second\n/);
  replace("main.ts", main.replace("watched", "renamed"));
  await until(/^renamed/m);
  expect(said().stdout).toBe(
    [
      "watched → first\n└─ first\n",
      "watched → first, second\n├─ first\n└─ second\n",
      "renamed → first, second\n├─ first\n└─ second\n",
    ].join("\n"),
  );
  expect(await interrupt()).toBe(130);
});

test("without a format, the graph is printed and served as a page, whose address is printed first", async () => {
  const { until, said, interrupt } = watch();
  await until(/└─ first\n/);
  const { stdout } = said();
  expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\nwatched → first\n└─ first\n$/);
  const page = async (): Promise<string> => (await fetch(stdout.split("\n")[0]!)).text();
  expect(await page()).toContain('"first"');
  save("names.ts", names("first", "second"));
  await until(/└─ second\n/);
  expect(await page()).toContain('"second"');
  expect(await interrupt()).toBe(130);
  await expect(page()).rejects.toThrow("fetch failed");
});

test("a change of an import is noticed however it is saved: in place, by a rename, by removing and writing it again, many times at once", async () => {
  const { until, said } = watch("--format", "text");
  await until(/└─ first\n/);
  replace("names.ts", names("renamed"));
  await until(/└─ renamed\n/);
  rmSync(file("names.ts"));
  await until(/Cannot find module .*names\.ts/);
  save("names.ts", names("again"));
  await until(/└─ again\n/);
  // Each is as long as the previous one, so sizes reveal nothing.
  for (let i = 10; i < 60; i++) (i % 2 === 0 ? save : replace)("names.ts", names(`save${i}`));
  await until(/└─ save59\n/);
  expect(said().stdout).toMatch(/└─ save59\n$/);
  replace("names.ts", names("after"));
  await until(/└─ after\n/);
});

test("a folder that disappears and returns, as on a change of branch, is still watched", async () => {
  mkdirSync(file("parts"));
  save("parts/names.ts", names("inner"));
  save("main.ts", main.replace("./names.ts", "./parts/names.ts"));
  const { until, said } = watch("--format", "text");
  await until(/└─ inner\n/);
  rmSync(file("parts"), { recursive: true });
  await until(/Cannot find module .*names\.ts/);
  mkdirSync(file("parts"));
  save("parts/names.ts", names("back"));
  await until(/└─ back\n/);
  save("parts/names.ts", names("and on"));
  await until(/└─ and on\n/);
  expect(said().stdout).toMatch(/└─ and on\n$/);
});

test("a file that ends the process while it loads, or writes past the command, has no graph", async () => {
  save("main.ts", "process.exit(0);\n");
  const { until, said } = watch("--format", "text");
  await until(/process\.exit\(0\) ended the process before the command was done\. The file, /);
  save("main.ts", `import { writeSync } from "node:fs";\nwriteSync(1, "{");\n${main}`);
  await until(/(?:waiting for a change in [^]*){2}/);
  save("main.ts", main);
  await until(/└─ first\n/);
  expect(said().stdout).toBe("watched → first\n└─ first\n");
});

test("a broken file or a missing import is reported, and the watch continues", async () => {
  const { until, said } = watch("--format", "text");
  await until(/└─ first\n/);
  save("names.ts", "export const names = [\n");
  await until(/The file "main\.ts" cannot be loaded: SyntaxError: .*\(names\.ts:/);
  await until(/waiting for a change in 2 files\n/);
  save("names.ts", `export { names } from "./later.ts";\n`);
  await until(/Cannot find module .*later\.ts/);
  await until(/waiting for a change in 3 files\n/);
  save("later.ts", names("late"));
  await until(/└─ late\n/);
  rmSync(file("main.ts"));
  await until(/There is no file "main\.ts"\./);
  save("main.ts", main.replace("watched", "again"));
  await until(/^again/m);
  expect(said().stdout).toBe(
    "watched → first\n└─ first\n\nwatched → late\n└─ late\n\nagain → late\n└─ late\n",
  );
});

test("a file that is broken at first can be fixed; a format can be chosen; nothing else is printed on standard output", async () => {
  save("main.ts", "console.log('loading \\u001b[2J');\nexport const nothing = 1;\n");
  const { until, said } = watch("--format", "mermaid");
  await until(/exports no pipeline; it exports "nothing" \(a number\)/);
  save("main.ts", `console.log("loading");\n${main}`);
  await until(/n0\["first"\]\n/);
  expect(said().stdout).toBe('flowchart TD\n  n0["first"]\n');
  expect(said().stderr).toContain("loading \\u001b[2J\n");
});

const isLinux = existsSync("/proc/self/task");

test.skipIf(!isLinux)(
  "a file that never finishes loading is abandoned at the next save, and at the end",
  async () => {
    const stuck = `import "./names.ts";\nimport { writeFileSync } from "node:fs";\nwriteFileSync("stuck", "");\nfor (;;);\n`;
    save("main.ts", stuck);
    const { child, until } = watch("--format", "text");
    const isStuck = async (): Promise<ReadonlyArray<string>> => {
      await expect.poll(() => existsSync(file("stuck")), patience).toBe(true);
      rmSync(file("stuck"));
      return childrenOf(child.pid!);
    };
    const [first] = await isStuck();
    save("main.ts", main);
    await until(/└─ first\n/);
    expect(existsSync(`/proc/${first}`)).toBe(false);
    save("main.ts", stuck);
    const [second] = await isStuck();
    expect(second).not.toBe(first);
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([130, null]);
    expect(existsSync(`/proc/${second}`)).toBe(false);
  },
);

test.skipIf(!hasTerminals)(
  "on a terminal each graph replaces the previous one and fits the width, and problems are printed below it",
  async () => {
    const long = "a name that is longer than a terminal is wide ".repeat(3);
    save("names.ts", names("first", long));
    const { seen, resize, interrupt } = watchOnTerminal(80, 24);
    const text = async (): Promise<string> => (await seen()).join("\n");
    const heading = (columns: number): string =>
      `${`watched → first, ${long}`.slice(0, columns - 1)}…\n├─ first\n`;
    await expect.poll(text, patience).toContain(heading(80));
    resize(60);
    await expect.poll(text, patience).toContain(heading(60));
    save("main.ts", "import './names.ts'; export default 1;\n");
    await expect.poll(text, patience).toContain("exports no pipeline");
    expect((await text()).startsWith(heading(60))).toBe(true);
    save("names.ts", names("second"));
    save("main.ts", main);
    await expect
      .poll(text, patience)
      .toMatch(
        /^watched → second\n└─ second\n\nhttp:\/\/127\.0\.0\.1:\d+\/\n\d\d:\d\d:\d\d drawn; watching 2 files; Ctrl-C ends$/,
      );
    expect(await interrupt()).toBe(130);
  },
);
