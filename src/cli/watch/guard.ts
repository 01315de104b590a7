/**
 * Which requests a server on this machine answers. Any page that is open in a browser here can send requests to it, and
 * a name of somebody else's can be made to lead to 127.0.0.1, so both are told by what browsers say of a request.
 */
import type { IncomingMessage } from "node:http";
import { isLocalHost } from "../../serve/guard.ts";

export interface Refusal {
  readonly status: 403 | 405;
  readonly said: string;
}

/** Why the request is refused; undefined where it is answered. */
export const refusal = (
  { method, headers }: Pick<IncomingMessage, "method" | "headers">,
  port: number,
): Refusal | undefined => {
  const { host } = headers;
  const origin = headers.origin?.toLowerCase();
  if (host === undefined || !isLocalHost(host.toLowerCase(), port)) {
    return { status: 403, said: "This server answers to 127.0.0.1 and localhost only.\n" };
  }
  const isOwn = origin?.startsWith("http://") === true && isLocalHost(origin.slice("http://".length), port);
  if (origin !== undefined && !isOwn) {
    return { status: 403, said: "This server answers to its own pages only.\n" };
  }
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, said: "There is nothing here but pages to read.\n" };
  }
  return undefined;
};
