/**
 * Which requests a server on this machine answers. Any page that is open in a browser here can send requests to it, and
 * a name of somebody else's can be made to lead to 127.0.0.1, so both are told by what browsers say of a request.
 */
import type { IncomingMessage } from "node:http";

const names = ["127.0.0.1", "localhost", "[::1]"];

/** How this server may be called, in `Host` and after the `http://` of `Origin`. Port 80 is left out by browsers. */
const ownHosts = (port: number): ReadonlyArray<string> =>
  names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));

export interface Refusal {
  readonly status: 403 | 405;
  readonly said: string;
}

/** Why the request is refused; undefined where it is answered. */
export const refusal = (
  { method, headers }: Pick<IncomingMessage, "method" | "headers">,
  port: number,
): Refusal | undefined => {
  const hosts = ownHosts(port);
  const { host, origin } = headers;
  if (host === undefined || !hosts.includes(host.toLowerCase())) {
    return { status: 403, said: "This server answers to 127.0.0.1 and localhost only.\n" };
  }
  if (origin !== undefined && !hosts.some((own) => origin.toLowerCase() === `http://${own}`)) {
    return { status: 403, said: "This server answers to its own pages only.\n" };
  }
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, said: "There is nothing here but pages to read.\n" };
  }
  return undefined;
};
