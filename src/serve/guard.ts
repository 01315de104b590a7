/**
 * Which requests are answered. Any page that is open in a browser can send requests to this machine, and a foreign host name
 * can be made to resolve to 127.0.0.1. Both are recognised by the headers that browsers add. A request that changes
 * something also needs the token.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export interface Rules {
  readonly port: number;
  readonly token: string;
  /** Served on this machine only: reading needs no token, and only names of this machine are answered. */
  readonly isLocal: boolean;
}

export interface Refusal {
  readonly status: 400 | 401 | 403 | 405 | 413;
  readonly said: string;
}

const localNames = ["127.0.0.1", "localhost", "[::1]"];

/** Is this a name of a server on this machine, as in `Host` and after the `http://` of `Origin`? Browsers omit port 80. */
export const isLocalHost = (host: string, port: number): boolean =>
  localNames.some((name) => host === `${name}:${port}` || (port === 80 && host === name));

/** The `Origin` that pages of a server on this machine send. */
export const localOrigins = (port: number): ReadonlyArray<string> =>
  localNames.flatMap((name) => [`http://${name}:${port}`, ...(port === 80 ? [`http://${name}`] : [])]);

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Takes the same time for all texts. */
const isSame = (given: string, wanted: string): boolean => timingSafeEqual(digest(given), digest(wanted));

const bearer = /^Bearer (\S+)$/;

const hasToken = ({ headers }: Asked, token: string): boolean => {
  const given = bearer.exec(headers.authorization ?? "")?.[1];
  return given !== undefined && isSame(given, token);
};

export type Asked = Pick<IncomingMessage, "method" | "headers">;

export const isReading = (method: string | undefined): boolean => method === "GET" || method === "HEAD";

/** Does a browser say that a request comes from another site? A link to the page from there is answered. */
export const isForeign = ({ method, headers }: Asked, ownOrigins: ReadonlyArray<string>): boolean => {
  const { origin } = headers;
  const site = headers["sec-fetch-site"];
  if (origin !== undefined && !ownOrigins.includes(origin.toLowerCase())) return true;
  if (site === undefined || site === "same-origin")
    return !isReading(method) && site !== undefined && origin === undefined;
  if (!isReading(method)) return true;
  if (site === "none") return false;
  return !(headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document");
};

/** The reason to refuse a request; undefined if it is answered. */
export const refusalOf = (
  asked: Asked & Pick<IncomingMessage, "url">,
  { port, token, isLocal }: Rules,
): Refusal | undefined => {
  const { host } = asked.headers;
  if (host === undefined) return { status: 400, said: "The request has no Host." };
  const name = host.toLowerCase();
  if (isLocal && !isLocalHost(name, port))
    return { status: 403, said: "This server answers only to 127.0.0.1 and localhost." };
  const origins = [`http://${name}`, ...(isLocal ? [] : [`https://${name}`])];
  if (isForeign(asked, origins)) return { status: 403, said: "This server answers only to its own pages." };
  const isApi = asked.url?.startsWith("/api") === true;
  if (!isApi && !isReading(asked.method)) return { status: 405, said: "This address only serves a page." };
  if (isApi && !(isLocal && isReading(asked.method)) && !hasToken(asked, token)) {
    const said =
      "The request needs the token of this server, which it printed as it started: Authorization: Bearer TOKEN.";
    return { status: 401, said };
  }
  return undefined;
};
