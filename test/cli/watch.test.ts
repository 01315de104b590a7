/** `espalier graph FILE --watch`: the real command, real saves, and a server that only this machine reaches. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { espalier } from "./espalier.ts";
import { inBrowser } from "../draw/browser.ts";

const root = join(import.meta.dirname, "../..");

let folder = "";
let started: Array<ChildProcess> = [];

const file = (name: string): string => join(folder, name);
const save = (name: string, text: string): void => writeFileSync(file(name), text);

/** A pipeline of the steps that another file names. */
const main = `import { pipeline, step } from "espalier";
import { names } from "./names.ts";
export default pipeline("watched").addAll(names.map((name) => step(name, [], () => 1)));
`;
const names = (...all: ReadonlyArray<string>): string => `export const names = ${JSON.stringify(all)};\n`;

beforeEach(() => {
  // Inside of the repository, where the name `espalier` leads to its sources.
  mkdirSync(join(root, "temp"), { recursive: true });
  folder = mkdtempSync(join(root, "temp/watch-"));
  save("main.ts", main);
  save("names.ts", names("first"));
});

afterEach(async () => {
  for (const child of started) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  started = [];
  rmSync(folder, { recursive: true, force: true });
});

const patience = { timeout: 30_000 };

interface Watching {
  readonly child: ChildProcess;
  readonly said: () => { readonly stdout: string; readonly stderr: string };
  /** Waits until what it has written, to either stream, fits. */
  readonly until: (pattern: RegExp) => Promise<void>;
  /** Interrupts it as Ctrl-C does, and gives its exit code. */
  readonly interrupt: () => Promise<number | null>;
}

const watch = (...args: ReadonlyArray<string>): Watching => {
  const child = spawn(
    process.execPath,
    ["--conditions=espalier-source", join(root, "src/cli/bin.ts"), "graph", "main.ts", "--watch", ...args],
    { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } },
  );
  started.push(child);
  let [stdout, stderr] = ["", ""];
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const listener of listeners) listener();
  });
  return {
    child,
    said: () => ({ stdout, stderr }),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const fail = (): void => reject(new Error(`It never said ${pattern}:\n${stdout}\n${stderr}`));
        const timer = setTimeout(fail, 30_000);
        const look = (): void => {
          if (!pattern.test(stdout) && !pattern.test(stderr)) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve();
        };
        child.once("exit", fail);
        listeners.add(look);
        look();
      }),
    interrupt: async () => {
      child.kill("SIGINT");
      const [code] = (await once(child, "exit")) as [number | null];
      return code;
    },
  };
};

test("a save of the file, and of one that it imports, draws the graph again", async () => {
  const { until, said, interrupt } = watch();
  await until(/└─ first\n/);
  expect(said().stdout).toBe("watched → first\n└─ first\n");
  save("names.ts", names("first", "second"));
  await until(/└─ second\n/);
  // As editors save that write another file and rename it.
  save("main.ts.new", main.replace("watched", "renamed"));
  renameSync(file("main.ts.new"), file("main.ts"));
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

test("a file that is broken is told, and the watch goes on; so is an import that is not there yet", async () => {
  const { until, said } = watch();
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

test("what was wrong at first is mended; a format may be chosen; nothing else is printed on standard output", async () => {
  save("main.ts", "console.log('loading \\u001b[2J');\nexport const nothing = 1;\n");
  const { until, said } = watch("--format", "mermaid");
  await until(/exports no pipeline; it exports "nothing" \(a number\)/);
  save("main.ts", `console.log("loading");\n${main}`);
  await until(/n0\["first"\]\n/);
  expect(said().stdout).toBe('flowchart TD\n  n0["first"]\n');
  expect(said().stderr).toContain("loading \\u001b[2J\n");
});

/** The processes that a process has started and that have not ended. Linux only. */
const childrenOf = (pid: number): ReadonlyArray<string> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);

const isLinux = existsSync("/proc/self/task");

test.skipIf(!isLinux)("a file that never ends to load is left at the next save, and at the end", async () => {
  const stuck = `import "./names.ts";\nimport { writeFileSync } from "node:fs";\nwriteFileSync("stuck", "");\nfor (;;);\n`;
  save("main.ts", stuck);
  const { child, until } = watch();
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
});

test("a port without a page is a mistake, and so is one that is in use", async () => {
  expect(await espalier(["graph", "training.ts", "--watch", "--port", "1"])).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "A page is served with --watch --format html: --port says where.\n",
  });
  const { url } = await serve();
  const { port } = new URL(url);
  expect(
    await espalier(["graph", "training.ts", "--watch", "--format", "html", "--port", port]),
  ).toMatchObject({
    code: 1,
    stdout: "",
    stderr: `Nothing can be served on port ${port}: it is in use. --port N takes another.\n`,
  });
});

const serve = async (): Promise<Watching & { readonly url: string }> => {
  const watching = watch("--format", "html");
  await watching.until(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
  await watching.until(/drawn; watching 2 files\n/);
  return { ...watching, url: watching.said().stdout.trim() };
};

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const ask = (url: string, headers: Readonly<Record<string, string>> = {}, method = "GET"): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, agent: false }, (response: IncomingMessage) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.once("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
    });
    asked.once("error", reject);
    asked.end();
  });

