/** The commands for recorded runs, on a Postgres database. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ended } from "../cli/espalier.ts";
import { espalier } from "../cli/espalier.ts";
import { shell } from "../cli/shell.ts";
import { temporary } from "../sqlite/support.ts";
import { sharedPostgres } from "./server/shared.ts";
import { newSchema, sql } from "./support.ts";

const newFolder = temporary();
const commands = shell();
const shop = fileURLToPath(new URL("../sqlite/fixtures/shop.ts", import.meta.url));
let url = "";

beforeAll(async () => {
  const database = newSchema();
  await sql(`CREATE DATABASE "${database}"`);
  const found = new URL(await sharedPostgres());
  found.pathname = `/${encodeURIComponent(database)}`;
  url = found.href;
});

afterAll(() => {
  delete process.env["ESPALIER_DATABASE"];
});

const place = () => {
  const cwd = newFolder();
  mkdirSync(cwd);
  const command = async (...args: ReadonlyArray<string>): Promise<Ended> => {
    const ended = await commands(args, { cwd, records: true });
    for (const text of [ended.stdout, ended.stderr]) expect(text).not.toMatch(/open(?:%20| )sesame/);
    return ended;
  };
  return { cwd, command };
};

describe("The command line with a database", () => {
  test("records runs in it, lists, shows, cancels and resumes them, and never prints its password", async () => {
    const { cwd, command } = place();
    process.env["SHOP_OPEN"] = join(cwd, "open");
    const failed = await command(
      "run",
      shop,
      "-i",
      "count=3",
      "--run-id",
      "monday",
      "--database",
      url,
      "--here",
    );
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("espalier resume monday");
    expect(existsSync(join(cwd, ".espalier"))).toBe(false);

    process.env["ESPALIER_DATABASE"] = url;
    expect((await command("runs")).stdout).toContain("monday  shop  failed");
    expect((await command("show", "mon")).stdout).toContain("✓ ids: [0,1,2]");
    writeFileSync(join(cwd, "open"), "");
    expect(await command("resume", "monday", "--json")).toMatchObject({
      code: 0,
      stdout: '{"total":30,"open":true}\n',
    });
    expect((await command("cancel", "monday")).stderr).toContain("has ended");
    expect((await command("prune", "--older", "0s")).code).toBe(0);
    delete process.env["ESPALIER_DATABASE"];
  });

  test("submits a run that a runner takes, follows it to its outputs, and leaves it on Ctrl-C", {
    timeout: 120_000,
  }, async () => {
    const { cwd } = place();
    process.env["SHOP_OPEN"] = join(cwd, "open");
    writeFileSync(join(cwd, "open"), "");
    const submit = (id: string, onStderr: (said: string, kill: (signal: NodeJS.Signals) => void) => void) =>
      espalier(["run", shop, "-i", "count=3", "--json", "--run-id", id, "--database", url], {
        cwd,
        records: true,
        onStderr,
      });
    // No runner is available to take it.
    const left = await submit("left", (said, kill) => {
      if (said.includes("No runner with this version")) kill("SIGINT");
    });
    expect(left).toMatchObject({ code: 130, stdout: "" });
    expect(left.stderr).toContain("espalier cancel left");

    let stop = (): void => {};
    let isUp = (): void => {};
    const up = new Promise<void>((resolve) => (isUp = resolve));
    const runner = espalier(["runner", shop, "--database", url], {
      cwd,
      onStderr: (said, kill) => {
        stop = () => kill("SIGTERM");
        if (said.includes("Taking runs")) isUp();
      },
    });
    await up;
    expect(await submit("tuesday", () => {})).toMatchObject({
      code: 0,
      stdout: '{"total":30,"open":true}\n',
    });
    // Submitted again: its outputs are read, and nothing runs.
    expect(await submit("left", () => {})).toMatchObject({ code: 0, stdout: '{"total":30,"open":true}\n' });
    const limited = await espalier(
      ["run", shop, "-i", "count=3", "-c", "2", "--only", "total", "--database", url],
      { cwd, records: true },
    );
    expect(limited).toMatchObject({ code: 1, stdout: "" });
    expect(limited.stderr).toContain("--concurrency, --only. Add --here");
    stop();
    const ended = await runner;
    expect(ended.code).toBe(143);
    for (const said of [
      'Run left of "shop" starts.',
      'Run left of "shop" succeeded.',
      'Run tuesday of "shop" starts.',
      "Stopping: nothing more starts",
    ])
      expect(ended.stderr).toContain(said);
  });

  test("refuses two stores at once, and tells what is wrong with one", async () => {
    const { command } = place();
    const two = await command("runs", "--store", "runs.db", "--database", url);
    expect(two).toMatchObject({ code: 1, stdout: "" });
    expect(two.stderr).toContain("--store and --database name two different stores. Remove one of them.");
    const wrong = new URL(url);
    wrong.password = "open sesame street";
    const denied = await command("run", shop, "-i", "count=1", "--database", wrong.href, "--here");
    expect(denied.code).toBe(1);
    expect(denied.stderr).toContain('password authentication failed for user "postgres"');
  });
});
