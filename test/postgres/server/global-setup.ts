/** Sets the folder of the tests' Postgres server, and stops the server after the last test. The first test that needs it starts it. */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export const setup = (): (() => Promise<void>) => {
  const folder = join(tmpdir(), `espalier-postgres-${randomUUID()}`);
  process.env["ESPALIER_TEST_POSTGRES"] = folder;
  return async () => {
    const keeper = join(folder, "keeper");
    if (!existsSync(keeper)) {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
      return;
    }
    try {
      process.kill(Number(readFileSync(keeper, "utf8")), "SIGTERM");
    } catch {
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }); // It could not start.
    }
    // A keeper that died could not remove its folder, and must not keep the tests from ending.
    for (const began = Date.now(); existsSync(folder) && Date.now() - began < 30_000; ) await pause(20);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };
};
