/** The Postgres server that all tests share. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const keeper = fileURLToPath(new URL("keeper.ts", import.meta.url));

const isFirst = (folder: string): boolean => {
  mkdirSync(folder, { recursive: true });
  try {
    mkdirSync(join(folder, "lock"));
    return true;
  } catch {
    return false;
  }
};

/** The URL of its database. Starts the server if no other test has. */
export const sharedPostgres = async (): Promise<string> => {
  const folder = process.env["ESPALIER_TEST_POSTGRES"];
  if (folder === undefined) throw new Error("The global set-up of the tests has not run.");
  if (isFirst(folder)) {
    const parent = String(process.ppid);
    const child = spawn(process.execPath, [keeper, folder, parent], { detached: true, stdio: "ignore" });
    writeFileSync(join(folder, "keeper"), String(child.pid));
    child.unref();
  }
  for (;;) {
    if (existsSync(join(folder, "url"))) return readFileSync(join(folder, "url"), "utf8");
    if (existsSync(join(folder, "problem"))) throw new Error(readFileSync(join(folder, "problem"), "utf8"));
    await pause(20);
  }
};
