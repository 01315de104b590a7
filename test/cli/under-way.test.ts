/** Commands that run during active runs: several processes on one store, crashed runs, programs that only wait. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { checksum } from "../../src/stores/texts.ts";
import { espalier } from "./espalier.ts";

const root = mkdtempSync(join(tmpdir(), "espalier-under-way-"));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
const source = (file: string): string => JSON.stringify(import.meta.resolve(`../../src/${file}`));
let folders = 0;

/** A folder with `flow.mjs`, which exports the pipeline with this text. `log` appends a line to the file `log`. */
const folder = (text: string) => {
  const cwd = join(root, String(folders++));
  mkdirSync(cwd);
  writeFileSync(join(cwd, "log"), "");
  writeFileSync(
    join(cwd, "flow.mjs"),
    `import { appendFileSync, existsSync, readFileSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    import { pipeline, type } from ${source("index.ts")};
    const log = (line) => appendFileSync("log", line + "\\n");
    const lines = () => readFileSync("log", "utf8").split("\\n").filter(Boolean);
    export default ${text};`,
  );
  const command = (...args: ReadonlyArray<string>) => espalier(args, { cwd, records: true });
  const lines = (): ReadonlyArray<string> =>
    readFileSync(join(cwd, "log"), "utf8").split("\n").filter(Boolean);
  return { cwd, command, lines };
};

describe("A store file", { timeout: 120_000 }, () => {
  test("records the runs of two processes at the same time", async () => {
    // Each run continues only once the other is active.
    const { command } = folder(`pipeline("p").step("a", [], async () => {
      log(process.pid);
      while (lines().length < 2) await sleep(20);
      return 1;
    })`);
    const runs = ["one", "two"].map((id) => command("run", "flow.mjs", "--run-id", id, "--json"));
    for (const { code, stdout } of await Promise.all(runs)) {
      expect([code, stdout.trim()]).toEqual([0, '{"a":1}']);
    }
    const listed = JSON.parse((await command("runs", "--json")).stdout) as ReadonlyArray<{ id: string }>;
    expect(listed.map(({ id }) => id).toSorted()).toEqual(["one", "two"]);
  });

  test("is not pruned of a run that began long ago but crashed only recently", async () => {
    const { command, cwd, lines } = folder(`pipeline("p")
      .step("a", [], () => 1)
      .step("b", ["a"], () => { log("b"); if (!existsSync("quick")) process.kill(process.pid, "SIGKILL"); return 2; })`);
    const store = ["--store", "runs.db"];
    expect((await command("run", "flow.mjs", "--run-id", "r", ...store)).code).not.toBe(0);
    expect(lines()).toEqual(["b"]);
    const longAgo = Date.now() - 3_600_000;
    const database = new DatabaseSync(join(cwd, "runs.db"));
    const row = database.prepare("SELECT * FROM runs").get() as Record<string, string>;
    const crc = checksum(
      row["id"]!,
      row["pipeline"]!,
      row["shape"]!,
      row["inputs"]!,
      row["origin"]!,
      longAgo,
    );
    database.prepare("UPDATE runs SET began = ?, crc = ?").run(longAgo, crc);
    const prune = () => command("prune", "--older", "10m", "--resumable", ...store);
    expect((await prune()).code).toBe(0);
    writeFileSync(join(cwd, "quick"), "");
    const resumed = await command("resume", "r", "--json", ...store);
    expect([resumed.code, resumed.stdout.trim()]).toEqual([0, '{"a":1,"b":2}']);
    // It is pruned once its last activity is long ago too.
    database.prepare("UPDATE runs SET ended = ?1, active = ?1").run(longAgo);
    database.prepare("UPDATE chunks SET time = ?").run(longAgo);
    database.close();
    expect((await prune()).code).toBe(0);
    expect((await command("show", "r", ...store)).code).toBe(1);
  });
});

test("a program whose run only waits for an answer stays alive until it arrives", async () => {
  const { command, cwd } = folder(`pipeline("p").await("ok", type())`);
  writeFileSync(
    join(cwd, "program.mjs"),
    `import { SqliteStore } from ${source("sqlite/index.ts")};
    import flow from "./flow.mjs";
    const store = SqliteStore.layer({ filename: "runs.db" });
    console.log((await flow.runPromise({}, { runId: "r", store })).ok);`,
  );
  const program = spawn(process.execPath, ["--conditions=espalier-source", "program.mjs"], { cwd });
  try {
    let said = "";
    program.stdout.on("data", (part: Buffer) => (said += part.toString()));
    const closed = new Promise((resolve) => program.once("close", resolve));
    let waits: ReadonlyArray<unknown> = [];
    while (waits.length === 0 && program.exitCode === null) {
      const { code, stdout } = await command("waiting", "--json", "--store", "runs.db");
      if (code === 0) waits = JSON.parse(stdout) as ReadonlyArray<unknown>;
    }
    expect(program.exitCode, "the program ended while its run waited").toBe(null);
    await command("signal", "r", "ok", '"yes"', "--store", "runs.db");
    await closed;
    expect(said.trim()).toBe("yes");
  } finally {
    program.kill("SIGKILL");
  }
}, 120_000);
