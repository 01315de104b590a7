/** The commands for recorded runs, in separate processes. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { espalier } from "../cli/espalier.ts";
import { shell } from "../cli/shell.ts";
import { dataOf } from "../draw/page-data.ts";
import { temporary } from "./support.ts";

const newFolder = temporary();
const commands = shell();
const shop = fileURLToPath(new URL("fixtures/shop.ts", import.meta.url));

const place = () => {
  const cwd = newFolder();
  mkdirSync(cwd);
  const opens = join(cwd, "open");
  const command = (...args: ReadonlyArray<string>) => commands(args, { cwd, records: true });
  return { cwd, opens, command };
};

describe("The command line", () => {
  test("records runs, lists and shows them, says why they failed, and resumes them", async () => {
    const { cwd, opens, command } = place();
    process.env["SHOP_OPEN"] = opens;
    const failed = await command("run", shop, "--input", "count=3", "--run-id", "monday");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("espalier resume monday continues it");

    const listed = await command("runs", "--json");
    const all = JSON.parse(listed.stdout) as ReadonlyArray<any>;
    expect(all).toMatchObject([{ id: "monday", pipeline: "shop", status: "failed", file: shop }]);
    expect(Date.parse(all[0].began)).not.toBeNaN();
    expect((await command("runs", "--status", "succeeded", "--json")).stdout).toBe("[]\n");
    expect((await command("runs")).stdout).toContain("monday  shop  failed");

    const shown = (await command("show", "monday")).stdout;
    expect(shown).toContain("✓ ids: [0,1,2]");
    expect(shown).toContain("  ✓ [1]: 10");
    expect(shown).toContain("  ✓ sum_2: 20");
    expect(shown).toContain("✗ open: StepFailed: ");
    expect((await command("why", "monday", "prices[1]")).stdout).toContain("ran: its inputs changed");
    expect((await command("why", "monday", "open")).stdout).toContain("it runs when the run is resumed");

    writeFileSync(opens, "");
    const resumed = await command("resume", "monday", "--json", "--report", "resumed.html");
    expect(resumed).toMatchObject({ code: 0, stdout: '{"total":30,"open":true}\n' });
    const { run, steps } = dataOf(readFileSync(join(cwd, "resumed.html"), "utf8"));
    expect(run?.state).toBe("done");
    expect(steps.map(({ path, run }) => [path, run?.state])).toEqual(
      expect.arrayContaining([
        ["ids", "recalled"],
        ["open", "done"],
      ]),
    );
    expect((await command("runs")).stdout).toContain("monday  shop  succeeded");

    // A second run reuses the values that the first has computed.
    expect((await command("run", shop, "--input", "count=4", "--run-id", "tuesday", "--json")).stdout).toBe(
      '{"total":60,"open":true}\n',
    );
    expect((await command("why", "tuesday", "prices[1]")).stdout).toContain(
      "from run monday, path prices[1]",
    );
    const diff = (await command("diff", "monday", "tuesday")).stdout;
    expect(diff).toContain("~ input count: 3 → 4");
    expect(diff).toContain("+ prices[3]: 30");
    expect(diff).toContain("~ total/total: 30 → 60");

    const shownAs = JSON.parse((await command("show", "tuesday", "--json")).stdout);
    expect(shownAs).toMatchObject({ id: "tuesday", status: "succeeded" });
    expect((await command("prune", "--older", "0s")).stderr).toContain("2 runs forgotten");
    expect((await command("runs")).stdout).toBe("");
  });

  test("tells in a sentence what is not there", async () => {
    const { command } = place();
    const told = async (...args: ReadonlyArray<string>) => {
      const { code, stderr } = await command(...args);
      expect(code).toBe(1);
      return stderr.trim();
    };
    expect(await told("show", "x")).toContain("There is no store");
    process.env["SHOP_OPEN"] = "";
    await command("run", shop, "--input", "count=1", "--run-id", "r");
    expect(await told("show", "x")).toBe(
      'There is no run "x" in the store. espalier runs lists the recorded runs.',
    );
    expect(await told("resume", "x")).toContain('There is no run "x"');
    expect(await told("why", "r", "prices[7]")).toContain('There is no path "prices[7]"');
    expect(await told("resume", "r", "--from", "nothing")).toContain('there is no path "nothing"');
    expect(await told("signal", "r", "open", "1")).toContain("waits for no value");
    expect(await told("signal", "r", "open", "yes")).toContain("A string needs quotes inside quotes");
    expect(await told("cancel", "r")).toContain("has ended already");
    expect(await told("prune", "--older", "long")).toContain("must be an age");
  });

  test("signals and cancels runs of another process, and runs that will be resumed", async () => {
    const { command, cwd } = place();
    const waiting = (id: string) => {
      let begun: () => void = () => {};
      const begins = new Promise<void>((resolve) => (begun = resolve));
      const ended = espalier(["run", shop, "--export", "approved", "--run-id", id, "--json"], {
        cwd,
        records: true,
        onStderr: (said) => said.includes("▶") && begun(),
      });
      return { begins, ended };
    };
    const first = waiting("first");
    await first.begins;
    expect((await command("runs")).stdout).toMatch(/first {2}approved {2}running/);
    expect((await command("signal", "first", "text", "1")).stderr).toContain("waits for no value");
    expect(await command("signal", "first", "approval", '{"by":"Ada"}')).toMatchObject({ code: 0 });
    expect(await first.ended).toMatchObject({ code: 0, stdout: '{"text":"approved by Ada"}\n' });

    const second = waiting("second");
    await second.begins;
    expect(await command("cancel", "second")).toMatchObject({ code: 0 });
    expect((await second.ended).code).not.toBe(0);
    expect((await command("runs", "--pipeline", "approved")).stdout).toMatch(
      /second {2}approved {2}interrupted/,
    );
    expect((await command("signal", "second", "approval", '{"by":"Bob"}')).code).toBe(0);
    expect((await command("resume", "second", "--json")).stdout).toBe('{"text":"approved by Bob"}\n');
  });

  test("runs beside another process in the same file, and records nothing with --no-store", async () => {
    const { command, cwd } = place();
    let begun: () => void = () => {};
    const begins = new Promise<void>((resolve) => (begun = resolve));
    const first = espalier(["run", shop, "--export", "approved", "--run-id", "first"], {
      cwd,
      records: true,
      onStderr: (said) => said.includes("▶") && begun(),
    });
    await begins;
    process.env["SHOP_OPEN"] = shop;
    const second = await command("run", shop, "--input", "count=1", "--run-id", "second", "--json");
    expect(second).toMatchObject({ code: 0, stdout: '{"total":0,"open":true}\n' });
    const again = await command("run", shop, "--export", "approved", "--run-id", "first");
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain('Run "first": it is under way');
    await command("cancel", "first");
    await first;
    const third = await command("run", shop, "--input", "count=1", "--no-store", "--json");
    expect(third.code).toBe(0);
    expect(JSON.parse((await command("runs", "--json")).stdout)).toMatchObject([
      { id: "second", status: "succeeded" },
      { id: "first", status: "interrupted" },
    ]);
  });
});