test("the page is served with a strict policy, to be read only", async () => {
  const { url, interrupt, until } = await serve();
  const page = await ask(url);
  expect(page.status).toBe(200);
  expect(page.body).toContain('"first"');
  const policy = page.headers["content-security-policy"] as string;
  expect(policy.split("; ").map((rule) => rule.replaceAll(/sha256-[A-Za-z0-9+/]{43}=/g, "HASH"))).toEqual([
    "default-src 'none'",
    "script-src 'HASH' 'HASH'",
    "style-src 'HASH'",
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]);
  expect(page.headers).toMatchObject({
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-type": "text/html; charset=utf-8",
  });
  const head = await ask(url, {}, "HEAD");
  expect(head).toMatchObject({ status: 200, body: "" });
  expect(head.headers["content-length"]).toBe(String(Buffer.byteLength(page.body)));
  expect((await ask(`${url}etc/passwd`)).status).toBe(404);
  expect((await ask(`${url}../../package.json`)).status).toBe(404);
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"]) {
    expect([method, await ask(url, {}, method)]).toMatchObject([
      method,
      { status: 405, headers: { allow: "GET, HEAD" } },
    ]);
  }
  save("names.ts", names("first", "second"));
  await until(/(?:drawn; watching 2 files\n[^]*){2}/);
  expect((await ask(url)).body).toContain('"second"');
  expect(await interrupt()).toBe(130);
  await expect(ask(url)).rejects.toThrow("ECONNREFUSED");
});

test("whoever calls it by another name, or from another page, is refused", async () => {
  const { url } = await serve();
  const { port } = new URL(url);
  const own = ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"].map((name) => `${name}:${port}`);
  for (const host of own) expect([host, (await ask(url, { host })).status]).toEqual([host, 200]);
  const foreign = [
    "evil.example",
    `evil.example:${port}`,
    "127.0.0.1",
    "localhost",
    "localhost:1",
    `127.0.0.1.evil.example:${port}`,
    `localhost.evil.example:${port}`,
    `evil.example@127.0.0.1:${port}`,
    `127.0.0.2:${port}`,
    `0.0.0.0:${port}`,
    `2130706433:${port}`,
    `localhost:${port}, evil.example`,
  ];
  for (const path of ["", "events", "nothing"]) {
    for (const host of foreign) {
      const { status, body } = await ask(url + path, { host });
      expect([host, path, status]).toEqual([host, path, 403]);
      expect(body).not.toContain("first");
    }
  }
  for (const host of own) {
    const origin = `http://${host}`;
    expect([origin, (await ask(url, { origin })).status]).toEqual([origin, 200]);
  }
  const origins = ["null", "", "http://evil.example", `https://127.0.0.1:${port}`, "http://127.0.0.1"];
  for (const origin of [...origins, "http://localhost:1", `http://127.0.0.1:${port}.evil.example`]) {
    for (const path of ["", "events"]) {
      expect([origin, path, (await ask(url + path, { origin })).status]).toEqual([origin, path, 403]);
    }
  }
  // What no client of Node sends: no host at all, and an address where a path belongs.
  expect(await raw(port, "GET / HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 /);
  expect(await raw(port, "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 403 /);
  expect(await raw(port, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  const absolute = `GET http://evil.example/ HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`;
  expect(await raw(port, absolute)).toMatch(/^HTTP\/1\.1 404 /);
});

const raw = (port: string, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = "";
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(text));
    socket.setEncoding("utf8").on("data", (more: string) => (said += more));
    socket.once("end", () => resolve(said)).once("error", reject);
  });

const outerAddresses = Object.values(networkInterfaces()).flatMap((all) =>
  (all ?? []).filter(({ internal, family }) => !internal && family === "IPv4").map(({ address }) => address),
);

test("nobody reaches it but from this machine", async () => {
  const { url } = await serve();
  const { port } = new URL(url);
  for (const address of outerAddresses) {
    await expect(ask(`http://${address}:${port}/`, { host: `localhost:${port}` })).rejects.toThrow(
      "ECONNREFUSED",
    );
  }
});

test.skipIf(!isLinux)("it listens on 127.0.0.1 and nowhere else", async () => {
  const { url } = await serve();
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, "0");
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].filter((table) => existsSync(table));
  const listening = tables.flatMap((table) =>
    // The local address and its port; 0A is the state of what listens.
    Array.from(
      readFileSync(table, "utf8").matchAll(/^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A /gm),
      ([, address, at]) => ({ address, at }),
    ),
  );
  expect(listening.filter(({ at }) => at === port)).toEqual([{ address: "0100007F", at: port }]);
});

inBrowser("the served page in a browser", (chromium) => {
  test("shows each save without being asked, tells what is broken, and says when the command has ended", async () => {
    const { url, interrupt } = await serve();
    const { page, complaints } = await chromium.visit(url);
    const boxes = () => page.locator("svg text").allTextContents();
    await expect.poll(boxes, patience).toContain("first");
    save("names.ts", names("first", "<img src=x onerror=alert(1)>"));
    await expect.poll(boxes, patience).toContain("<img src=x onerror=alert(1)>");
    save("names.ts", "const = 3;\n");
    const said = page.locator("#live");
    await expect
      .poll(() => said.textContent(), patience)
      .toContain('The file "main.ts" cannot be loaded: SyntaxError');
    expect(await boxes()).toContain("first");
    save("names.ts", names("third"));
    await expect.poll(boxes, patience).toContain("third");
    expect(await said.isVisible()).toBe(false);
    // Its own requests are the page and the events; nothing was refused by its policy.
    expect(complaints).toEqual([]);
    await interrupt();
    await expect.poll(() => said.textContent(), patience).toContain("not running");
    expect(await boxes()).toContain("third");
  });
});
