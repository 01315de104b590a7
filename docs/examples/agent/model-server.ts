/**
 * A stand-in for a model provider: an HTTP server on this machine that streams recorded replies as server-sent events, as
 * providers of models do. The reply depends on the last message only, so a run can be repeated.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Message, Reply } from "./model.ts";

const call = (tool: string, city: string) => ({ id: `${tool} ${city}`, tool, city });

/** What the model says after a message that contains a text. */
const recorded: ReadonlyArray<readonly [after: string, reply: Reply]> = [
  [
    "Where is it warmer",
    {
      text: "I will look up both cities.",
      calls: [call("weather", "Lisbon"), call("weather", "Oslo")],
      tokens: 41,
    },
  ],
  ["Oslo: 4 °C", { text: "Lisbon is warmer. I can book it.", calls: [call("book", "Lisbon")], tokens: 29 }],
  ["Lisbon: booked", { text: "Lisbon is warmer, and your flight is booked.", calls: [], tokens: 33 }],
  ["Lisbon: refused", { text: "Lisbon is warmer. I have booked nothing.", calls: [], tokens: 30 }],
];

const replyTo = (messages: ReadonlyArray<Message>): Reply => {
  const last = messages.at(-1)?.text ?? "";
  const found = recorded.find(([after]) => last.includes(after));
  if (found === undefined) throw new Error(`No reply is recorded for: ${last}`);
  return found[1];
};

const bodyOf = async (request: IncomingMessage): Promise<{ readonly messages: ReadonlyArray<Message> }> => {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as { readonly messages: ReadonlyArray<Message> };
};

export interface ModelServer {
  readonly url: string;
  readonly close: () => void;
}

export const startModel = async (): Promise<ModelServer> => {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { text, ...rest } = replyTo((await bodyOf(request)).messages);
    response.setHeader("content-type", "text/event-stream");
    for (const word of text.split(/(?<= )/)) response.write(`data: ${JSON.stringify({ word })}\n\n`);
    response.end(`data: ${JSON.stringify(rest)}\n\n`);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void server.close() };
};
