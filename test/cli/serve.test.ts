/** `espalier graph FILE --watch --format html`: a real server, reachable only from this machine, and a real browser. */
import { existsSync, readFileSync } from "node:fs";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { request } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { expect, test } from "vitest";
import { inBrowser } from "../draw/browser.ts";
import { espalier } from "./espalier.ts";
import type { Watching } from "./watching.ts";
import { main, names, patience, save, watch } from "./watching.ts";

test("a port without a page is a mistake, and so is a port that is in use", async () => {
  for (const more of [[], ["--watch", "--format", "text"], ["--format", "html"]]) {
    expect(await espalier(["graph", "training.ts", "--port", "1", ...more])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "--port needs a served page: add --watch, alone or with --format html.\n",
    });
  }
  const { url } = await serve();
  const { port } = new URL(url);
  expect(
    await espalier(["graph", "training.ts", "--watch", "--format", "html", "--port", port]),
  ).toMatchObject({
    code: 1,
    stdout: "",
    stderr: `Port ${port} cannot be used: it is in use. Choose another with --port N.\n`,
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

test("the page is served with a strict policy, and read-only", async () => {
  const { url, interrupt } = await serve();
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
  await expect.poll(async () => (await ask(url)).body, patience).toContain('"second"');
  expect(await interrupt()).toBe(130);
  await expect(ask(url)).rejects.toThrow("ECONNREFUSED");
});

test("requests to another host name, or from another page, are refused", async () => {
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
  // A browser sends, with every request, the page that it comes from.
  for (const site of ["cross-site", "same-site"])
    expect([site, (await ask(url, { "sec-fetch-site": site })).status]).toEqual([site, 403]);
  for (const site of ["same-origin", "none"])
    expect([site, (await ask(url, { "sec-fetch-site": site })).status]).toEqual([site, 200]);
  // Requests that no client of Node sends: without a host, and with an address instead of a path.
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

test("it is reachable only from this machine", async () => {
  const { url } = await serve();
  const { port } = new URL(url);
  for (const address of outerAddresses) {
    await expect(ask(`http://${address}:${port}/`, { host: `localhost:${port}` })).rejects.toThrow(
      "ECONNREFUSED",
    );
  }
});

test.skipIf(!existsSync("/proc/net/tcp"))("it listens on 127.0.0.1 and nowhere else", async () => {
  const { url } = await serve();
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, "0");
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].filter((table) => existsSync(table));
  const listening = tables.flatMap((table) =>
    // The local address and its port; 0A is the state of a listening socket.
    Array.from(
      readFileSync(table, "utf8").matchAll(/^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A /gm),
      ([, address, at]) => ({ address, at }),
    ),
  );
  expect(listening.filter(({ at }) => at === port)).toEqual([{ address: "0100007F", at: port }]);
});

inBrowser("the served page in a browser", (chromium) => {
  test("shows each save by itself, reports problems, and shows when the command has ended", async () => {
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
    // It requests only the page and the events; its policy refused nothing.
    expect(complaints).toEqual([]);
    await interrupt();
    await expect.poll(() => said.textContent(), patience).toContain("not running");
    expect(await boxes()).toContain("third");
  });

  test("its policy allows only its own scripts and its own server, and no page can frame it", async () => {
    const { url } = await serve();
    const { page, complaints } = await chromium.visit(url);
    await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "window.pwned = true";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", "<img src='data:,' onerror='window.pwned = true'>");
    });
    const refused = () => complaints.join("\n");
    await expect.poll(refused, patience).toMatch(/inline script violates .*script-src/);
    await expect.poll(refused, patience).toMatch(/inline event handler violates .*script-src/);
    expect(await page.evaluate(() => "pwned" in window)).toBe(false);
    // Another port is another server.
    const other = await serve();
    const fetched = (to: string): Promise<string> =>
      page.evaluate(async (to) => fetch(to, { mode: "no-cors" }).then(String, String), to);
    expect(await fetched(other.url)).toContain("Failed to fetch");
    await expect.poll(refused, patience).toContain("connect-src 'self'");
    expect(await fetched(url)).toBe("[object Response]");

    const outer = await page.context().newPage();
    const refusals: Array<string> = [];
    outer.on("console", (message) => refusals.push(message.text()));
    await outer.setContent(`<iframe src="${url}"></iframe>`);
    await expect.poll(() => refusals.join("\n"), patience).toContain("frame-ancestors 'none'");
  });

  test("a file that is broken from the start has a page that reports it, and becomes its graph", async () => {
    save("main.ts", "export default 1;\n");
    const watching = watch("--format", "html");
    await watching.until(/waiting for a change in 1 file\n/);
    const { page, complaints } = await chromium.visit(watching.said().stdout.trim());
    const said = page.locator("#live");
    await expect.poll(() => said.textContent(), patience).toContain("exports no pipeline");
    save("main.ts", main);
    await expect.poll(() => page.locator("svg text").allTextContents(), patience).toContain("first");
    expect(await said.isVisible()).toBe(false);
    expect(complaints).toEqual([]);
  });
});
