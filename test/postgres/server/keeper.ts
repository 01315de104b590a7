/**
 * Keeps the server that all tests of one run share: a separate process, started by the first test that needs Postgres. It
 * ends and removes all its files on request, or when the process that runs the tests is gone.
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PostgresServer } from "./postgres-server.ts";

const [folder, parent] = process.argv.slice(2) as [string, string];

const write = (name: string, text: string): void => {
  writeFileSync(join(folder, `${name}.new`), text);
  renameSync(join(folder, `${name}.new`), join(folder, name));
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

try {
  // Test data need not survive a crash of the machine.
  const server = await PostgresServer.start(folder, ["fsync=off", "full_page_writes=off"]);
  let isEnding = false;
  const end = (): void => {
    if (isEnding) return;
    isEnding = true;
    void server.remove().then(() => process.exit(0));
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", () => {}); // Ctrl-C ends the tests, which this process notices.
  setInterval(() => {
    if (!isAlive(Number(parent))) end();
  }, 500);
  write("url", server.url());
} catch (error) {
  write("problem", String(error));
  setTimeout(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }), 60_000);
}
