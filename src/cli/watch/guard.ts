/** Which requests the server of `graph --watch` answers: those of its own pages, and of users who type its address. */
import type { Asked } from "../../serve/guard.ts";
import { isForeign, isLocalHost, isReading, localOrigins } from "../../serve/guard.ts";

export interface Refusal {
  readonly status: 403 | 405;
  readonly said: string;
}

/** The reason to refuse the request; undefined if it is answered. */
export const refusal = (asked: Asked, port: number): Refusal | undefined => {
  const { host } = asked.headers;
  if (host === undefined || !isLocalHost(host.toLowerCase(), port))
    return { status: 403, said: "This server answers only to 127.0.0.1 and localhost.\n" };
  if (isForeign(asked, localOrigins(port)))
    return { status: 403, said: "This server answers only to its own pages.\n" };
  if (!isReading(asked.method))
    return { status: 405, said: "This server only serves pages: use GET or HEAD.\n" };
  return undefined;
};
