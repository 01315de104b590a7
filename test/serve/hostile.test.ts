/** Thousands of hostile raw requests: the server refuses them, starts nothing, and continues to serve. */
import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import * as pipelines from "./fixtures/pipelines.ts";
import { serving, token, until } from "./support.ts";

/** Sends raw bytes, and returns the status lines of the responses. */
const exchanged = async (port: number, text: string): Promise<ReadonlyArray<string>> => {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.setEncoding("latin1").on("data", (part: string) => (answer += part));
  socket.on("error", () => {});
  socket.end(Buffer.from(text, "latin1"));
  if (!socket.closed) await once(socket, "close");
  return [...answer.matchAll(/^HTTP\/1\.1 .*$/gm)].map(([line]) => line.trimEnd());
};

/** A random number generator that repeats the same numbers for a seed (mulberry32). */
const random = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

const body = '{"pipeline":"bill","inputs":{"prices":[1]}}';

const hosts = (port: number) => [
  `evil.example:${port}`,
  `127.0.0.1.evil.example:${port}`,
  `localhost:${port}@evil.example`,
  `localhost.:${port}`,
  `127.0.0.1:${port + 1}`,
  `127.1:${port}`,
  `0x7f000001:${port}`,
  `[::ffff:127.0.0.1]:${port}`,
  "",
  "\u00ff",
];

const origins = ["null", "http://evil.example", "https://127.0.0.1", "file://", "http://127.0.0.1:1"];

const paths = [
  "/../../etc/passwd",
  "/api/..%2f..%2fetc%2fpasswd",
  "//evil.example/api/runs",
  "http://evil.example/api/runs",
  "/api/runs/%00",
  "/api/runs/%ff%fe",
  "/api/runs/..",
  `/api/runs/${"a".repeat(4_000)}`,
  "/api/runs?limit=-1",
  "/api/runs?limit=1e99",
  "/api/runs?after=%00",
  "/apiruns",
  "*",
  "?",
];

const odd = [
  // Two lengths, a length and chunks, a chunk that lies: requests that two servers could read differently.
  `Content-Length: 5\r\nContent-Length: ${body.length}\r\n`,
  `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n`,
  "Transfer-Encoding: chunked, identity\r\n",
  "Content-Length: -1\r\n",
  "Content-Length: 1e3\r\n",
  `X: ${"x".repeat(20_000)}\r\n`,
  "X\u0000: 1\r\n",
  " X: 1\r\n",
];

const hostile = (port: number, next: () => number): string => {
  const pick = <Value>(all: ReadonlyArray<Value>): Value => all[Math.floor(next() * all.length)]!;
  const own = `127.0.0.1:${port}`;
  const kind = Math.floor(next() * 6);
  const method = pick(["POST", "GET", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "G\u0000T"]);
  const withToken = next() < 0.5 ? `Authorization: Bearer ${token}\r\n` : "";
  const json = `Content-Type: application/json\r\n`;
  const length = `Content-Length: ${body.length}\r\n`;
  switch (kind) {
    case 0: // Another host name for this machine, as after DNS rebinding; with the token, as if it had been read.
      return `POST /api/runs HTTP/1.1\r\nHost: ${pick(hosts(port))}\r\n${withToken}${json}${length}\r\n${body}`;
    case 1: // A page from another origin.
      return `POST /api/runs HTTP/1.1\r\nHost: ${own}\r\nOrigin: ${pick(origins)}\r\n${withToken}${json}${length}\r\n${body}`;
    case 2: // A browser that does not identify the page.
      return `POST /api/runs HTTP/1.1\r\nHost: ${own}\r\nSec-Fetch-Site: ${pick(["cross-site", "same-site", "none", "x"])}\r\n${withToken}${json}${length}\r\n${body}`;
    case 3: // No token, or a wrong one.
      return `${method} /api/runs HTTP/1.1\r\nHost: ${own}\r\nAuthorization: Bearer ${pick(["", "x", token.slice(1), `${token}x`])}\r\n${json}${length}\r\n${body}`;
    case 4: // Paths that lead elsewhere.
      return `${pick(["GET", "POST"])} ${pick(paths)} HTTP/1.1\r\nHost: ${own}\r\n\r\n`;
    default: // Headers that are invalid or ambiguous.
      return `POST /api/runs HTTP/1.1\r\nHost: ${own}\r\n${pick(odd)}${json}\r\n${body}`;
  }
};

