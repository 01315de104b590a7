/** `espalier serve`: the command itself, in separate processes. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { client } from "espalier/client";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { espalier } from "../cli/espalier.ts";
import { sharedPostgres } from "../postgres/server/shared.ts";
import { sql } from "../postgres/support.ts";
import { until } from "./support.ts";

type Served = typeof import("./fixtures/served.ts");

const root = join(import.meta.dirname, "../..");
mkdirSync(join(root, "temp"), { recursive: true });
// Inside the repository, so that `espalier` resolves from there.
const folder = mkdtempSync(join(root, "temp/serve-"));
const children: Array<ChildProcess> = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));

const token = "a-token-of-the-tests";

/** The URL of an unused database. */
const newDatabase = async (): Promise<string> => {
  const url = new URL(await sharedPostgres());
  const name = `served_${process.pid}`;
  await sql(`CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  return url.href;
};
let count = 0;

const newFolder = (): string => {
  const own = join(folder, String(count++));
  mkdirSync(own);
  for (const file of ["served.ts", "said.ts"])
    cpSync(join(import.meta.dirname, "fixtures", file), join(own, file));
  return own;
};

const serve = async (cwd: string, ...more: ReadonlyArray<string>) => {
  const bin = join(root, "src/cli/bin.ts");
  const kept = more.includes("--database") ? [] : ["--store", "runs.db"];
  const args = ["serve", "served.ts", ...kept, "--port", "0", "--token", token, ...more];
  const child = spawn(process.execPath, ["--conditions=espalier-source", bin, ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let [out, said] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const until = async (text: string, where: () => string = () => said): Promise<void> => {
    while (!where().includes(text)) {
      if (child.exitCode !== null) throw new Error(`It ended: ${said}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  await until("\n", () => out);
  const url = out.trim();
  return { child, url, until, said: () => said, server: client<Served>({ url, token }) };
};

describe("espalier serve", { timeout: 180_000 }, () => {
  test("serves what a file exports", async () => {
    const { server, url } = await serve(newFolder());
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await server.run("greet", { name: "Ada" })).toMatchObject({ text: "Hello, Ada!" });
  });

  test("with --watch, serves the saved file while runs under way continue", async () => {
    const cwd = newFolder();
    const { server, until } = await serve(cwd, "--watch");
    const release = join(cwd, "go");
    const { id } = await server.start("slow", { file: release });
    writeFileSync(join(cwd, "said.ts"), 'export const said = "Welcome";\n');
    await until("Reloaded:");
    expect(await server.run("greet", { name: "Ada" })).toMatchObject({ text: "Welcome, Ada!" });
    writeFileSync(join(cwd, "said.ts"), "export const said = ;\n");
    await until("still served");
    expect(await server.run("greet", { name: "Ada" })).toMatchObject({ text: "Welcome, Ada!" });
    writeFileSync(release, "");
    for await (const _ of server.events(id));
    expect((await server.get(id)).status).toBe("succeeded");
  });

  test("resumes a run whose process was killed, and says so", async () => {
    const cwd = newFolder();
    const first = await serve(cwd);
    const release = join(cwd, "go");
    const { id } = await first.server.start("slow", { file: release });
    await until(
      () => first.server.get(id),
      ({ steps }) => steps.length > 0,
    );
    first.child.kill("SIGKILL");
    await once(first.child, "exit");
    const second = await serve(cwd);
    await second.until(`Run ${id} has crashed: resuming it (1 of 5).`);
    writeFileSync(release, "");
    for await (const _ of second.server.events(id));
    const { outputs } = await second.server.get(id);
    expect(outputs).toMatchObject({ first: first.child.pid, second: second.child.pid });
  });

  test.each([
    ["a file", () => Promise.resolve([])],
    ["a database", async () => ["--database", await newDatabase()]],
  ] as const)(
    "Ctrl-C starts nothing more, waits for the step that runs, and leaves the rest to be resumed: %s",
    async (_, flags) => {
      const cwd = newFolder();
      const store = await flags();
      const first = await serve(cwd, ...store);
      const release = join(cwd, "go");
      const { id } = await first.server.start("slow", { file: release });
      await until(
        () => first.server.get(id),
        ({ steps }) => steps.length > 0,
      );
      first.child.kill("SIGINT");
      await first.until("Stopping: nothing more starts");
      writeFileSync(release, "");
      if (first.child.exitCode === null) await once(first.child, "exit");
      expect(first.said()).toContain("1 run can be resumed.");
      const second = await serve(cwd, ...store);
      for await (const _ of second.server.events(id));
      const { outputs } = await second.server.get(id);
      // The second step had begun, so the server waited for it; the third had not.
      expect(outputs).toMatchObject({ second: first.child.pid, third: second.child.pid });
    },
  );

  test("says what is wrong with the command line", async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, "none.ts"), "export const answer = 42;\n");
    const cases = [
      [["serve", "none.ts"], /Nothing can be served: "none.ts" exports no pipeline and no schedule/],
      [["serve", "missing.ts"], /There is no file "missing.ts"/],
      [["serve", "served.ts", "--host", "0.0.0.0"], /--host needs --token/],
      [["serve", "served.ts", "--token", "short"], /--token must have at least 16 characters; got 5/],
    ] as const;
    for (const [args, sentence] of cases) {
      const { code, stderr, stdout } = await espalier(args, { cwd });
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(sentence);
    }
  });
});
