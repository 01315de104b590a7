/** The command line: exit codes, reports of failures, and commands that read and control active runs. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { espalier } from "./espalier.ts";

const root = mkdtempSync(join(tmpdir(), "espalier-steering-"));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
let folders = 0;

/** A folder with `flow.mjs`, which exports the pipeline with this text. */
const folder = (text: string) => {
  const cwd = join(root, String(folders++));
  mkdirSync(cwd);
  const source = `
    import { appendFileSync, existsSync, writeFileSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    import { pipeline, type } from ${JSON.stringify(import.meta.resolve("../../src/index.ts"))};
    export default ${text};
  `;
  writeFileSync(join(cwd, "flow.mjs"), source);
  const command = (...args: ReadonlyArray<string>) => espalier(args, { cwd, records: true });
  /** A run that stays active after its first step. */
  const start = async (...args: ReadonlyArray<string>) => {
    let kill: (signal: NodeJS.Signals) => void = () => {};
    let begun: () => void = () => {};
    const begins = new Promise<void>((resolve) => (begun = resolve));
    const ended = espalier(["run", "flow.mjs", ...args], {
      cwd,
      records: true,
      onStderr: (said, send) => {
        kill = send;
        if (said.includes("✓ a")) begun();
      },
    });
    await begins;
    return { ended, kill: (signal: NodeJS.Signals) => kill(signal) };
  };
  return { cwd, command, start };
};

const slow = `pipeline("slow")
  .step("a", [], () => "a\\u009b\\u202e".repeat(100))
  .step("b", ["a"], async (_, { signal }) => { await sleep(100_000, undefined, { signal }); return 2; })`;

describe("A command", { timeout: 120_000 }, () => {
  test("does not succeed if a step ends the process by process.exit(0)", async () => {
    const { command } = folder(
      `pipeline("p").step("a", [], () => 1).step("b", ["a"], async () => { process.exit(0); })`,
    );
    const { code, stderr } = await command("run", "flow.mjs");
    expect(code).toBe(1);
    expect(stderr).toContain("process.exit(0)");
  });

  test("prints the whole chain of causes of a failure, and the errors of an AggregateError", async () => {
    const { command } = folder(`pipeline("p").step("all", [], async () => {
      throw new Error("cannot load", { cause: new AggregateError([new Error("first mirror"), new Error("second mirror")], "all mirrors failed") });
    })`);
    const ran = await command("run", "flow.mjs", "--run-id", "r");
    const shown = await command("show", "r");
    for (const said of [ran.stderr, shown.stdout]) {
      for (const part of ["cannot load", "all mirrors failed", "first mirror", "second mirror"]) {
        expect(said).toContain(part);
      }
    }
  });

  test("that reads needs a store, and creates none", async () => {
    const { cwd, command } = folder(`pipeline("p").step("a", [], () => 1)`);
    const commands = [["runs"], ["show", "r"], ["waiting"], ["cancel", "r"], ["prune", "--older", "1d"]];
    const all = await Promise.all(commands.map((args) => command(...args, "--store", "none.db")));
    for (const { code, stderr } of all) {
      expect(code).toBe(1);
      expect(stderr).toContain("none.db");
    }
    expect(existsSync(join(cwd, "none.db"))).toBe(false);
  });

  test("names the valid statuses, and the flag that works without a store", async () => {
    const { command } = folder(`pipeline("p").step("a", [], () => new Map())`);
    expect((await command("run", "flow.mjs")).stderr).toContain("--no-store");
    const { code, stderr } = await command("runs", "--status", "suceeded");
    expect(code).toBe(1);
    expect(stderr).toContain('Did you mean "succeeded"?');
  });
});

describe("While a run is active", { timeout: 120_000 }, () => {
  test("it is listed, shown and cancelled by a prefix of its id, and not run twice", async () => {
    const { command, start } = folder(slow);
    const run = await start("--run-id", "run-abcdef");
    const [listed, shown, value, why, again] = await Promise.all([
      command("runs", "--status", "running"),
      command("show", "run-abc", "--json"),
      command("show", "run-abc", "a"),
      command("why", "run-abc", "a"),
      command("run", "flow.mjs", "--run-id", "run-abcdef"),
    ]);
    expect(listed.stdout).toMatch(/run-abcdef.*running/);
    expect(why.code).toBe(0);
    // Complete, and with all invisible characters spelled out.
    const whole = "a\u009b\u202e".repeat(100);
    expect(JSON.parse(shown.stdout).steps).toMatchObject([{ path: "a", value: whole }]);
    expect(value.stdout).toBe(`"${"a\\u009b\\u202e".repeat(100)}"\n`);
    expect(shown.stdout).not.toContain("\u202e");
    expect(again).toMatchObject({ code: 1, stdout: "" });
    expect(again.stderr).toContain("run-abcdef");
    const cancelled = await command("cancel", "run-abc");
    expect(cancelled).toMatchObject({ code: 0, stderr: "Run run-abcdef is cancelled.\n" });
    expect((await run.ended).code).not.toBe(0);
    expect((await command("runs")).stdout).toMatch(/run-abcdef.*interrupted/);
  });

  test("SIGTERM releases it for others and exits with 143, Ctrl-C reports that it stops", async () => {
    const { command, start } = folder(slow);
    const [one, two] = await Promise.all([start("--run-id", "one"), start("--run-id", "two")]);
    one.kill("SIGTERM");
    two.kill("SIGINT");
    expect((await one.ended).code).toBe(143);
    const interrupted = await two.ended;
    expect(interrupted.code).toBe(130);
    expect(interrupted.stderr).toContain("Stopping");
    const listed = (await command("runs")).stdout;
    expect(listed).toMatch(/one.*crashed/);
    expect(listed).toMatch(/two.*interrupted/);
  });

  test("an abandoned cancel does not stop the run when it is resumed later", async () => {
    const { cwd, command, start } = folder(`pipeline("p")
      .step("a", [], () => 1)
      .step("b", ["a"], async () => { if (existsSync("free")) { await sleep(300); return 2; } writeFileSync("blocked", ""); for (;;); })`);
    const run = await start("--run-id", "r");
    while (!existsSync(join(cwd, "blocked"))) await new Promise((resolve) => setTimeout(resolve, 50));
    const refused = await command("cancel", "r");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("did not answer");
    run.kill("SIGKILL");
    await run.ended;
    writeFileSync(join(cwd, "free"), "");
    expect(await command("resume", "r", "--json")).toMatchObject({ code: 0, stdout: '{"a":1,"b":2}\n' });
  });
});