test("hostile requests are refused, and start nothing", { timeout: 300_000 }, async () => {
  const { url, get } = await serving(pipelines);
  const port = Number(new URL(url).port);
  const seed = 20260101;
  const next = random(seed);
  const answers = new Map<string, number>();
  const add = (line: string): void => void answers.set(line, (answers.get(line) ?? 0) + 1);
  // Several requests in a row on one connection: the server closes it after the first that it refuses, and must not
  // read the rest as anything else.
  const count = 6_000;
  const atOnce = 20;
  const perConnection = 4;
  for (let done = 0; done < count; done += atOnce * perConnection) {
    const sent = Array.from({ length: atOnce }, () => {
      const requests = Array.from({ length: perConnection }, () => hostile(port, next));
      return exchanged(port, requests.join(""));
    });
    for (const lines of await Promise.all(sent)) for (const line of lines) add(line);
  }
  // Then one request per connection, so that every one of them is read.
  for (let done = 0; done < 4_000; done += atOnce) {
    const sent = Array.from({ length: atOnce }, () => exchanged(port, hostile(port, next)));
    for (const lines of await Promise.all(sent)) for (const line of lines) add(line);
  }
  expect(
    [...answers.keys()].filter(
      (line) => !/^HTTP\/1\.1 (?:200|400|401|403|404|405|408|413|417|431|501) /.test(line),
    ),
    `seed ${seed}`,
  ).toEqual([]);
  // A 200 is a read of existing data, under the server's own name.
  expect((await get("api/runs")).runs).toEqual([]);
  expect((await get("api/pipelines")).length).toBe(6);
});

test("a flood of event streams is bounded, and the rest is served", { timeout: 120_000 }, async () => {
  const { url, get, post } = await serving(pipelines);
  await post("api/runs", { pipeline: "release", runId: "r", inputs: { version: "1" } });
  const closing = new AbortController();
  const open = () => fetch(new URL("api/runs/r/events", url), { signal: closing.signal });
  const answers = await Promise.all(Array.from({ length: 300 }, open));
  const refused = answers.filter(({ status }) => status !== 200);
  expect(answers.length - refused.length).toBe(200);
  for (const answer of refused) {
    expect(answer.status).toBe(503);
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect(await answer.json()).toMatchObject({ status: 503, detail: "Too many event streams are open." });
  }
  // Other requests are answered, and a closed stream frees a slot.
  expect((await get("api/runs")).runs).toHaveLength(1);
  closing.abort();
  await until(
    async () => {
      const answer = await fetch(new URL("api/runs/r/events", url));
      await answer.body?.cancel();
      return answer.status;
    },
    (status) => status === 200,
  );
});

test("a body that is too large is not read, and one that never comes keeps no one waiting", async () => {
  const { url, get } = await serving(pipelines);
  const port = Number(new URL(url).port);
  const head = `POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n`;
  const slow = Array.from({ length: 50 }, () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`${head}Content-Length: 100\r\n\r\n{`);
    return socket;
  });
  const large = await exchanged(port, `${head}Content-Length: 9000000\r\n\r\n${" ".repeat(9_000_000)}`);
  expect(large.filter((line) => !line.startsWith("HTTP/1.1 413"))).toEqual([]);
  expect((await get("api/runs")).runs).toEqual([]);
  for (const socket of slow) socket.destroy();
});

test("answers carry headers that keep a browser from doing anything else with them", async () => {
  const { url } = await serving(pipelines);
  const page = await fetch(url);
  const policy = page.headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain("unsafe");
  for (const path of ["", "api/runs", "api/runs/none", "nothing"]) {
    const { headers } = await fetch(new URL(path, url));
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  }
});