describe("The work of a run is undone", { timeout: 120_000 }, () => {
  const trip = (paid: string): string => `pipeline("trip")
    .step("flight", [], () => "F1", { compensate: (flight) => { appendFileSync("log", "-" + flight); } })
    .loop("seats", ["flight"], () => 0, (n) => n + 1, { until: (n) => n === 25, compensate: (seat) => { if (seat === 25) throw new Error("seat is taken"); } })
    .race("a", ["seats"], { one: () => 1, other: () => new Promise(() => {}) })
    .step("paid", ["a"], ${paid})
    .finally("told", ["paid"], () => { appendFileSync("log", "!"); })`;
  const flags = ["--run-id", "trip-1"];

  test("by --on-failure compensate, which every view of the run shows; it cannot be resumed", async () => {
    const { cwd, command } = folder(trip(`() => { throw new Error("the card was refused"); }`));
    const ran = await command(
      "run",
      "flow.mjs",
      ...flags,
      "--on-failure",
      "compensate",
      "--report",
      "r.html",
    );
    expect(ran.code).toBe(1);
    for (const line of [
      "✓ seats: 25 turns",
      "✓ a: 2 contenders: one won",
      "↶ undoing 26 steps",
      "↶ flight: undone",
    ])
      expect(ran.stderr).toContain(line);
    expect(ran.stderr).toContain("the card was refused");
    expect(readFileSync(join(cwd, "log"), "utf8")).toBe("-F1!");
    expect(readFileSync(join(cwd, "r.html"), "utf8")).toContain('"undone":"done"');

    const [shown, json, resumed] = await Promise.all([
      command("show", "trip-1"),
      command("show", "trip-1", "--json"),
      command("resume", "trip-1"),
    ]);
    expect(shown.stdout).toMatch(/✓ flight: "F1" \(.*\); undone\n/);
    expect(shown.stdout).toMatch(/… 5 earlier turns\n {2}✓ \[5\]: 6 .*; undone\n/);
    expect(shown.stdout).toMatch(/\[24\]: 25 .*; could not be undone\n/);
    expect(shown.stdout).toMatch(/✓ a: 1 .*\n {2}✓ \[one\]\n/);
    const { compensation } = JSON.parse(json.stdout);
    expect(compensation.state).toBe("compensated");
    expect(compensation.undone).toHaveLength(26);
    expect(compensation.undone[0]).toMatchObject({
      path: "seats[24]",
      error: expect.stringContaining("seat is taken"),
    });
    expect(resumed.code).toBe(1);
    expect(resumed.stderr).toContain("compensated");
  });

  test("by cancel --compensate, which reports the number of steps; without it the run can be resumed", async () => {
    const slowly = `async (_, { signal }) => { if (existsSync("go")) return 1; await sleep(100_000, undefined, { signal }); }`;
    const { cwd, command, start } = folder(trip(slowly));
    const first = await start(...flags);
    expect(await command("cancel", "trip-1")).toMatchObject({
      code: 0,
      stderr: "Run trip-1 is cancelled.\n",
    });
    await first.ended;
    expect(readFileSync(join(cwd, "log"), "utf8")).toBe("!");

    const second = await start("--run-id", "trip-2");
    const cancelled = await command("cancel", "trip-2", "--compensate");
    expect(cancelled.code).toBe(0);
    expect(cancelled.stderr).toContain(
      "Run trip-2 is cancelled, and 25 steps are undone; 1 could not be: seats[24] (",
    );
    expect((await second.ended).code).not.toBe(0);
    expect(readFileSync(join(cwd, "log"), "utf8")).toBe("!-F1!");
    writeFileSync(join(cwd, "go"), "");
    const [one, two] = await Promise.all([
      command("resume", "trip-1", "--json"),
      command("resume", "trip-2"),
    ]);
    expect(one).toMatchObject({ code: 0 });
    expect(JSON.parse(one.stdout)).toMatchObject({ flight: "F1", paid: 1 });
    expect(two.code).toBe(1);
  });
});
